package dev.autodeploy.reliability;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Finds instances without asking the library: in the table of processes, or with Docker's CLI. */
final class Instances {
  private Instances() {}

  /** The processes that have a mark in their command line or in their environment. */
  static List<ProcessHandle> processes(String mark) {
    try (Stream<Path> entries = Files.list(Path.of("/proc"))) {
      return entries
          .filter(entry -> entry.getFileName().toString().matches("\\d+"))
          .filter(
              entry ->
                  read(entry, "cmdline").contains("/tmp/" + mark)
                      || read(entry, "environ").contains("/tmp/" + mark))
          .flatMap(e -> ProcessHandle.of(Long.parseLong(e.getFileName().toString())).stream())
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The ports of the instances whose processes have a mark: each has one of its own. */
  static Set<String> ports(String mark) {
    Set<String> ports = new HashSet<>();
    for (ProcessHandle process : processes(mark)) {
      String environment = read(Path.of("/proc/" + process.pid()), "environ");
      Arrays.stream(environment.split("\0", -1))
          .filter(variable -> variable.startsWith("PORT="))
          .forEach(ports::add);
    }
    return ports;
  }

  private static String read(Path process, String what) {
    try {
      return Files.readString(process.resolve(what), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return ""; // it has ended
    }
  }

  /** The names of an owner's containers; running ones only, or all. */
  static List<String> containers(URI daemon, String owner, boolean all) {
    List<String> options = new ArrayList<>(List.of("ps", "--format", "{{.Names}}"));
    options.addAll(List.of("--filter", "label=autodeploy.owner=" + owner));
    if (all) {
      options.add("-a");
    }
    return docker(daemon, options.toArray(new String[0]))
        .lines()
        .filter(line -> !line.isBlank())
        .toList();
  }

  /** Runs Docker's CLI; returns what it printed. A daemon that does not answer is no answer. */
  static String docker(URI daemon, String... options) {
    StringBuilder complaint = new StringBuilder();
    return docker(daemon, complaint, options)
        .orElseThrow(
            () -> new AssertionError("docker " + String.join(" ", options) + ": " + complaint));
  }

  /** Does something to a container that may be gone meanwhile. */
  static void attempt(URI daemon, String... options) {
    docker(daemon, new StringBuilder(), options);
  }

  private static Optional<String> docker(URI daemon, StringBuilder complaint, String... options) {
    List<String> line =
        new ArrayList<>(List.of("timeout", "30", "docker", "-H", daemon.toString()));
    line.addAll(List.of(options));
    try {
      Process process = new ProcessBuilder(line).start();
      process.getOutputStream().close();
      String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      complaint.append(
          new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8).trim());
      int code = process.waitFor();
      complaint.append(" (exit code ").append(code).append(')');
      return code == 0 ? Optional.of(printed) : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Returns how many processes are left once they had time to end; ends them. */
  static int leakedProcesses(String mark, Duration limit) {
    Pause.until(limit, () -> processes(mark).isEmpty());
    List<ProcessHandle> left = processes(mark);
    left.forEach(ProcessHandle::destroyForcibly);
    return left.size();
  }

  /**
   * Returns how many containers are left once they had time to end; removes them. Without those
   * that were set aside: dead ones whose files the daemon cannot delete, as it has left them
   * mounted itself.
   */
  static int leakedContainers(URI daemon, String owner, boolean all, Duration limit) {
    Pause.until(limit, () -> leaked(daemon, owner, all).isEmpty());
    int leaked = leaked(daemon, owner, all).size();
    containers(daemon, owner, true).forEach(name -> attempt(daemon, "rm", "-f", name));
    return leaked;
  }

  private static List<String> leaked(URI daemon, String owner, boolean all) {
    return containers(daemon, owner, all).stream()
        .filter(name -> !name.startsWith("autodeploy-dead-"))
        .toList();
  }
}
