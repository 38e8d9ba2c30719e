package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.model.Container;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Lease;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Two deployments of real containers on GPU 0, on a daemon whose NVIDIA hook is a stand-in. */
@Tag("slow")
@DaemonsGpus
class SharedGpuOnDockerTest {
  private static final int ROUNDS = Integer.getInteger("autodeploy.test.rounds", 20);
  private final String owner = "g" + UUID.randomUUID().toString().substring(0, 8);

  @BeforeEach
  void require() {
    TestDaemon.require();
  }

  @AfterEach
  void removeAll() {
    assertThat(TestDaemon.removeAll(owner)).as("containers left").isZero();
  }

  private static DeploymentSpec spec(String name, GpuRequest gpu) {
    return DeploymentSpec.builder(name)
        .image(TestDaemon.GPU)
        .port(8080)
        .startCommand("env > /www/env; exec httpd -f -p 8080 -h /www")
        .releaseGrace(Duration.ZERO)
        .gpu(gpu)
        .build();
  }

  private void alternate(
      UnaryOperator<DockerInstanceProvider.Builder> settings, GpuRequest a, GpuRequest b)
      throws Exception {
    AtomicBoolean ends = new AtomicBoolean();
    AtomicInteger most = new AtomicInteger();
    Thread watch = new Thread(() -> watch(ends, most));
    try (AutoDeploy autoDeploy =
        AutoDeploy.builder()
            .provider(settings.apply(DockerInstanceProvider.builder()).build())
            .owner(owner)
            .build()) {
      List<Deployment> both = autoDeploy.deployAll(List.of(spec("a", a), spec("b", b)));
      watch.start();
      for (int round = 0; round < ROUNDS; round++) {
        for (Deployment next : both) {
          try (Lease lease = next.acquire(Duration.ofSeconds(60))) {
            assertThat(ProviderFixture.get(lease.endpoint().resolve("/env"))).contains("PATH");
          }
        }
      }
      assertThat(both).allMatch(one -> one.status().startFailures() == 0);
    } finally {
      ends.set(true);
      watch.join();
    }
    assertThat(most.get()).as("containers with GPU 0 at once").isEqualTo(1);
  }

  private void watch(AtomicBoolean ends, AtomicInteger most) {
    try (DaemonClient client = TestDaemon.client()) {
      while (!ends.get()) {
        List<Container> all = client.list(Map.of(Labels.OWNER, owner));
        long up = all.stream().filter(it -> "running".equals(it.getState())).count();
        most.accumulateAndGet((int) up, Math::max);
      }
    }
  }

  @Test
  void configuredGpu_isSharedInTurns() throws Exception {
    alternate(builder -> builder.gpus("0"), GpuRequest.ids("0"), GpuRequest.count(1));
  }

  @Test
  void gpuThatIsOnlyNamed_isSharedInTurns() throws Exception {
    alternate(
        builder -> builder.gpuAccess(GpuAccess.NVIDIA_HOOK),
        GpuRequest.ids("0"),
        GpuRequest.ids("0"));
  }
}
