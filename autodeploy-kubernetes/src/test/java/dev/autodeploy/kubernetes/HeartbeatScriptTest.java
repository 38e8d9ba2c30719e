package dev.autodeploy.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The dead man's switch, as a process of this machine, with a real file. */
class HeartbeatScriptTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  @TempDir private Path directory;

  private Process start(String command) throws IOException {
    Files.writeString(directory.resolve("beat"), "first");
    return new ProcessBuilder(
            HeartbeatScript.wrap(
                List.of("/bin/sh", "-c", command),
                directory.resolve("beat").toString(),
                TIMEOUT,
                Duration.ofSeconds(2)))
        .directory(directory.toFile())
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("log").toFile())
        .start();
  }

  /** Replaces the file as a kubelet does, which writes another and moves a link. */
  private void beat(String value) throws IOException {
    Path next = Files.writeString(directory.resolve("next"), value);
    Files.move(next, directory.resolve("beat"), StandardCopyOption.REPLACE_EXISTING);
  }

  @Test
  void service_whoseFileDoesNotChange_isEnded() throws Exception {
    Process process = start("trap 'echo bye; exit 5' TERM; while :; do sleep 0.1; done");

    assertThat(process.waitFor(15, TimeUnit.SECONDS)).isTrue();

    assertThat(process.exitValue()).isEqualTo(5);
    assertThat(Files.readAllLines(directory.resolve("log")))
        .contains("bye", HeartbeatScript.EXPIRED);
  }

  @Test
  void service_whoseFileChanges_isLeft_andIsEndedWithoutIt() throws Exception {
    Process process = start("exec sleep 60");
    for (int i = 0; i < 8; i++) {
      assertThat(process.waitFor(500, TimeUnit.MILLISECONDS)).isFalse();
      beat("beat " + i);
    }
    Files.delete(directory.resolve("beat"));

    assertThat(process.waitFor(15, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void service_thatEnds_givesItsExitCode() throws Exception {
    Process process = start("exit 7");

    assertThat(process.waitFor(5, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(7);
  }

  @Test
  void service_thatIsAskedToEnd_isAskedOnce_andIsNotCalledExpired() throws Exception {
    Process process = start("trap 'echo bye; exit 0' TERM; while :; do sleep 0.1; done");
    assertThat(process.waitFor(300, TimeUnit.MILLISECONDS)).isFalse();

    process.destroy();

    assertThat(process.waitFor(5, TimeUnit.SECONDS)).isTrue();
    assertThat(Files.readAllLines(directory.resolve("log"))).containsExactly("bye");
  }
}
