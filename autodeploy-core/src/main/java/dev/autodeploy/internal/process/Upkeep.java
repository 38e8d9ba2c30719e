package dev.autodeploy.internal.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Keeps a registry usable over weeks: what is in use stays, what nobody came back for goes. */
final class Upkeep {
  /** Longer than an instance can live without a host. */
  private static final Duration FORGOTTEN = Duration.ofDays(30);

  private Upkeep() {}

  /**
   * Makes the files of an owner look new: many systems delete old ones from their temporary
   * directories.
   */
  static void refresh(Path registry, Path owner) throws IOException {
    FileTime now = FileTime.from(Instant.now());
    for (Path file : Stream.concat(files(registry, 1), files(owner, 2)).toList()) {
      if (Files.isRegularFile(file) && !InstanceFiles.isExit(file) && !OwnerLock.isLock(file)) {
        Files.setLastModifiedTime(file, now);
      }
    }
  }

  /** Deletes the directories of other owners that nobody has used for a month. */
  static void forget(Path registry, Instant now) throws IOException {
    FileTime limit = FileTime.from(now.minus(FORGOTTEN));
    for (Path owner : files(registry, 1).filter(Files::isDirectory).toList()) {
      if (isOlder(owner, limit)) {
        OwnerLock.deleteIfFree(registry, owner);
      }
    }
  }

  /** Deletes a directory with all that is in it. */
  static void deleteAll(Path directory) throws IOException {
    List<Path> deepestFirst;
    try (Stream<Path> all = Files.walk(directory)) {
      deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : deepestFirst) {
      Files.deleteIfExists(path);
    }
  }

  private static boolean isOlder(Path owner, FileTime limit) throws IOException {
    for (Path path : Stream.concat(Stream.of(owner), files(owner, 2)).toList()) {
      if (Files.exists(path) && Files.getLastModifiedTime(path).compareTo(limit) > 0) {
        return false;
      }
    }
    return true;
  }

  private static Stream<Path> files(Path directory, int depth) throws IOException {
    try (Stream<Path> all = Files.walk(directory, depth)) {
      return all.filter(path -> !path.equals(directory)).toList().stream();
    }
  }
}
