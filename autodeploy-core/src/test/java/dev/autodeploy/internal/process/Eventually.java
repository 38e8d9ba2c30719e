package dev.autodeploy.internal.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;

/** Waits for other processes, which no virtual clock can hurry. */
final class Eventually {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private Eventually() {}

  static void until(String what, Callable<Boolean> condition) throws Exception {
    until(what, LIMIT, condition);
  }

  static void until(String what, Duration limit, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + limit.toNanos();
    while (!condition.call()) {
      assertThat(System.nanoTime() - end).as("waited %s until %s", limit, what).isNegative();
      Thread.sleep(20);
    }
  }

  /** Waits for a file with a number of lines, each a process id, and returns them. */
  static List<Long> pids(Path file, int count) throws Exception {
    until(
        count + " lines in " + file,
        () -> Files.exists(file) && Files.readAllLines(file).size() >= count);
    return Files.readAllLines(file).stream().map(Long::valueOf).toList();
  }

  static boolean isGone(long pid) {
    return ProcessId.of(pid) == null;
  }

  static void gone(List<Long> pids) throws Exception {
    until(pids + " are gone", () -> pids.stream().allMatch(Eventually::isGone));
  }
}
