package dev.autodeploy.reliability;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.docker.DockerInstanceProvider;
import dev.autodeploy.spi.InstanceProvider;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Mixed use for a long time: streams, clients that hang up, instances that are killed, idle times,
 * and an engine that is closed and made again, with processes and with containers at once. At the
 * end of its last lives this process is to hold no more than at the end of the first.
 */
final class Soak implements Fault {
  private static final int LIVES = 10;

  private final Duration duration;
  private final String leak;
  private final List<Object> leaked = new ArrayList<>();
  private int crashedProcesses;
  private int crashedContainers;

  /**
   * @param leak what to leak on purpose in each life, to see that it is found: "thread", "socket",
   *     "heap", or nothing
   */
  Soak(Duration duration, String leak) {
    if (!List.of("", "thread", "socket", "heap").contains(leak)) {
      throw new IllegalArgumentException(
          "faults.leak must be thread, socket, heap or nothing, but was " + leak);
    }
    this.duration = duration;
    this.leak = leak;
  }

  @Override
  public Row run(Scene scene) throws Exception {
    Tally tally = new Tally();
    List<Resources> alive = new ArrayList<>();
    List<Resources> closed = new ArrayList<>();
    int instances = 0;
    for (int life = 0; life < LIVES; life++) {
      live(scene, tally, alive);
      instances += scene.leakedProcesses() + scene.leakedContainers();
      leakOnPurpose();
      closed.add(Resources.now());
      scene.say(
          "life %d of %d: idle %s; closed %s; %d requests, %d told, %d lost"
              .formatted(
                  life + 1,
                  LIVES,
                  alive.get(life),
                  closed.get(life),
                  tally.requests(),
                  tally.count(Outcome.Kind.TOLD),
                  tally.count(Outcome.Kind.LOST)));
    }
    if (crashedProcesses == 0 || crashedContainers == 0) {
      scene.fail(
          "only %d processes and %d containers have crashed"
              .formatted(crashedProcesses, crashedContainers));
    }
    List<String> grown = new ArrayList<>();
    grown.addAll(Resources.grown(alive));
    grown.addAll(Resources.grown(closed));
    grown.forEach(what -> scene.fail("grown over " + duration + ": " + what));
    scene.explain(tally);
    return Row.of("soak of " + duration.toMinutes() + " minutes", LIVES, tally, instances);
  }

  private void live(Scene scene, Tally tally, List<Resources> alive) throws Exception {
    long end = System.nanoTime() + duration.dividedBy(LIVES).toNanos();
    Path state = Files.createDirectories(scene.directory().resolve("soak"));
    try (Host local =
            host(
                scene,
                "local",
                state,
                LocalProcessProvider.create(),
                Service.local(scene.mark()).build());
        Host docker =
            host(
                scene,
                "docker",
                state,
                DockerInstanceProvider.builder().heartbeatTimeout(Duration.ofSeconds(20)).build(),
                Service.docker().build())) {
      AtomicReference<@Nullable URI> first = new AtomicReference<>(local.link());
      AtomicReference<@Nullable URI> second = new AtomicReference<>(docker.link());
      do {
        try (Load processes = Load.start(3, supplier(first), tally);
            Load containers = Load.start(3, supplier(second), tally)) {
          Pause.millis(7_000);
          scene.expectProcess();
          scene.killOneProcess();
          Pause.millis(7_000);
          scene.expectContainer("docker");
          scene.killOneContainer();
          Pause.millis(4_000);
          if (processes.answered() == 0 || containers.answered() == 0) {
            scene.fail(
                "only %d requests to processes and %d to containers were answered in 18 seconds"
                    .formatted(processes.answered(), containers.answered()));
          }
        }
        Pause.millis(3_000); // everything becomes idle and is released
      } while (System.nanoTime() < end);
      boolean released =
          Pause.until(
              Duration.ofSeconds(30),
              () ->
                  Instances.processes(scene.mark()).isEmpty()
                      && Instances.containers(scene.daemon(), scene.owner("docker"), true)
                          .isEmpty());
      if (!released) {
        scene.fail("an instance was not released though it was idle for 30 seconds");
      }
      crashedProcesses += local.crashes();
      crashedContainers += docker.crashes();
      alive.add(Resources.now());
    }
  }

  private static Supplier<@Nullable URI> supplier(AtomicReference<@Nullable URI> link) {
    return link::get;
  }

  private static Host host(
      Scene scene, String name, Path state, InstanceProvider provider, DeploymentSpec spec) {
    return Host.start(provider, scene.owner(name), state.resolve(name), spec);
  }

  private void leakOnPurpose() throws Exception {
    switch (leak) {
      case "thread" -> {
        Thread thread = new Thread(() -> Pause.millis(Long.MAX_VALUE), "leaked");
        thread.setDaemon(true);
        thread.start();
      }
      case "socket" -> leaked.add(new ServerSocket(0));
      case "heap" -> leaked.add(new byte[4 << 20]);
      default -> {}
    }
  }
}
