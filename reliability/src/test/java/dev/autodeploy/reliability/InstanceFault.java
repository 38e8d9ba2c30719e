package dev.autodeploy.reliability;

import com.github.dockerjava.api.model.HostConfig;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.docker.DockerInstanceProvider;
import dev.autodeploy.spi.InstanceProvider;
import java.time.Duration;
import java.util.Objects;

/** Instances that crash, at random moments or for want of memory. */
final class InstanceFault implements Fault {
  /** One start in four ends at once. */
  private static final String BAD_START = "test $(($$ % 4)) -ne 0 || exit 3;";

  /** Takes memory without end after a second; the service goes down with it. */
  private static final String HOG = "main=$$; (sleep 1; tail /dev/zero; kill -9 $main) & ";

  private static final long LIMIT_BYTES = 24L << 20;

  private final boolean memory;
  private final int rounds;

  private InstanceFault(boolean memory, int rounds) {
    this.memory = memory;
    this.rounds = rounds;
  }

  static InstanceFault crashing(int rounds) {
    return new InstanceFault(false, rounds);
  }

  static InstanceFault outOfMemory(int rounds) {
    return new InstanceFault(true, rounds);
  }

  @Override
  @SuppressWarnings("try") // a load works by itself
  public Row run(Scene scene) throws Exception {
    Tally tally = new Tally();
    int crashes;
    DeploymentSpec spec =
        memory ? Service.docker(HOG).build() : Service.local(scene.mark(), BAD_START).build();
    try (Host host =
        Host.start(
            memory ? limited() : LocalProcessProvider.create(),
            scene.owner("docker"),
            scene.directory().resolve("state"),
            spec)) {
      try (Load load = Load.start(6, host::link, tally)) {
        for (int round = 0; round < rounds; round++) {
          Recovery.await(scene, host.link(), tally);
          Pause.millis(memory ? 2500 : scene.random().nextInt(1000));
          if (!memory) {
            scene.killOneProcess();
          }
        }
        Recovery.await(scene, host.link(), tally);
        if (memory) {
          scene.expectContainer("docker");
        } else {
          scene.expectProcess();
        }
      }
      crashes = host.crashes();
    }
    // Not quite one a round: a kill may meet an instance that is being released.
    if (crashes < (rounds + 1) / 2) {
      scene.fail("only %d instances have crashed in %d rounds".formatted(crashes, rounds));
    }
    scene.explain(tally);
    return Row.of(
        memory ? "containers out of memory" : "processes that crash",
        rounds,
        tally,
        memory ? scene.leakedContainers() : scene.leakedProcesses());
  }

  private static InstanceProvider limited() {
    return DockerInstanceProvider.builder()
        .heartbeatTimeout(Duration.ofSeconds(20))
        .customizer(
            command -> {
              HostConfig config = Objects.requireNonNull(command.getHostConfig());
              return command.withHostConfig(
                  config.withMemory(LIMIT_BYTES).withMemorySwap(LIMIT_BYTES));
            })
        .build();
  }
}
