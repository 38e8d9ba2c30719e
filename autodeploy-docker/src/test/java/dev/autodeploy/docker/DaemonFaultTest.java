package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartRequest;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The daemon is stopped, killed and frozen; it is the test's own. */
@Tag("slow")
class DaemonFaultTest {
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(3);
  private OwnDaemon daemon;

  @AfterEach
  void close() {
    daemon.close();
  }

  private ProviderFixture open() {
    return ProviderFixture.open(
        b -> b.dockerHost(daemon.uri()).network(OwnDaemon.KEPT).callTimeout(CALL_TIMEOUT));
  }

  @ParameterizedTest
  @ValueSource(strings = {"stop", "kill"})
  void daemon_thatEnds_takesItsContainersAlong_whichIsTold_andServesAgain(String how)
      throws Exception {
    daemon = OwnDaemon.start();
    try (ProviderFixture docker = open()) {
      ProviderInstance instance = docker.ready(ProviderFixture.web().build());
      if (how.equals("stop")) {
        daemon.stop();
      } else {
        daemon.kill();
      }
      assertThatThrownBy(docker::list)
          .isInstanceOf(DockerDaemonException.class)
          .hasMessageContaining("docker.sock");
      daemon.launch();
      ProviderFixture.await(
          Duration.ofSeconds(20), () -> docker.exits.containsKey(instance.instanceId()));
      docker.release(instance);
      ProviderInstance again = docker.ready(ProviderFixture.web().build());
      assertThat(ProviderFixture.get(again.endpoint().resolve("/"))).isEqualTo("ok\n");
      docker.release(again);
      assertNothingLeft();
      docker.provider.close();
    }
  }

  @Test
  void daemon_withLiveRestore_keepsTheInstance() throws Exception {
    daemon = OwnDaemon.start("--live-restore");
    try (ProviderFixture docker = open()) {
      ProviderInstance instance = docker.ready(ProviderFixture.web().build());
      daemon.kill();
      daemon.launch();
      assertThat(docker.list()).containsExactly(instance);
      ProviderFixture.await(
          Duration.ofSeconds(10),
          () -> {
            try {
              return ProviderFixture.get(instance.endpoint().resolve("/")).equals("ok\n");
            } catch (Exception e) {
              return false;
            }
          });
      assertThat(docker.exits).isEmpty();
      try (DaemonClient client = daemon.client()) {
        client.signal("autodeploy-" + docker.owner + "-web-0", "KILL");
      }
      ProviderFixture.await(
          Duration.ofSeconds(10), () -> docker.exits.containsKey(instance.instanceId()));
      docker.release(instance);
      docker.provider.close();
    }
  }

  @Test
  void daemon_thatIsFrozen_makesEveryCallEndInTime() throws Exception {
    daemon = OwnDaemon.start();
    try (ProviderFixture docker = open()) {
      ProviderInstance instance = docker.ready(ProviderFixture.web().build());
      daemon.freeze();
      assertThat(ProviderFixture.get(instance.endpoint().resolve("/")))
          .as("the container goes on")
          .isEqualTo("ok\n");
      ends(() -> docker.list(), DockerProblem.NO_ANSWER);
      ends(() -> docker.provider.logs(instance.instanceId(), 5), DockerProblem.NO_ANSWER);
      ends(() -> docker.release(instance), DockerProblem.NO_ANSWER);
      ends(() -> docker.provider.catalog(), DockerProblem.NO_ANSWER);
      StartRequest late = docker.request(ProviderFixture.web().build(), 1);
      ends(() -> docker.start(late), DockerProblem.NO_ANSWER);
      daemon.thaw();
      docker.release(instance);
      docker.provider.release(late.instanceId(), Duration.ZERO).toCompletableFuture().join();
      ProviderInstance again = docker.ready(ProviderFixture.web().build());
      docker.release(again);
      assertNothingLeft();
      docker.provider.close();
    }
  }

  @Test
  void daemon_frozenDuringStarts_leavesNothing_onceTheyAreReleased() throws Exception {
    daemon = OwnDaemon.start();
    try (ProviderFixture docker = open()) {
      DeploymentSpec spec = ProviderFixture.web().maxInstances(10).build();
      docker.release(docker.start(spec));
      for (int i = 0; i < 6; i++) {
        StartRequest request = docker.request(spec, i);
        CompletableFuture<Void> start =
            Async.run(
                () -> {
                  try {
                    docker.start(request);
                  } catch (InstanceStartException e) {
                    // As may be: what counts is what is left.
                  }
                });
        Thread.sleep(20 + i * 40L);
        daemon.freeze();
        Thread.sleep(CALL_TIMEOUT.toMillis() + 500);
        daemon.thaw();
        start.join();
        docker.provider.release(request.instanceId(), Duration.ZERO).toCompletableFuture().join();
        Thread.sleep(300);
        assertNothingLeft();
      }
      docker.provider.close();
    }
  }

  @Test
  void daemon_withoutTheHook_saysThatItCannotGiveGpus() {
    daemon = OwnDaemon.startOn("/usr/sbin:/usr/bin:/sbin:/bin");
    try (ProviderFixture docker =
        ProviderFixture.open(b -> b.dockerHost(daemon.uri()).network(OwnDaemon.KEPT).gpus("0"))) {
      assertThatThrownBy(
              () ->
                  docker.start(
                      ProviderFixture.web().gpu(dev.autodeploy.GpuRequest.count(1)).build()))
          .isInstanceOf(InstanceStartException.class)
          .hasMessageContaining("could not select device driver")
          .hasMessageContaining("NVIDIA container toolkit");
      assertNothingLeft();
      docker.provider.close();
    }
  }

  private void ends(Runnable call, DockerProblem expected) {
    long begun = System.nanoTime();
    assertThatThrownBy(call::run)
        .satisfies(
            e -> {
              Throwable cause = e instanceof DockerDaemonException ? e : e.getCause();
              assertThat(((DockerDaemonException) cause).problem()).isEqualTo(expected);
            });
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(15));
  }

  private void assertNothingLeft() {
    try (DaemonClient client = daemon.client()) {
      assertThat(client.list(Map.of(Labels.MANAGED, "true"))).isEmpty();
    }
  }
}
