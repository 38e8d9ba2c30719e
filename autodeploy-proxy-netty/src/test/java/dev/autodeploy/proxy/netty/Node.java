package dev.autodeploy.proxy.netty;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Scripts on Node.js with the packages of others. */
final class Node {
  private static final Path SOURCES = Path.of("src/test/node");
  private static final Path HOME = Path.of("target/node");
  private static boolean installed;

  private Node() {}

  /**
   * Installs the packages once; without Node.js the test is skipped, but fails where it must be.
   */
  static synchronized void require() throws Exception {
    boolean there = isThere("node") && isThere("npm");
    if (!there && System.getenv("CI") != null) {
      throw new AssertionError("node and npm are missing");
    }
    assumeTrue(there, "node and npm are missing");
    Files.createDirectories(HOME);
    try (Stream<Path> all = Files.list(SOURCES)) {
      for (Path source : (Iterable<Path>) all::iterator) {
        Path copy = HOME.resolve(source.getFileName());
        Files.copy(source, copy, StandardCopyOption.REPLACE_EXISTING);
      }
    }
    Path done = HOME.resolve("node_modules/.package-lock.json");
    if (!installed && !isNewer(done, SOURCES.resolve("package.json"))) {
      Process npm =
          new ProcessBuilder("npm", "install", "--no-audit", "--no-fund", "--silent")
              .directory(HOME.toFile())
              .redirectErrorStream(true)
              .start();
      String output = new String(npm.getInputStream().readAllBytes(), UTF_8);
      assertThat(npm.waitFor()).as(output).isZero();
    }
    installed = true;
  }

  private static boolean isNewer(Path file, Path than) throws IOException {
    return Files.exists(file)
        && Files.getLastModifiedTime(file).compareTo(Files.getLastModifiedTime(than)) > 0;
  }

  private static boolean isThere(String program) {
    return Stream.of(System.getenv("PATH").split(":", -1))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
  }

  /** A server that prints its port, and ends with its input. */
  record Server(Process process, int port) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      process.getOutputStream().close();
      process.destroy();
    }
  }

  static Server serve(String script, String... arguments) throws IOException {
    Process process = start(script, arguments);
    BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
    String line = out.readLine();
    assertThat(line).as("the port of %s", script).isNotNull();
    return new Server(process, Integer.parseInt(line.strip()));
  }

  /** Runs a script to its end, and returns what it printed. */
  static List<String> run(String script, String... arguments) throws Exception {
    Process process = start(script, arguments);
    process.getOutputStream().close();
    CompletableFuture.delayedExecutor(60, TimeUnit.SECONDS).execute(process::destroyForcibly);
    List<String> lines =
        new String(process.getInputStream().readAllBytes(), UTF_8).lines().toList();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as("%s", lines).isZero();
    return lines;
  }

  private static Process start(String script, String... arguments) throws IOException {
    ProcessBuilder node = new ProcessBuilder("node", script);
    node.command().addAll(List.of(arguments));
    return node.directory(HOME.toFile()).redirectErrorStream(true).start();
  }
}
