package dev.autodeploy.examples.breezyvoice;

import static java.util.Objects.requireNonNullElse;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The README's commands are those that tests run: its curl here, the others elsewhere. */
@Timeout(180)
class ReadmeCommandsTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  private static final Pattern EXAMPLE =
      Pattern.compile("java -cp \"[^\"]+\" dev\\.autodeploy\\.examples\\.(\\w+)");

  /** Run by the build itself, by LauncherProcess and CI, and by the Docker tests. */
  private static final Set<String> KNOWN =
      Set.of(
          "examples/breezyvoice",
          "mvn verify",
          "examples/breezyvoice-image",
          "examples/breezyvoice --provider docker --gpus 1");

  @Test
  void curl_ofTheReadme_getsSpeech(@TempDir Path directory) throws Exception {
    assumeTrue(isInstalled("curl"), "curl is not installed");
    List<String> commands = commands();
    List<String> curls = commands.stream().filter(it -> it.startsWith("curl")).toList();
    assertThat(curls).hasSize(1);

    try (LauncherProcess launcher = LauncherProcess.start("--idle-timeout", "2s")) {
      URI link = launcher.link();
      String curl = curls.get(0).replace("http://localhost:8000/d/breezyvoice", link.toString());
      Process process =
          new ProcessBuilder("/bin/sh", "-c", curl)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("curl.log").toFile())
              .start();

      assertThat(process.waitFor(90, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
      assertThat(Files.readAllBytes(directory.resolve("test_speech.wav")))
          .startsWith('R', 'I', 'F', 'F');
      launcher.awaitLine("STANDBY: released after 2 s idle, ");
    }
  }

  @Test
  void otherCommands_areOnesThatTestsRun() throws IOException {
    String examplesTest =
        Files.readString(
            ROOT.resolve("examples/src/test/java/dev/autodeploy/examples/ExamplesTest.java"));
    for (String command : commands()) {
      Matcher example = EXAMPLE.matcher(command);
      if (example.matches()) {
        assertThat(examplesTest).contains("run(" + example.group(1) + ".class)");
      } else if (!command.startsWith("curl")) {
        assertThat(KNOWN).contains(command);
        assertThat(command.startsWith("mvn") || Files.isExecutable(ROOT.resolve(first(command))))
            .as(command)
            .isTrue();
      }
    }
  }

  private static String first(String command) {
    return command.substring(0, (command + " ").indexOf(' '));
  }

  /** Returns the commands of the README: indented by four, without the comments behind them. */
  private static List<String> commands() throws IOException {
    List<String> commands = new ArrayList<>();
    StringBuilder command = new StringBuilder();
    boolean inFence = false;
    for (String line : Files.readAllLines(ROOT.resolve("README.md"))) {
      inFence ^= line.startsWith("```");
      if (inFence || !line.startsWith("    ")) {
        continue;
      }
      String text = line.substring(4).replaceFirst("\\s+# .*", "");
      command.append(text.replaceFirst("\\\\$", ""));
      if (!text.endsWith("\\")) {
        commands.add(command.toString().strip());
        command.setLength(0);
      }
    }
    assertThat(commands).hasSizeGreaterThan(5);
    return commands;
  }

  private static boolean isInstalled(String tool) {
    String path = requireNonNullElse(System.getenv("PATH"), "");
    return Stream.of(path.split(":", -1)).anyMatch(it -> Files.isExecutable(Path.of(it, tool)));
  }
}
