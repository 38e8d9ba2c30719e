package dev.autodeploy.reliability;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The resources that this process holds: threads, open files, sockets among them, and heap after
 * collection.
 */
record Resources(Set<String> threads, int files, int sockets, long heapBytes) {
  private static final long HEAP_ALLOWANCE = 8L << 20;

  static Resources now() {
    return now(150);
  }

  /** Looks after several collections, with a pause after each. */
  static Resources now(int pauseMillis) {
    long heap = Long.MAX_VALUE;
    for (int i = 0; i < 4; i++) {
      System.gc();
      Pause.millis(pauseMillis);
      Runtime runtime = Runtime.getRuntime();
      heap = Math.min(heap, runtime.totalMemory() - runtime.freeMemory());
    }
    Set<String> threads =
        Thread.getAllStackTraces().keySet().stream()
            .map(thread -> thread.getName() + " #" + thread.getId())
            .collect(Collectors.toSet());
    List<String> open = open();
    int sockets = (int) open.stream().filter(target -> target.startsWith("socket:")).count();
    return new Resources(threads, open.size(), sockets, heap);
  }

  private static List<String> open() {
    List<String> targets = new ArrayList<>();
    File[] entries = new File("/proc/self/fd").listFiles();
    if (entries == null) {
      throw new AssertionError("open files cannot be counted without /proc/self/fd");
    }
    for (File entry : entries) {
      try {
        targets.add(Files.readSymbolicLink(entry.toPath()).toString());
      } catch (IOException e) {
        // The one through which the directory was read.
      }
    }
    return targets;
  }

  /**
   * Returns what has grown; empty if nothing has. Pools and collectors come and go, so the least of
   * the last three looks is held against the most of the first three: what leaks each time shows.
   */
  static List<String> grown(List<Resources> looks) {
    List<Resources> first = looks.subList(0, 3);
    List<Resources> last = looks.subList(looks.size() - 3, looks.size());
    List<String> grown = new ArrayList<>();
    compare(grown, "threads", first, last, look -> look.threads.size(), 0);
    compare(grown, "open files", first, last, Resources::files, 0);
    compare(grown, "sockets", first, last, Resources::sockets, 0);
    compare(grown, "bytes of heap", first, last, Resources::heapBytes, HEAP_ALLOWANCE);
    return grown;
  }

  private static void compare(
      List<String> grown,
      String what,
      List<Resources> first,
      List<Resources> last,
      ToLongFunction<Resources> size,
      long allowance) {
    long before = first.stream().mapToLong(size).max().orElseThrow();
    long after = last.stream().mapToLong(size).min().orElseThrow();
    if (after > before + allowance) {
      grown.add(what + " " + before + " -> " + after);
    }
  }

  @Override
  public String toString() {
    return threads.size()
        + " threads, "
        + files
        + " open files, "
        + sockets
        + " sockets, "
        + (heapBytes >> 10)
        + " KiB heap";
  }

  /** Removes a directory with all in it. */
  static void delete(Path directory) {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> paths = Files.walk(directory)) {
      paths.sorted(java.util.Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
