package dev.autodeploy.internal.decision;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.FailureCause;
import dev.autodeploy.spi.InstanceExit;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The words for an instance that is not ready, or that ended. */
class StartDiagnosisTest {

  @Test
  void instanceThatWroteNothing_isSaidToHave() {
    assertThat(StartDiagnosis.notReady("no route", List.of()))
        .isEqualTo("no route; it has written nothing");
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
        "s6-overlay-suexec: fatal: can only run as pid 1|starts it as that",
        "OSError: [Errno 98] Address already in use|another process has the port",
        "GET /health answered 401|needs no login",
        "[FATAL tini (7)] exec /bin/sh failed: No such file or directory|no shell",
        "chroot: Operation not permitted|capabilities("
      })
  void usualSuspects_getAdvice(String line, String advice) {
    assertThat(FailureHints.find(List.of("loading", line))).contains(advice);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "the service listens on 127.0.0.1:8080 inside its container, where nothing|LOOPBACK_ONLY",
        "the service listens on port 5000, 5001, not on 8080: change it|OTHER_PORT",
        "nothing listens on port 8080 inside the container|NOTHING_LISTENS",
        "Connection refused|NOTHING_LISTENS",
        "GET /health answered 401|PROBE_REFUSED",
        "GET /healthz answered 404|PROBE_NOT_FOUND",
        "GET / answered 301|PROBE_REDIRECTED",
        "GET /health answered 503|STILL_LOADING",
        "OSError: You are trying to access a gated repo.|GATED_MODEL",
        "write /weights: No space left on device|DISK_FULL",
        "torch.cuda.OutOfMemoryError: HIP out of memory|GPU_OUT_OF_MEMORY",
        "RuntimeError: Found no NVIDIA driver on your system.|GPU_MISSING",
        "exec /bin/serve: exec format error|WRONG_PROCESSOR",
        "sh: vllm: not found|COMMAND_NOT_FOUND",
        "/bin/sh: ./run.sh: Permission denied|COMMAND_NOT_EXECUTABLE",
        "ModuleNotFoundError: No module named 'torch'|MODULE_MISSING",
        "fatal: can only run as pid 1|PROCESS_1",
        "listen tcp :8080: bind: address already in use|PORT_TAKEN",
        "chroot: Operation not permitted|MISSING_RIGHT",
        "[FATAL tini (7)] exec /bin/sh failed: No such file or directory|NO_SHELL"
      })
  void usualSuspects_haveACause(String words, FailureCause cause) {
    assertThat(FailureHints.cause(null, List.of("loading", words))).isEqualTo(cause);
  }

  @Test
  void exitCodes_haveACause_whereNothingElseIsKnown() {
    List<String> refused = List.of("Connection refused");
    assertThat(FailureHints.cause(exit(127), refused)).isEqualTo(FailureCause.COMMAND_NOT_FOUND);
    assertThat(FailureHints.cause(exit(126), refused))
        .isEqualTo(FailureCause.COMMAND_NOT_EXECUTABLE);
    assertThat(FailureHints.cause(exit(137), refused)).isEqualTo(FailureCause.KILLED);
    assertThat(FailureHints.cause(exit(1), refused)).isNull();
    assertThat(FailureHints.cause(exit(0), refused)).isEqualTo(FailureCause.ENDED_WITHOUT_ERROR);
    assertThat(FailureHints.find(exit(0))).contains("stays in the foreground");
    assertThat(FailureHints.cause(new InstanceExit(137, true, List.of(), null, null), List.of("a")))
        .isEqualTo(FailureCause.OUT_OF_MEMORY);
    assertThat(FailureHints.find(exit(137))).contains("killed from outside");
    assertThat(FailureHints.find(exit(127))).contains("did not find a command");
  }

  private static InstanceExit exit(int code) {
    return new InstanceExit(code, false, List.of(), null, null);
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
