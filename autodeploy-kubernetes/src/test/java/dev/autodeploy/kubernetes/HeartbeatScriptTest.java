package dev.autodeploy.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.internal.util.HeartbeatShell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The dead man's switch, as a process of this machine, with a real file. */
class HeartbeatScriptTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  /** Takes every process that there is, again and again, once the script has begun to count. */
  private static final String CROWD =
      "export X=\"trap 'exec sh -c \\\"\\$X\\\"' EXIT; while :; do sleep 500 & done\";"
          + " (sleep 1.4; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16;"
          + " do sh -c \"$X\" 2>/dev/null & done) & exec sleep 600";

  @TempDir private Path directory;

  private Process start(String command) throws IOException {
    return process(wrapped(command, TIMEOUT));
  }

  private List<String> wrapped(String command, Duration timeout) throws IOException {
    Files.writeString(directory.resolve("beat"), "first");
    return HeartbeatScript.wrap(
        List.of("/bin/sh", "-c", command),
        directory.resolve("beat").toString(),
        timeout,
        Duration.ofSeconds(2));
  }

  private Process process(List<String> line) throws IOException {
    return new ProcessBuilder(line)
        .directory(directory.toFile())
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("log").toFile())
        .start();
  }

  /** Replaces the file as a kubelet does, which writes another and moves a link. */
  private void beat(String value) throws IOException {
    Path next = Files.writeString(directory.resolve("next"), value);
    Files.move(next, directory.resolve("beat"), StandardCopyOption.ATOMIC_MOVE);
  }

  @Test
  void service_whoseFileDoesNotChange_isEnded() throws Exception {
    Process process = start("trap 'echo bye; exit 5' TERM; while :; do sleep 0.1; done");

    assertThat(process.waitFor(15, TimeUnit.SECONDS)).isTrue();

    assertThat(process.exitValue()).isEqualTo(5);
    assertThat(Files.readAllLines(directory.resolve("log")))
        .contains("bye", HeartbeatShell.EXPIRED);
  }

  @Test
  void service_whoseFileChanges_isLeft_andIsEndedWithoutIt() throws Exception {
    Process process = start("exec sleep 60");
    for (int i = 0; i < 8; i++) {
      assertThat(process.waitFor(500, TimeUnit.MILLISECONDS)).isFalse();
      beat("beat " + i);
    }
    assertThat(Files.readAllLines(directory.resolve("log"))).isEmpty();
    Files.delete(directory.resolve("beat"));

    assertThat(process.waitFor(15, TimeUnit.SECONDS)).isTrue();
    assertThat(Files.readAllLines(directory.resolve("log")))
        .containsExactly(HeartbeatScript.UNREAD, HeartbeatShell.EXPIRED);
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

  /** The signal is the image's: httpd's has {@code WINCH}. */
  @Test
  void service_getsTheSignalThatItsImageIsStoppedWith() throws Exception {
    Process process = start("trap 'exit 4' WINCH; while :; do sleep 0.1; done");
    assertThat(process.waitFor(300, TimeUnit.MILLISECONDS)).isFalse();

    new ProcessBuilder("kill", "-WINCH", "" + process.pid()).start().waitFor();

    assertThat(process.waitFor(5, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(4);
  }

  /** A shell that cannot fork exits, and the service must not outlive the one that counts. */
  @Test
  @Tag("slow")
  void service_thatTakesAllProcesses_isEndedToo() throws Exception {
    List<String> line = new ArrayList<>(asNobodyElse());
    line.addAll(List.of("prlimit", "--nproc=25:25"));
    line.addAll(wrapped(CROWD, Duration.ofSeconds(7)));
    Process process = process(line);
    try {
      assertThat(process.waitFor(25, TimeUnit.SECONDS)).as("ended in time").isTrue();
    } finally {
      process.destroyForcibly();
      line = new ArrayList<>(asNobodyElse());
      line.addAll(List.of("/bin/sh", "-c", "kill -KILL -1"));
      new ProcessBuilder(line).start().waitFor();
    }
  }

  private static List<String> asNobodyElse() {
    return List.of("setpriv", "--reuid=54321", "--regid=54321", "--clear-groups");
  }
}
