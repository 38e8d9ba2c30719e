package dev.autodeploy.internal.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.LocalProcessProvider;
import java.io.RandomAccessFile;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The tests of what an instance can do to the files of its own directory, and what that does not
 * stop.
 */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class HostileInstanceTest extends ProviderTestBase {

  @ParameterizedTest
  @ValueSource(strings = {"guard", "command", "exit", "token", "log", "lease", "instance.json"})
  void release_whateverAFileWasReplacedBy_endsTheProcesses(String name) throws Exception {
    List<String> replacements =
        List.of(
            "rm %s; mkfifo %s",
            "rm %s; mkfifo %s.pipe; ln -s %s.pipe %s",
            "rm %s; ln -s /dev/zero %s",
            "truncate -s 3G %s",
            "rm %s; mkdir -p %s/more");
    LocalProcessProvider provider = provider();
    for (int i = 0; i < replacements.size(); i++) {
      String id = "i-" + i;
      start(provider, id, ReleaseTest.STUBBORN);
      List<Long> pids = Eventually.pids(file("pids"), 4);
      Path file = registry().resolve(OWNER + "/" + id + "/" + name);
      Files.deleteIfExists(file("pids"));
      if (!name.equals("exit")) {
        Eventually.until("file", () -> Files.exists(file));
      } else {
        Files.writeString(file, "");
      }

      run(replacements.get(i).replace("%s", file.toString()));
      release(provider, id, Duration.ZERO);

      assertThat(pids).as(replacements.get(i)).allMatch(Eventually::isGone);
    }
    assertThat(list(provider)).isEmpty();
    Eventually.until("nobody keeps them", () -> keepers(registry()).isEmpty());
  }

  @ParameterizedTest
  @ValueSource(strings = {"rm -r %s; touch %s", "rm -r %s; ln -s / %s", "mv %s %s.moved"})
  void release_whateverTheDirectoryWasReplacedBy_endsTheProcesses(String replace) throws Exception {
    LocalProcessProvider provider = provider();
    start(provider, "i-1", ReleaseTest.STUBBORN);
    List<Long> pids = Eventually.pids(file("pids"), 4);

    run(replace.replace("%s", registry().resolve(OWNER + "/i-1").toString()));
    release(provider, "i-1", Duration.ZERO);

    assertThat(pids).allMatch(Eventually::isGone);
    assertThat(list(provider)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"mkfifo %s", "ln -s /dev/zero %s", "mkdir %s"})
  void end_withALogThatWasReplaced_isSeen_andSoAreThoseOfOthers(String replace) throws Exception {
    LocalProcessProvider provider = provider();
    String log = registry().resolve(OWNER + "/bad/log").toString();
    // What copies the output may make the file anew in between.
    String again = "until rm -rf " + log + " && " + replace.replace("%s", log);
    start(provider, "bad", again + " 2>/dev/null; do sleep 0.05; done; exit 3");
    start(provider, "good", "sleep 1; exit 4");

    Eventually.until(
        "both ends", () -> observer.exits.containsKey("bad") && observer.exits.containsKey("good"));
    assertThat(observer.exits.get("bad").logTail()).singleElement().asString().contains("log");
    assertThatThrownBy(
            () -> provider.logs("bad", 10).toCompletableFuture().get(5, TimeUnit.SECONDS))
        .hasStackTraceContaining("is not a regular file");

    release(provider, "bad", Duration.ZERO);
    release(provider, "good", Duration.ZERO);
    Eventually.until("nobody keeps them", () -> keepers(registry()).isEmpty());
  }

  /** More than is read of the output before the log is opened once more. */
  @Test
  void log_thatBecameAPipe_holdsUpNeitherTheCommandNorItsEnd() throws Exception {
    LocalProcessProvider provider = provider();
    String log = registry().resolve(OWNER + "/bad/log").toString();
    String pipe = "until rm -rf %s && mkfifo %s 2>/dev/null; do sleep 0.05; done; ";
    start(provider, "bad", pipe.replace("%s", log) + "head -c 9000000 /dev/zero; exit 3");

    Eventually.until("its end is seen", () -> observer.exits.containsKey("bad"));
    release(provider, "bad", Duration.ZERO);
    Eventually.until("nobody keeps it", () -> keepers(registry()).isEmpty());
  }

  @Test
  void tail_ofAHugeLog_isShort() throws Exception {
    try (RandomAccessFile file = new RandomAccessFile(file("log").toFile(), "rw")) {
      file.setLength(3L << 30);
    }
    assertThat(new LogFile(directory).tail(10)).hasSizeLessThanOrEqualTo(10);
  }

  private static void run(String command) throws Exception {
    assertThat(new ProcessBuilder("sh", "-c", command).inheritIO().start().waitFor()).isZero();
  }

  /** The command lines of watchers and what belongs to them. */
  private static List<String> keepers(Path registry) throws Exception {
    List<String> lines = new java.util.ArrayList<>();
    try (DirectoryStream<Path> pids = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path pid : pids) {
        String line = ProcFs.read(pid.resolve("cmdline"));
        if (line != null && line.contains(registry.toRealPath() + "/")) {
          lines.add(line.replace('\0', ' '));
        }
      }
    }
    return lines;
  }
}
