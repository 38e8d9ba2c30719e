package dev.autodeploy.reliability;

import dev.autodeploy.docker.HostProcess;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** The host application is killed outright at a random moment, and started again or not. */
final class HostKilled implements Fault {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final boolean docker;
  private final boolean restarted;
  private final int rounds;

  HostKilled(boolean docker, boolean restarted, int rounds) {
    this.docker = docker;
    this.restarted = restarted;
    this.rounds = rounds;
  }

  @Override
  @SuppressWarnings("try") // a load works by itself
  public Row run(Scene scene) throws Exception {
    Tally tally = new Tally();
    AtomicReference<@Nullable URI> link = new AtomicReference<>();
    try (Load load = Load.start(4, link::get, tally)) {
      for (int round = 0; round < rounds; round++) {
        try (HostProcess host = start(scene, restarted ? 0 : round)) {
          link.set(link(host));
          if (hasInstance(round)) {
            Recovery.await(scene, link(link), tally);
            expectInstance(scene, restarted ? 0 : round);
            Pause.millis(scene.random().nextInt(3000));
          } else {
            Pause.millis(scene.random().nextInt(500));
          }
          host.kill();
          link.set(null);
        }
      }
      if (restarted) {
        try (HostProcess host = start(scene, 0)) {
          link.set(link(host));
          Recovery.await(scene, link(link), tally);
          Pause.millis(1500);
          link.set(null);
          load.close();
          host.say("end");
          host.await("closed", PATIENCE);
        }
      }
    }
    scene.explain(tally);
    return Row.of(
        "host killed, "
            + (docker ? "containers" : "processes")
            + (restarted ? ", started again" : ", not started again"),
        rounds,
        tally,
        leaked(scene));
  }

  /** Every other round from the first; the others end so early that some have none yet. */
  static boolean hasInstance(int round) {
    return round % 2 == 0;
  }

  private void expectInstance(Scene scene, int owner) {
    if (docker) {
      scene.expectContainer("docker" + owner);
    } else {
      scene.expectProcess();
    }
  }

  private HostProcess start(Scene scene, int owner) {
    Path state = scene.directory().resolve("state-" + owner);
    return HostProcess.start(
        HostMain.class,
        docker ? "docker" : "local",
        scene.owner("docker" + owner),
        state.toString(),
        docker ? (restarted ? "20" : "4") : scene.mark(),
        Front.chosen().toString());
  }

  private static URI link(HostProcess host) throws InterruptedException {
    return URI.create(host.await("link ", PATIENCE).substring("link ".length()));
  }

  private static URI link(AtomicReference<@Nullable URI> link) {
    return Objects.requireNonNull(link.get());
  }

  /** Without an engine a container may be left stopped, for the next one to remove. */
  private int leaked(Scene scene) {
    if (!docker) {
      return scene.leakedProcesses();
    }
    int leaked = 0;
    for (int owner = 0; owner < (restarted ? 1 : rounds); owner++) {
      leaked +=
          Instances.leakedContainers(
              scene.daemon(), scene.owner("docker" + owner), restarted, Duration.ofSeconds(25));
    }
    return leaked;
  }
}
