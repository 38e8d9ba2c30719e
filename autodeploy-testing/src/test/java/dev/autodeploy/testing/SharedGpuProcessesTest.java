package dev.autodeploy.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Lease;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.spi.ProbeTarget;
import dev.autodeploy.spi.ReadinessProbe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Two deployments of real processes on one GPU that is only configured. */
@EnabledOnOs(OS.LINUX)
class SharedGpuProcessesTest {
  private static final int ROUNDS = Integer.getInteger("autodeploy.test.rounds", 20);

  @TempDir private Path directory;

  /** Holds the GPU as a lock, which the kernel gives up when the last process is gone. */
  private DeploymentSpec spec(String name, GpuRequest gpu) {
    return DeploymentSpec.builder(name)
        .port(0)
        .gpu(gpu)
        .startCommand(
            "exec 9> gpu-$CUDA_VISIBLE_DEVICES; flock -n 9 || echo "
                + name
                + " >> two-at-once; echo \"$CUDA_VISIBLE_DEVICES $HIP_VISIBLE_DEVICES\" >> "
                + name
                + "; touch up-"
                + name
                + "; while :; do sleep 0.02; done")
        .readiness(
            new ReadinessProbe() {
              @Override
              public boolean isReady(ProbeTarget target) throws IOException {
                return Files.deleteIfExists(directory.resolve("up-" + name));
              }
            })
        .build();
  }

  @Test
  void alternatingRequests_areAllServed_andNeverTwoAtOnce() throws Exception {
    try (AutoDeploy autoDeploy =
        AutoDeploy.builder()
            .provider(
                LocalProcessProvider.builder()
                    .directory(directory.resolve("registry"))
                    .workingDirectory(directory)
                    .checkListener(false)
                    .gpus("0")
                    .build())
            .build()) {
      List<Deployment> both =
          autoDeploy.deployAll(
              List.of(spec("a", GpuRequest.ids("0")), spec("b", GpuRequest.count(1))));
      for (int round = 0; round < ROUNDS; round++) {
        for (Deployment next : both) {
          try (Lease lease = next.acquire(Duration.ofSeconds(30))) {
            assertThat(lease.deployment()).isEqualTo(next.name());
          }
        }
      }
      for (Deployment one : both) {
        assertThat(one.status().startFailures()).isZero();
        assertThat(Files.readAllLines(directory.resolve(one.name())))
            .hasSize(ROUNDS)
            .allMatch("0 0"::equals);
      }
    }
    assertThat(directory.resolve("two-at-once")).doesNotExist();
  }
}
