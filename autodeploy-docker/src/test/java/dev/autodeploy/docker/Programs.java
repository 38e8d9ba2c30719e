package dev.autodeploy.docker;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Programs of this machine that a test needs. */
final class Programs {
  private Programs() {}

  /** Skips the test where a program is missing, which CI must not. */
  static void require(String... programs) {
    DockerEnvironment environment = DockerEnvironment.ofProcess();
    for (String program : programs) {
      if (environment.program(program).equals(program)) {
        if ("true".equals(System.getenv("CI"))) {
          throw new AssertionError("CI needs the program " + program);
        }
        abort("this test needs the program " + program);
      }
    }
  }

  /** Runs a program to its end and returns what it wrote. */
  static String run(Path directory, List<String> line) {
    try {
      Process process =
          new ProcessBuilder(line)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new AssertionError(String.join(" ", line) + ": " + output);
      }
      return output;
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  static boolean succeeds(String... line) {
    try {
      return new ProcessBuilder(line)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  static Path script(Path file, String text) throws IOException {
    Files.writeString(file, text);
    if (!file.toFile().setExecutable(true)) {
      throw new IOException(file + " cannot be made executable");
    }
    return file;
  }
}
