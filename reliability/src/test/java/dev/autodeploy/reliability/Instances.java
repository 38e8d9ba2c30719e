package dev.autodeploy.reliability;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Finds instances without asking the library: in the table of processes, or with Docker's CLI. */
final class Instances {
  private Instances() {}

  /** The processes whose command line has a mark in it. */
  static List<ProcessHandle> processes(String mark) {
    try (Stream<Path> entries = Files.list(Path.of("/proc"))) {
      return entries
          .filter(entry -> entry.getFileName().toString().matches("\\d+"))
          .filter(entry -> commandLine(entry).contains("/tmp/" + mark))
          .flatMap(e -> ProcessHandle.of(Long.parseLong(e.getFileName().toString())).stream())
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String commandLine(Path process) {
    try {
      return Files.readString(process.resolve("cmdline"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return ""; // it has ended
    }
  }

  /** The names of an owner's containers; running ones only, or all. */
  static List<String> containers(URI engine, String owner, boolean all) {
    List<String> options = new ArrayList<>(List.of("ps", "--format", "{{.Names}}"));
    options.addAll(List.of("--filter", "label=autodeploy.owner=" + owner));
    if (all) {
      options.add("-a");
    }
    return docker(engine, options.toArray(new String[0]))
        .lines()
        .filter(line -> !line.isBlank())
        .toList();
  }

  /** Runs Docker's CLI; returns what it printed, complaints included. */
  static String docker(URI engine, String... options) {
    List<String> line =
        new ArrayList<>(List.of("timeout", "30", "docker", "-H", engine.toString()));
    line.addAll(List.of(options));
    try {
      Process process =
          new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      process.getOutputStream().close();
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** How many processes are left once they had time to end; ends them. */
  static int leakedProcesses(String mark, Duration limit) {
    Pause.until(limit, () -> processes(mark).isEmpty());
    List<ProcessHandle> left = processes(mark);
    left.forEach(ProcessHandle::destroyForcibly);
    return left.size();
  }

  /** How many containers are left once they had time to end; removes them. */
  static int leakedContainers(URI engine, String owner, boolean all, Duration limit) {
    Pause.until(limit, () -> containers(engine, owner, all).isEmpty());
    int leaked = containers(engine, owner, all).size();
    containers(engine, owner, true).forEach(name -> docker(engine, "rm", "-f", name));
    return leaked;
  }
}
