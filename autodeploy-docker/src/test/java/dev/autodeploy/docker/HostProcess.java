package dev.autodeploy.docker;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.StartRequest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A host application in a process of its own, for tests that kill it or let two of them race. */
public final class HostProcess implements AutoCloseable {
  private final Process process;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

  private HostProcess(Process process) {
    this.process = process;
    Thread reader =
        new Thread(
            () -> {
              try (BufferedReader in = reader(process)) {
                in.lines().forEach(lines::add);
              } catch (IOException | UncheckedIOException e) {
                // The process was killed.
              }
            });
    reader.setDaemon(true);
    reader.start();
  }

  private static BufferedReader reader(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  static HostProcess start(String... arguments) {
    return start(HostProcess.class, arguments);
  }

  /**
   * Starts a host application.
   *
   * @param program its main class
   * @param arguments its arguments
   * @return the process
   */
  public static HostProcess start(Class<?> program, String... arguments) {
    List<String> line =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                program.getName()));
    line.addAll(List.of(arguments));
    try {
      return new HostProcess(
          new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.DISCARD).start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Waits for a line that begins with a word and returns it.
   *
   * @param word the word
   * @param timeout for how long
   * @return the line
   * @throws InterruptedException if the thread is interrupted
   */
  public String await(String word, Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      String line = lines.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (line == null) {
        throw new AssertionError("no '" + word + "' within " + timeout);
      }
      if (line.startsWith(word)) {
        return line;
      }
    }
  }

  /**
   * Writes a line to what the process reads.
   *
   * @param line the line
   * @throws IOException if the process has ended
   */
  public void say(String line) throws IOException {
    process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().flush();
  }

  /**
   * Ends the process as {@code kill -9} does.
   *
   * @throws InterruptedException if the thread is interrupted
   */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /**
   * Runs in the process: {@code serve owner state timeout}, possibly with a command and a line that
   * it writes when it is ready, or {@code race owner locks}.
   */
  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("serve")) {
      Duration timeout = Duration.ofSeconds(Long.parseLong(arguments[3]));
      DeploymentSpec.Builder web =
          DeploymentSpec.builder("web")
              .image(TestDaemon.WEB)
              .port(8080)
              .startCommand(arguments.length > 4 ? arguments[4] : ProviderFixture.SERVE);
      if (arguments.length > 5) {
        web.readiness(ReadinessProbe.logLine(arguments[5]));
      }
      serve(arguments[1], Path.of(arguments[2]), timeout, web.build());
    } else {
      race(arguments[1], Path.of(arguments[2]));
    }
  }

  /** A host application with one deployment, which it uses again and again. */
  private static void serve(String owner, Path state, Duration timeout, DeploymentSpec spec)
      throws Exception {
    try (AutoDeploy autoDeploy =
        AutoDeploy.builder()
            .provider(DockerInstanceProvider.builder().heartbeatTimeout(timeout).build())
            .owner(owner)
            .stateDirectory(state)
            .build()) {
      System.out.println("built");
      Deployment web = autoDeploy.deploy(spec);
      while (true) {
        try (Lease held = web.acquire(Duration.ofMinutes(1))) {
          System.out.println("served " + held.instanceId() + " " + held.endpoint());
        }
        Thread.sleep(100);
      }
    }
  }

  /** Starts the same slot whenever it is told to, without the lock that keeps processes apart. */
  private static void race(String owner, Path locks) throws Exception {
    try (DockerInstanceProvider provider =
        DockerInstanceProvider.builder().lockDirectory(locks).build()) {
      ProviderFixture host = ProviderFixture.of(owner, provider);
      System.out.println("built");
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.startsWith("start")) {
          StartRequest request = host.request(ProviderFixture.web().build());
          try {
            ProviderInstance instance = host.start(request);
            System.out.println("won " + instance.instanceId());
          } catch (RuntimeException e) {
            System.out.println("lost " + e.getMessage());
          }
        } else {
          String id = line.substring("release ".length());
          provider.release(id, Duration.ZERO).toCompletableFuture().join();
          System.out.println("released");
        }
      }
    }
  }
}
