package dev.autodeploy.internal.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.internal.text.FailureHints;
import dev.autodeploy.spi.InstanceExit;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The words for an instance that is not ready, or that ended. */
class StartDiagnosisTest {

  @Test
  void instanceThatWroteNothing_isSaidToHave() {
    assertThat(StartDiagnosis.notReady("Connection refused", List.of()))
        .isEqualTo("Connection refused; it has written nothing");
    assertThat(StartDiagnosis.notReady(null, List.of(" ")))
        .isEqualTo("not ready yet; it has written nothing");
  }

  @Test
  void lastLines_areShown_inBounds() {
    String text = StartDiagnosis.notReady(null, List.of("a", "b", "", "c", "x".repeat(9000)));

    assertThat(text)
        .startsWith("not ready yet; it wrote last: 'b', 'c', 'xxx")
        .hasSizeLessThan(400);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB|GPU's memory",
        "OSError: [Errno 28] No space left on device|disk is full",
        "OSError: You are trying to access a gated repo.|HF_TOKEN",
        "401 Client Error: Unauthorized for url: https://huggingface.co/x|HF_TOKEN",
        "exec /bin/serve: exec format error|another kind of processor",
        "s6-overlay-suexec: fatal: can only run as pid 1|init(false)",
        "OSError: [Errno 98] Address already in use|another process has the port",
        "GET /health answered 401|needs no login",
        "[FATAL tini (7)] exec /bin/sh failed: No such file or directory|no shell",
        "chroot: Operation not permitted|capabilities("
      })
  void usualSuspects_getAdvice(String line, String advice) {
    assertThat(FailureHints.find(List.of("loading", line))).contains(advice);
  }

  @Test
  void otherWords_getNone() {
    assertThat(FailureHints.find(List.of("INFO: Application startup complete.", "404"))).isNull();
  }

  @Test
  void exit_keepsItsOwnWords_beforeTheAdvice() {
    InstanceExit exit = new InstanceExit(1, false, List.of("CUDA out of memory"), "it ended", null);

    assertThat(StartDiagnosis.withHint(exit).message()).startsWith("it ended; the model does not");
    InstanceExit plain = new InstanceExit(1, false, List.of("bye"), null, null);
    assertThat(StartDiagnosis.withHint(plain)).isSameAs(plain);
  }
}
