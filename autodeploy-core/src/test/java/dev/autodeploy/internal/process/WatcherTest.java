package dev.autodeploy.internal.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.internal.files.PrivateDirectory;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The script in every shell that this machine has. */
final class WatcherTest {
  @TempDir Path directory;

  static Stream<List<String>> shells() {
    return Stream.of(
            List.of("/bin/sh"),
            List.of("/bin/dash"),
            List.of("/bin/bash"),
            List.of("/usr/bin/busybox", "sh"),
            List.of("/bin/busybox", "sh"))
        .filter(shell -> Files.isExecutable(Path.of(shell.get(0))));
  }

  @ParameterizedTest
  @MethodSource("shells")
  void command_runsWithCleanSignalsAndItsExitIsWrittenDown(List<String> shell) throws Exception {
    InstanceFiles files = files();
    files.writeKeepAlive(ProcessId.current(), Duration.ofSeconds(2));
    Process watcher = run(shell, files, "echo out; echo err >&2; (kill -INT $$); sleep 60", true);

    assertThat(watcher.waitFor(1, TimeUnit.MINUTES)).isTrue();

    assertThat(watcher.exitValue()).isEqualTo(130);
    assertThat(files.exit().code()).isEqualTo(130);
    assertThat(files.log().tail(10)).containsExactly("out", "err");
  }

  @ParameterizedTest
  @MethodSource("shells")
  void hostGone_endsTheWholeTree(List<String> shell) throws Exception {
    InstanceFiles files = files();
    files.writeKeepAliveWithoutHost(Duration.ofSeconds(1));
    Path pidFile = directory.resolve("pids");
    Process watcher =
        run(shell, files, ReleaseTest.STUBBORN.replace(">>pids", ">>" + pidFile), true);
    List<Long> pids = Eventually.pids(pidFile, 4);

    assertThat(watcher.waitFor(1, TimeUnit.MINUTES)).isTrue();

    Eventually.gone(pids);
    assertThat(files.isEnding()).isTrue();
    assertThat(files.exit().code()).isEqualTo(137);
    Eventually.until("the guard is gone", () -> files.guard() == null);
  }

  @Test
  void hostThatDiesBeforeItsNote_startsNothing() throws Exception {
    InstanceFiles files = files();
    Process watcher = run(List.of("/bin/sh"), files, "echo ran", false);

    assertThat(watcher.waitFor(1, TimeUnit.MINUTES)).isTrue();

    assertThat(watcher.exitValue()).isEqualTo(125);
    assertThat(files.log().tail(10)).isEmpty();
    assertThat(files.hasRun()).isFalse();
  }

  private PrivateDirectory registry() throws Exception {
    return RegistryDirectory.open(directory.resolve("registry"));
  }

  private InstanceFiles files() throws Exception {
    PrivateDirectory owner = RegistryDirectory.openOwner(registry(), "tests");
    InstanceFiles files = new InstanceFiles(owner, "i-1");
    files.create();
    return files;
  }

  private Process run(List<String> shell, InstanceFiles files, String command, boolean go)
      throws Exception {
    Watcher watcher = Watcher.install(shell, registry());
    Process process =
        new ProcessBuilder(watcher.commandLine(files, command, Duration.ofSeconds(2)))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(files.log().path().toFile()))
            .start();
    try (OutputStream out = process.getOutputStream()) {
      if (go) {
        out.write("go\n".getBytes(StandardCharsets.US_ASCII));
      }
    }
    return process;
  }
}
