package dev.autodeploy.examples.breezyvoice;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The launcher as its user runs it: a process of its own, with its output. */
final class LauncherProcess implements AutoCloseable {
  private static final Pattern LINK = Pattern.compile("Service link +(http\\S+)");
  private static final Pattern PAGE = Pattern.compile("Page +(http\\S+)");

  private final Process process;
  private final List<String> output = new CopyOnWriteArrayList<>();

  /** Every process that was ever seen below the launcher; handles are equal by pid and start. */
  private final Set<ProcessHandle> children = ConcurrentHashMap.newKeySet();

  private LauncherProcess(Process process) {
    this.process = process;
  }

  static LauncherProcess start(String... options) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(BreezyVoiceLauncher.class.getName());
    command.addAll(List.of("--port", "0"));
    command.addAll(List.of(options));
    LauncherProcess launcher =
        new LauncherProcess(new ProcessBuilder(command).redirectErrorStream(true).start());
    Thread reader = new Thread(launcher::read, "launcher-output");
    reader.setDaemon(true);
    reader.start();
    return launcher;
  }

  private void read() {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        output.add(line);
      }
    } catch (IOException e) {
      output.add(new UncheckedIOException(e).toString());
    }
  }

  /** Waits until the launcher has printed its link. */
  URI link() throws InterruptedException {
    return printed("the link", LINK);
  }

  /** Waits until the launcher has printed the address of its page. */
  URI page() throws InterruptedException {
    return printed("the page", PAGE);
  }

  private URI printed(String what, Pattern pattern) throws InterruptedException {
    await(what, () -> output.stream().anyMatch(line -> pattern.matcher(line).find()));
    for (String line : output) {
      Matcher matcher = pattern.matcher(line);
      if (matcher.find()) {
        return URI.create(matcher.group(1));
      }
    }
    throw new AssertionError("unreachable");
  }

  List<String> output() {
    return output;
  }

  /** Looks at the processes below the launcher, and remembers them. */
  Set<ProcessHandle> children() {
    process.descendants().forEach(children::add);
    return children;
  }

  /**
   * Waits until none of the children is left. That takes a moment even when all have ended: one
   * whose parent has gone shows until init has taken note of it.
   */
  void awaitNoChild(String where) throws InterruptedException {
    await(
        "end of all children" + where,
        Duration.ofSeconds(10),
        () -> children().stream().noneMatch(ProcessHandle::isAlive));
  }

  int terminate() throws InterruptedException {
    children();
    process.toHandle().destroy(); // unlike the process's own, leaves its output readable
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      throw new AssertionError("the launcher did not end on TERM: " + output);
    }
    return process.exitValue();
  }

  /** Ends the launcher as {@code kill -9} does. */
  void kill() {
    children();
    process.destroyForcibly().onExit().join();
  }

  void awaitLine(String part) throws InterruptedException {
    await("'" + part + "'", () -> output.stream().anyMatch(line -> line.contains(part)));
  }

  /** Waits, for at most a minute, until something is so. */
  void await(String what, BooleanSupplier condition) throws InterruptedException {
    await(what, Duration.ofMinutes(1), condition);
  }

  void await(String what, Duration limit, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("no " + what + " within " + limit + "; output: " + output);
      }
      children();
      Thread.sleep(20);
    }
  }

  @Override
  public void close() {
    kill();
    children.forEach(ProcessHandle::destroyForcibly);
  }
}
