package dev.autodeploy.internal.process;

import dev.autodeploy.DeploymentSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The control groups of an instance, in which the kernel limits its memory, processor time and
 * processes: one of version 2, or one for each controller of version 1. They are made below the
 * group of this process, or beside it, where that is allowed.
 */
final class Cgroups {
  private static final Path ROOT = Path.of("/sys/fs/cgroup");
  private static final Path OWN = Path.of("/proc/self/cgroup");
  private static final String PROCESSES = "cgroup.procs";
  private static final long PERIOD_MICROS = 100_000;
  private static final Pattern KILLS = Pattern.compile("(?m)^oom_kill ([0-9]+)$");

  private final List<Path> directories;

  private Cgroups(List<Path> directories) {
    this.directories = List.copyOf(directories);
  }

  /** Returns whether a deployment has limits. */
  static boolean areNeeded(DeploymentSpec spec) {
    return spec.memoryBytes() != null || spec.cpus() != null || spec.maxProcesses() != null;
  }

  /** Makes the groups of an instance. */
  static Cgroups create(String name, DeploymentSpec spec) throws IOException {
    return create(name, spec, ROOT, Files.readAllLines(OWN), Files::createDirectory);
  }

  /** The making of a directory, in which the kernel puts the files of a group. */
  @FunctionalInterface
  interface Maker {
    /**
     * Makes one.
     *
     * @param directory the directory
     * @return the directory
     * @throws IOException if that is not allowed
     */
    Path make(Path directory) throws IOException;
  }

  static Cgroups create(String name, DeploymentSpec spec, Path root, List<String> own, Maker kernel)
      throws IOException {
    List<Path> made = new ArrayList<>();
    boolean done = false;
    try {
      if (Files.exists(root.resolve("cgroup.controllers"))) {
        made.add(makeUnified(name, spec, parents(root, own), kernel));
      } else {
        for (Map.Entry<String, Map<String, String>> each : separate(spec).entrySet()) {
          Path directory = parent(root, own, each.getKey()).resolve(name);
          made.add(Files.createDirectories(directory));
          write(directory, each.getValue());
        }
      }
      done = true;
      return new Cgroups(made);
    } finally {
      if (!done) {
        new Cgroups(made).remove();
      }
    }
  }

  /** Finds the groups of an instance of an earlier process, as far as there are any. */
  static Cgroups find(String name) {
    try {
      List<String> own = Files.exists(OWN) ? Files.readAllLines(OWN) : List.of();
      List<Path> places = new ArrayList<>(parents(ROOT, own));
      for (String controller : List.of("memory", "cpu", "pids")) {
        places.add(parent(ROOT, own, controller));
      }
      return new Cgroups(
          places.stream().map(place -> place.resolve(name)).filter(Files::isDirectory).toList());
    } catch (IOException e) {
      return new Cgroups(List.of());
    }
  }

  private static Path makeUnified(
      String name, DeploymentSpec spec, List<Path> parents, Maker kernel) throws IOException {
    Map<String, String> limits = unified(spec);
    IOException failure = new IOException("there is no control group to make one in");
    for (Path parent : parents) {
      Path directory = parent.resolve(name);
      try {
        Path unused = kernel.make(directory);
        if (!Files.exists(directory.resolve(limits.keySet().iterator().next()))) {
          write(parent, Map.of("cgroup.subtree_control", "+memory +cpu +pids"));
        }
        write(directory, limits);
        return directory;
      } catch (IOException e) {
        failure = e;
        Files.deleteIfExists(directory);
      }
    }
    throw failure;
  }

  private static Map<String, String> unified(DeploymentSpec spec) {
    Map<String, String> limits = new LinkedHashMap<>();
    if (spec.memoryBytes() != null) {
      limits.put("memory.max", String.valueOf(spec.memoryBytes()));
    }
    if (spec.cpus() != null) {
      limits.put("cpu.max", Math.round(spec.cpus() * PERIOD_MICROS) + " " + PERIOD_MICROS);
    }
    if (spec.maxProcesses() != null) {
      limits.put("pids.max", String.valueOf(spec.maxProcesses()));
    }
    return limits;
  }

  /** The same by the controllers of version 1. */
  private static Map<String, Map<String, String>> separate(DeploymentSpec spec) {
    Map<String, Map<String, String>> limits = new LinkedHashMap<>();
    if (spec.memoryBytes() != null) {
      limits.put("memory", Map.of("memory.limit_in_bytes", String.valueOf(spec.memoryBytes())));
    }
    if (spec.cpus() != null) {
      String quota = String.valueOf(Math.round(spec.cpus() * PERIOD_MICROS));
      limits.put("cpu", Map.of("cpu.cfs_quota_us", quota));
    }
    if (spec.maxProcesses() != null) {
      limits.put("pids", Map.of("pids.max", String.valueOf(spec.maxProcesses())));
    }
    return limits;
  }

  private static List<Path> parents(Path root, List<String> own) {
    for (String line : own) {
      if (line.startsWith("0::")) {
        Path path = root.resolve(line.substring("0::/".length())).normalize();
        Path parent = path.getParent();
        Path above = path.equals(root) || parent == null ? root : parent;
        return Stream.of(path, above).distinct().filter(Files::isDirectory).toList();
      }
    }
    return List.of();
  }

  private static Path parent(Path root, List<String> own, String controller) {
    Path mounted = root.resolve(controller);
    for (String line : own) {
      String[] fields = line.split(":", 3);
      if (fields.length == 3 && Arrays.asList(fields[1].split(",")).contains(controller)) {
        Path path = mounted.resolve(fields[2].substring(1)).normalize();
        return Files.isDirectory(path) ? path : mounted;
      }
    }
    return mounted;
  }

  private static void write(Path directory, Map<String, String> values) throws IOException {
    for (Map.Entry<String, String> value : values.entrySet()) {
      Path file = directory.resolve(value.getKey());
      if (!Files.exists(file)) {
        throw new IOException("the kernel does not offer " + file);
      }
      Files.write(file, value.getValue().getBytes(StandardCharsets.US_ASCII));
    }
  }

  /** Returns the files to which a process writes its id, or 0, to be in the groups. */
  List<Path> processes() {
    return directories.stream().map(directory -> directory.resolve(PROCESSES)).toList();
  }

  /** Returns whether the kernel has ended one of its processes for want of memory. */
  boolean wasOutOfMemory() {
    for (Path directory : directories) {
      for (String file : List.of("memory.events", "memory.oom_control")) {
        Matcher kills = KILLS.matcher(text(directory.resolve(file)));
        if (kills.find() && !kills.group(1).equals("0")) {
          return true;
        }
      }
    }
    return false;
  }

  private static String text(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      return "";
    }
  }

  /** Removes the groups; returns what is in the way, or null. */
  @Nullable IOException remove() {
    IOException failure = null;
    for (Path directory : directories) {
      try {
        Files.deleteIfExists(directory);
      } catch (IOException e) {
        failure = e;
      }
    }
    return failure;
  }
}
