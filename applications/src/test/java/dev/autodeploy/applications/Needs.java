package dev.autodeploy.applications;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Skips a test where what it needs is not on the machine; in CI that is a failure. */
final class Needs {
  private static final Path NODE = Path.of("target", "node").toAbsolutePath();

  private Needs() {}

  /** Needs Python with modules, such as those of Debian's {@code python3-fastapi}. */
  static void python(String... modules) {
    check(
        runs(List.of("/usr/bin/python3", "-c", "import " + String.join(", ", modules))),
        "no /usr/bin/python3 with " + List.of(modules));
  }

  /** Needs a program. */
  static void program(String path) {
    check(Files.isExecutable(Path.of(path)), "no " + path);
  }

  /**
   * Needs packages of npm; those that are not there are installed below {@code target}.
   *
   * @param packages the packages with their versions, such as {@code ws@8}
   * @return the directory to run node in
   */
  static synchronized Path npm(String... packages) throws IOException {
    program("/usr/bin/node");
    program("/usr/bin/npm");
    Files.createDirectories(NODE);
    List<String> missing = new ArrayList<>();
    for (String one : packages) {
      String name = one.substring(0, one.lastIndexOf('@'));
      if (!Files.isDirectory(NODE.resolve("node_modules").resolve(name))) {
        missing.add(one);
      }
    }
    if (!missing.isEmpty()) {
      List<String> command = new ArrayList<>(List.of("/usr/bin/npm", "install", "--no-audit"));
      command.addAll(List.of("--no-fund", "--loglevel=error", "--prefix", NODE.toString()));
      command.addAll(missing);
      check(runs(command), "npm cannot install " + missing);
    }
    return NODE;
  }

  static void check(boolean there, String missing) {
    if (there) {
      return;
    }
    if ("true".equals(System.getenv("CI"))) {
      fail(missing);
    }
    System.err.println("SKIPPED: " + missing);
    assumeTrue(false, missing);
  }

  private static boolean runs(List<String> command) {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor(5, TimeUnit.MINUTES) && process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
