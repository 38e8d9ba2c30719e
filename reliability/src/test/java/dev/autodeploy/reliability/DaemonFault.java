package dev.autodeploy.reliability;

import dev.autodeploy.docker.DockerInstanceProvider;
import dev.autodeploy.docker.OwnDaemon;
import java.time.Duration;
import java.util.function.Consumer;

/** Something befalls the Docker daemon under load, and passes. */
final class DaemonFault implements Fault {
  private final String name;
  private final int rounds;
  private final int diskMegabytes;
  private final Consumer<OwnDaemon> fault;
  private final Consumer<OwnDaemon> remedy;

  private DaemonFault(
      String name,
      int rounds,
      int diskMegabytes,
      Consumer<OwnDaemon> fault,
      Consumer<OwnDaemon> remedy) {
    this.name = name;
    this.rounds = rounds;
    this.diskMegabytes = diskMegabytes;
    this.fault = fault;
    this.remedy = remedy;
  }

  static DaemonFault stopped(int rounds) {
    return new DaemonFault(
        "Docker daemon stopped under load", rounds, 0, OwnDaemon::stop, OwnDaemon::launch);
  }

  static DaemonFault killed(int rounds) {
    return new DaemonFault(
        "Docker daemon killed under load", rounds, 0, OwnDaemon::kill, OwnDaemon::launch);
  }

  static DaemonFault frozen(int rounds) {
    return new DaemonFault(
        "Docker daemon frozen under load", rounds, 0, OwnDaemon::freeze, OwnDaemon::thaw);
  }

  static DaemonFault diskFull(int rounds) {
    return new DaemonFault(
        "Docker daemon's disk full",
        rounds,
        96,
        daemon -> SmallDisk.fill(daemon.dataDirectory()),
        daemon -> SmallDisk.empty(daemon.dataDirectory()));
  }

  @Override
  @SuppressWarnings("try") // a load works by itself
  public Row run(Scene scene) throws Exception {
    Tally tally = new Tally();
    try (OwnDaemon daemon =
        diskMegabytes > 0 ? OwnDaemon.startOnDiskOf(diskMegabytes) : OwnDaemon.start()) {
      scene.useDaemon(daemon.uri());
      DockerInstanceProvider provider =
          DockerInstanceProvider.builder()
              .dockerHost(daemon.uri())
              .network(OwnDaemon.KEPT)
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
            fault.accept(daemon);
            if (diskMegabytes > 0) { // what is written already has pages with space in them
              noticed |=
                  Pause.until(Duration.ofSeconds(20), () -> tally.count(Outcome.Kind.TOLD) > told);
            }
            Pause.millis(1000 + scene.random().nextInt(9000));
            remedy.accept(daemon);
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
