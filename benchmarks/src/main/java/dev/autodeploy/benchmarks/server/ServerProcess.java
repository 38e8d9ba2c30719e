package dev.autodeploy.benchmarks.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A server under test in a JVM of its own. Used by one thread. */
public final class ServerProcess implements AutoCloseable {
  /** The unit that Linux counts CPU in, on every architecture that Java runs on. */
  private static final int TICKS_PER_SECOND = 100;

  private final Process process;
  private final BufferedReader out;
  private final int port;

  private ServerProcess(Process process) throws IOException {
    this.process = process;
    out = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
    port = (int) number();
  }

  /**
   * Starts one.
   *
   * @param jdk where its Java is
   * @param options of the JVM, such as {@code -Xmx64m}
   * @param main its class
   * @param arguments its arguments
   * @return the process, which serves
   * @throws IOException if it does not
   */
  public static ServerProcess start(
      Path jdk, List<String> options, Class<?> main, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(jdk.resolve("bin/java").toString());
    command.addAll(options);
    command.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=error");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    command.addAll(List.of(arguments));
    return new ServerProcess(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  /**
   * Returns where it listens on 127.0.0.1.
   *
   * @return the port
   */
  public int port() {
    return port;
  }

  /**
   * Asks it.
   *
   * @param word a command of its
   * @return the answer, 0 if there is nothing to say
   * @throws IOException if it has ended
   */
  public long ask(String word) throws IOException {
    process.getOutputStream().write((word + "\n").getBytes(UTF_8));
    process.getOutputStream().flush();
    return number();
  }

  /**
   * Returns a line of what the kernel knows of its memory.
   *
   * @param name such as {@code VmRSS} or {@code VmHWM}
   * @return the value in MB, -1 where there is no such kernel
   */
  public double memory(String name) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
        if (line.startsWith(name + ":")) {
          return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
        }
      }
    } catch (IOException e) {
      // As if there were no such line.
    }
    return -1;
  }

  /**
   * Returns how much CPU it has used so far, as the kernel counts it.
   *
   * @return microseconds
   * @throws IOException if there is no such kernel
   */
  public double cpuMicros() throws IOException {
    String line = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
    String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
    long ticks = Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    return ticks * 1e6 / TICKS_PER_SECOND;
  }

  /** Resets the high-water mark of its memory. */
  public void resetHighWater() {
    try {
      Files.writeString(Path.of("/proc/" + process.pid() + "/clear_refs"), "5");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private long number() throws IOException {
    String line = out.readLine();
    if (line == null) {
      throw new EOFException("the server has ended");
    }
    return Long.parseLong(line);
  }

  @Override
  public void close() throws IOException {
    process.getOutputStream().close(); // it ends by itself
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
