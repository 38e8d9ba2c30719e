package dev.autodeploy.reliability;

import dev.autodeploy.docker.DockerInstanceProvider;
import dev.autodeploy.docker.OwnEngine;
import java.time.Duration;
import java.util.function.Consumer;

/** Something befalls the container engine under load, and passes. */
final class EngineFault implements Fault {
  private final String name;
  private final int rounds;
  private final int diskMegabytes;
  private final Consumer<OwnEngine> fault;
  private final Consumer<OwnEngine> remedy;

  private EngineFault(
      String name,
      int rounds,
      int diskMegabytes,
      Consumer<OwnEngine> fault,
      Consumer<OwnEngine> remedy) {
    this.name = name;
    this.rounds = rounds;
    this.diskMegabytes = diskMegabytes;
    this.fault = fault;
    this.remedy = remedy;
  }

  static EngineFault stopped(int rounds) {
    return new EngineFault(
        "Docker Engine stopped under load", rounds, 0, OwnEngine::stop, OwnEngine::launch);
  }

  static EngineFault killed(int rounds) {
    return new EngineFault(
        "Docker Engine killed under load", rounds, 0, OwnEngine::kill, OwnEngine::launch);
  }

  static EngineFault frozen(int rounds) {
    return new EngineFault(
        "Docker Engine frozen under load", rounds, 0, OwnEngine::freeze, OwnEngine::thaw);
  }

  static EngineFault diskFull(int rounds) {
    return new EngineFault(
        "Docker Engine's disk full",
        rounds,
        96,
        engine -> SmallDisk.fill(engine.dataDirectory()),
        engine -> SmallDisk.empty(engine.dataDirectory()));
  }

  @Override
  @SuppressWarnings("try") // a load works by itself
  public Row run(Scene scene) throws Exception {
    Tally tally = new Tally();
    try (OwnEngine engine =
        diskMegabytes > 0 ? OwnEngine.startOnDiskOf(diskMegabytes) : OwnEngine.start()) {
      scene.useEngine(engine.uri());
      DockerInstanceProvider provider =
          DockerInstanceProvider.builder()
              .dockerHost(engine.uri())
              .callTimeout(Duration.ofSeconds(5))
              .heartbeatTimeout(Duration.ofSeconds(30))
              .build();
      try (Host host =
          Host.start(
              provider,
              scene.owner("docker"),
              scene.directory().resolve("state"),
              // Short, so that instances are started and released while the fault lasts.
              Service.docker().idleTimeout(Duration.ofMillis(200)).build())) {
        Recovery.await(scene, host.link(), tally);
        boolean noticed = diskMegabytes == 0;
        try (Load load = Load.sparse(host::link, tally)) {
          for (int round = 0; round < rounds; round++) {
            Pause.millis(500 + scene.random().nextInt(3000));
            int told = tally.count(Outcome.Kind.TOLD);
            fault.accept(engine);
            if (diskMegabytes > 0) { // what is written already has pages with space in them
              noticed |=
                  Pause.until(Duration.ofSeconds(20), () -> tally.count(Outcome.Kind.TOLD) > told);
            }
            Pause.millis(1000 + scene.random().nextInt(9000));
            remedy.accept(engine);
            Recovery.await(scene, host.link(), tally);
          }
          scene.expectContainer("docker");
          if (!noticed) {
            scene.fail("no request was refused while the disk was full");
          }
        }
      }
      scene.explain(tally);
      return Row.of(name, rounds, tally, scene.leakedContainers());
    }
  }
}
