package dev.autodeploy.internal.util;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The ticker of dead man's switches where it can start no process, in this machine's shells. */
@Tag("slow")
@EnabledOnOs(OS.LINUX)
class HeartbeatShellTest {
  /** A user with no other process: the limit counts all of a user. */
  private static final List<String> NOBODY =
      List.of("setpriv", "--reuid=54322", "--regid=54322", "--clear-groups");

  /** The one that ticks, and the one that hears them. */
  private static final String NO_PROCESS_LEFT = "prlimit --nproc=2:2";

  @TempDir private Path directory;

  /** Bash tries for fifteen seconds before it fails. */
  @ParameterizedTest
  @CsvSource({"/bin/dash, 6", "/bin/bash, 22", "/bin/busybox, 6"})
  void ticker_thatCannotFork_countsTheTimeItself_andSaysSoOnce(String shell, int seconds)
      throws Exception {
    List<String> lines = run(shell, NO_PROCESS_LEFT, "", seconds);

    assertThat(lines).filteredOn(HeartbeatShell.CROWDED::equals).hasSize(1);
    assertThat(lines).filteredOn("tick"::equals).isNotEmpty().hasSizeLessThan(8);
    assertThat(lines).doesNotContain(HeartbeatShell.TIMELESS);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/bin/dash", "/bin/bash"})
  void ticker_withoutSleep_countsTheTimeItself_andSaysSoOnce(String shell) throws Exception {
    List<String> lines = run(shell, "env PATH=/none", "", 6);

    assertThat(lines).filteredOn(HeartbeatShell.CROWDED::equals).hasSize(1);
    assertThat(lines).filteredOn("tick"::equals).hasSizeBetween(3, 7);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/bin/dash", "/bin/busybox"})
  void ticker_thatCannotCountTheTimeEither_saysSoOnce_andDoesNotEnd(String shell) throws Exception {
    List<String> lines = run(shell, NO_PROCESS_LEFT, "mount -t tmpfs none /proc;", 6);

    assertThat(lines).filteredOn(HeartbeatShell.TIMELESS::equals).hasSize(1);
    assertThat(lines).doesNotContain("tick").endsWith("alive");
  }

  /**
   * Has the ticker tick for a while.
   *
   * @param limit what takes its processes away
   * @param before what is done in its file systems
   * @return the lines of all, and whether it lives then
   */
  private List<String> run(String shell, String limit, String before, int seconds)
      throws Exception {
    assumeTrue(Files.exists(Path.of(shell)) && "root".equals(System.getProperty("user.name")));
    Path log = Files.createFile(directory.resolve("log"));
    String sh = shell.endsWith("busybox") ? "/bin/busybox sh" : shell;
    // The ticker calls itself by /bin/sh, which is to be the same shell.
    String script = HeartbeatShell.TICKER.replace("/bin/sh", sh);
    String hear = "trap 'echo tick' ALRM; while :; do read -r x || [ $? -gt 128 ] || exit; done";
    List<String> listener = new ArrayList<>(NOBODY);
    listener.addAll(List.of("/bin/bash", "-c", hear));
    Process target = start(log, listener);
    List<String> line = new ArrayList<>(List.of("unshare", "--mount", "/bin/sh", "-c"));
    line.addAll(List.of(before + " exec \"$@\"", "test"));
    line.addAll(NOBODY);
    line.addAll(List.of(limit.split(" ")));
    line.addAll(List.of(sh.split(" ")));
    line.addAll(List.of("-c", script, "autodeploy", "1", String.valueOf(target.pid()), script));
    Process ticker = start(log, line);
    try {
      ticker.waitFor(seconds, TimeUnit.SECONDS);
      List<String> lines = new ArrayList<>(Files.readAllLines(log));
      lines.add(ticker.isAlive() ? "alive" : "ended");
      return lines;
    } finally {
      ticker.descendants().forEach(ProcessHandle::destroyForcibly);
      ticker.destroyForcibly().waitFor();
      target.destroyForcibly().waitFor();
    }
  }

  private static Process start(Path log, List<String> line) throws IOException {
    return new ProcessBuilder(line)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .start();
  }
}
