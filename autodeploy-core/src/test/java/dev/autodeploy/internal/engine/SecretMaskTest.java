package dev.autodeploy.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** No environment value leaves the engine in what instances and providers write. */
class SecretMaskTest {
  private static final String SECRET = "hunter2hunter2";

  private final EngineHarness h = new EngineHarness().start();
  private final Deployment voice =
      h.deploy(b -> b.environment("TOKEN", SECRET).environment("PORT", "8080"));

  private static InstanceExit exit() {
    return new InstanceExit(3, false, List.of("port=8080 token=" + SECRET), "bad " + SECRET, null);
  }

  @Test
  void startThatFails_tellsNoEnvironmentValue() {
    h.provider.startAnswer =
        CompletableFuture.failedFuture(
            new InstanceStartException("refused: " + SECRET, exit(), null));

    CompletableFuture<Lease> lease = voice.acquireAsync();
    h.time.run();

    assertThat(lease).isCompletedExceptionally();
    Throwable error = lease.handle((l, e) -> e).join();
    Throwable cause = error instanceof CompletionException ? error.getCause() : error;
    assertThat(cause).hasMessageContaining("refused: ••••••").hasMessageNotContaining(SECRET);
    DeploymentEvent.InstanceStartFailed event =
        h.events(DeploymentEvent.InstanceStartFailed.class).get(0);
    assertThat(event.toString()).contains("port=8080 token=••••••").doesNotContain(SECRET);
    assertThat(voice.status().toString()).doesNotContain(SECRET);
  }

  @Test
  void instanceThatEnds_tellsNoEnvironmentValue() {
    Lease lease = h.acquire(voice);
    CompletableFuture<InstanceExit> lost = lease.lost().toCompletableFuture();

    h.provider.end(lease.instanceId(), exit(), true);
    h.time.run();

    assertThat(lost.join().toString()).contains("bad ••••••").doesNotContain(SECRET);
    assertThat(h.events(DeploymentEvent.InstanceExited.class).toString()).doesNotContain(SECRET);
  }

  @Test
  void releaseThatFails_tellsNoEnvironmentValue() {
    Lease lease = h.acquire(voice);
    lease.close();
    h.provider.releaseAnswer =
        CompletableFuture.failedFuture(new IllegalStateException("no " + SECRET));

    voice.release();
    h.time.run();

    assertThat(h.events(DeploymentEvent.InstanceReleaseFailed.class).toString())
        .contains("no ••••••")
        .doesNotContain(SECRET);
  }

  @Test
  void logs_showNoEnvironmentValue() {
    h.provider.log = List.of("x " + SECRET + " y", "8080");
    String instance = h.acquire(voice).instanceId();

    CompletableFuture<List<String>> lines = voice.logs(instance, 10);
    h.time.run();

    assertThat(lines).isCompletedWithValue(List.of("x •••••• y", "8080"));
  }

  @Test
  void logs_showNoEnvironmentValueThatWasReplacedMeanwhile() {
    h.provider.log = List.of("old " + SECRET + " new rotated-secret");
    Lease lease = h.acquire(voice);
    lease.close();
    h.deploy(b -> b.environment("TOKEN", "rotated-secret"));

    CompletableFuture<List<String>> lines = voice.logs(lease.instanceId(), 10);
    h.time.run();

    assertThat(lines).isCompletedWithValue(List.of("old •••••• new ••••••"));
  }

  @Test
  void redact_masksEachLineOfAValue() {
    DeploymentSpec spec =
        DeploymentSpec.builder("voice")
            .port(8080)
            .environment("KEY", "-----BEGIN KEY-----\nMIIabcdef\r\n}\n-----END KEY-----")
            .build();

    assertThat(spec.redact("read MIIabcdef")).isEqualTo("read ••••••");
    assertThat(spec.redact("{}")).isEqualTo("{}");
  }

  @Test
  void redact_masksTheLongerValueFirst() {
    DeploymentSpec spec =
        DeploymentSpec.builder("voice")
            .port(8080)
            .environment("A", "secret")
            .environment("B", "secret-and-more")
            .build();

    assertThat(spec.redact("secret-and-more, secret")).isEqualTo("••••••, ••••••");
  }
}
