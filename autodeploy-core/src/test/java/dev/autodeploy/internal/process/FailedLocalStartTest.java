package dev.autodeploy.internal.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.FailureCause;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.StartFailedException;
import dev.autodeploy.StartFailure;
import dev.autodeploy.spi.ReadinessProbe;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The tests of why a start failed, as callers are told, with real processes. */
@Timeout(60)
class FailedLocalStartTest {
  @TempDir Path directory;

  @Test
  void timeout_tellsWhatTheServiceWroteLast_andWhatItWaitedFor() throws Exception {
    StartFailure failure =
        failure(
            spec("echo 'Access to model X is restricted, log in'; exec sleep 999")
                .readiness(ReadinessProbe.http("/health"))
                .build());

    assertThat(failure.kind()).isEqualTo(StartFailure.Kind.TIMEOUT);
    assertThat(failure.cause()).isEqualTo(FailureCause.GATED_MODEL);
    assertThat(failure.logTail()).containsExactly("Access to model X is restricted, log in");
    assertThat(failure.message())
        .contains("it waited for GET /health to be answered with 200 to 399")
        .contains("it wrote last: 'Access to model X is restricted, log in'")
        .contains("HF_TOKEN");
  }

  @Test
  void service_onAnotherPort_isToldWhich() throws Exception {
    StartFailure failure =
        failure(spec("exec python3 -m http.server --bind 127.0.0.1 48123").build());

    assertThat(failure.cause()).isEqualTo(FailureCause.OTHER_PORT);
    assertThat(failure.message()).contains("listens on port 48123, not on ").contains("PORT");
  }

  @Test
  void commandThatIsMissing_isToldSo() throws Exception {
    StartFailure failure = failure(spec("no-such-server --port $PORT").build());

    assertThat(failure.kind()).isEqualTo(StartFailure.Kind.EXITED);
    assertThat(failure.cause()).isEqualTo(FailureCause.COMMAND_NOT_FOUND);
    assertThat(failure.exit().exitCode()).isEqualTo(127);
    assertThat(failure.logTail()).anyMatch(line -> line.contains("no-such-server"));
  }

  @Test
  void processThatIsKilled_isToldSo() throws Exception {
    StartFailure failure = failure(spec("sleep 1; kill -9 $$").build());

    assertThat(failure.cause()).isEqualTo(FailureCause.KILLED);
    assertThat(failure.message()).contains("killed from outside");
  }

  @Test
  void probe_ofAMissingPage_tellsTheAnswer() throws Exception {
    StartFailure failure =
        failure(
            spec("exec python3 -m http.server --bind 127.0.0.1 $PORT")
                .readiness(ReadinessProbe.http("/healthz"))
                .build());

    assertThat(failure.lastProbe()).isEqualTo("GET /healthz answered 404");
    assertThat(failure.cause()).isEqualTo(FailureCause.PROBE_NOT_FOUND);
  }

  private static DeploymentSpec.Builder spec(String command) {
    return DeploymentSpec.builder("web")
        .startCommand(command)
        .port(0)
        .startTimeout(Duration.ofSeconds(5))
        .releaseGrace(Duration.ZERO);
  }

  private StartFailure failure(DeploymentSpec spec) throws InterruptedException {
    try (AutoDeploy autoDeploy =
        AutoDeploy.builder()
            .provider(LocalProcessProvider.builder().directory(directory).build())
            .build()) {
      autoDeploy.deploy(spec).acquire(Duration.ofSeconds(30)).close();
      throw new AssertionError("it started");
    } catch (StartFailedException e) {
      return e.failure();
    }
  }
}
