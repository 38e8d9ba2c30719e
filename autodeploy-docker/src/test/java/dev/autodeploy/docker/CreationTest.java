package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.Lease;
import dev.autodeploy.StartFailedException;
import dev.autodeploy.StartFailure;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.StartProgress.Phase;
import dev.autodeploy.spi.StartRequest;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The deadline of making a container, which is not that of its start, on a real daemon. */
@Tag("slow")
class CreationTest {
  private static final String CREATE = "/containers/create";

  private final String owner = "c" + UUID.randomUUID().toString().substring(0, 8);
  private DaemonProxy proxy;

  @BeforeEach
  void start() {
    TestDaemon.require();
    proxy = new DaemonProxy();
  }

  @AfterEach
  void close() {
    proxy.close();
    assertThat(TestDaemon.removeAll(owner)).as("containers left").isZero();
  }

  @Test
  void creation_thatTakesLongerThanTheStartTimeoutAndTheCallTimeout_isWaitedFor() throws Exception {
    proxy.set(
        call -> {
          if (call.is("POST", CREATE)) {
            Thread.sleep(7000);
          }
          return false;
        });
    try (AutoDeploy autoDeploy = engine(Duration.ofMinutes(1))) {
      Deployment web =
          autoDeploy.deploy(ProviderFixture.web().startTimeout(Duration.ofSeconds(5)).build());
      try (Lease lease = web.acquire(Duration.ofSeconds(60))) {
        assertThat(ProviderFixture.get(lease.endpoint().resolve("/"))).isEqualTo("ok\n");
      }
      assertThat(web.status().startFailures()).isZero();
    }
  }

  @Test
  void creation_thatHangs_endsAfterItsOwnTimeout_andSaysSo() {
    proxy.set(call -> call.is("POST", CREATE) && call.stall());
    try (AutoDeploy autoDeploy = engine(Duration.ofSeconds(2))) {
      Deployment web =
          autoDeploy.deploy(ProviderFixture.web().startTimeout(Duration.ofSeconds(1)).build());
      assertThatThrownBy(() -> web.acquire(Duration.ofSeconds(30)))
          .isInstanceOf(StartFailedException.class)
          .hasMessageContaining("it was not made within 2 s (createTimeout)");
      assertThat(web.status().lastFailure())
          .extracting(StartFailure::kind)
          .isEqualTo(StartFailure.Kind.PROVIDER);
    }
  }

  @Test
  void steps_beforeTheContainerRuns_areNoPartOfTheStart() {
    try (ProviderFixture docker = open(Duration.ofMinutes(1), Duration.ofSeconds(5))) {
      docker.release(docker.start(ProviderFixture.web().build()));
      assertThat(docker.progress)
          .extracting(step -> step.step() + " " + step.phase())
          .containsExactly(
              "looking for image " + Phase.CREATING,
              "creating " + Phase.CREATING,
              "starting " + Phase.STARTING);
    }
  }

  @Test
  void release_ofAStartWhoseCreationHangs_waitsForOneCallAndNoLonger() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    proxy.set(
        call -> {
          if (!call.is("POST", CREATE)) {
            return false;
          }
          asked.countDown();
          return call.stall();
        });
    try (ProviderFixture docker = open(Duration.ofMinutes(5), Duration.ofSeconds(2))) {
      StartRequest request = docker.request(ProviderFixture.web().build());
      CompletableFuture<?> start = Async.supply(() -> docker.start(request));
      asked.await();
      assertThat(docker.provider.release(request.instanceId(), Duration.ZERO))
          .succeedsWithin(Duration.ofSeconds(20));
      assertThatThrownBy(start::join)
          .hasCauseInstanceOf(InstanceStartException.class)
          .hasMessageContaining("the start was cancelled");
    }
  }

  private AutoDeploy engine(Duration createTimeout) {
    return AutoDeploy.builder()
        .provider(
            DockerInstanceProvider.builder()
                .dockerHost(proxy.uri())
                .network("bridge") // on which a start takes the daemon less time
                .createTimeout(createTimeout)
                .callTimeout(Duration.ofSeconds(3))
                .build())
        .owner(owner)
        .build();
  }

  private ProviderFixture open(Duration createTimeout, Duration callTimeout) {
    return ProviderFixture.open(
        b ->
            b.dockerHost(proxy.uri())
                .network("bridge")
                .createTimeout(createTimeout)
                .callTimeout(callTimeout));
  }
}
