package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.StartRequest;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The question which GPUs there are, on a daemon that does not come back from it. */
class GpuQuestionTest {

  @Test
  @Timeout(300)
  void capacity_whileTheDaemonIsAsked_isToldAllTheSame() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch told = new CountDownLatch(1);
    try (DaemonProxy proxy = new DaemonProxy();
        ProviderFixture docker =
            ProviderFixture.open(
                b -> b.dockerHost(proxy.uri()).callTimeout(Duration.ofMinutes(5)))) {
      proxy.set(
          call -> {
            if (call.is("POST", "/containers/create")) {
              asked.countDown();
              told.await();
              return call.lose();
            }
            return false;
          });
      DeploymentSpec spec =
          DeploymentSpec.builder("gpu")
              .image(TestDaemon.GPU)
              .port(8080)
              .gpu(GpuRequest.count(1))
              .build();
      StartRequest request = docker.request(spec);
      CompletableFuture<Void> start = Async.run(() -> docker.start(request));
      asked.await();
      try {
        CompletableFuture<ProviderCapacity> capacity = Async.supply(docker.provider::capacity);
        assertThat(capacity.get(60, TimeUnit.SECONDS)).isNotNull();
      } finally {
        told.countDown();
      }
      proxy.set(call -> false);
      start.exceptionally(failed -> null).join(); // it may be made all the same
      docker.provider.release(request.instanceId(), Duration.ZERO).toCompletableFuture().join();
    }
  }
}
