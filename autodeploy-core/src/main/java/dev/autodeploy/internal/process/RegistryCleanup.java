package dev.autodeploy.internal.process;

import dev.autodeploy.internal.files.PrivateDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The upkeep of a registry over weeks: the files of owners in use stay, those that nobody came back
 * for are deleted. Only files of ours in directories that carry our marker are touched.
 */
final class RegistryCleanup {
  /** Longer than an instance can live without a host. */
  private static final Duration FORGOTTEN = Duration.ofDays(30);

  private RegistryCleanup() {}

  /**
   * Makes the files of an owner look new: many systems delete old ones from their temporary
   * directories.
   */
  static void refresh(PrivateDirectory registry, PrivateDirectory owner) throws IOException {
    FileTime now = FileTime.from(Instant.now());
    List<Path> files = new ArrayList<>();
    files.add(registry.resolve(RegistryDirectory.SCRIPT));
    files.add(registry.resolve(PrivateDirectory.MARKER));
    files.add(owner.resolve(PrivateDirectory.MARKER));
    for (PrivateDirectory instance : instances(owner)) {
      files.add(instance.resolve(PrivateDirectory.MARKER));
      for (String name : instance.list()) {
        if (InstanceFiles.isOurs(name)
            && !InstanceFiles.isExit(name)
            && PrivateDirectory.replaced(name) == null) {
          files.add(instance.resolve(name));
        }
      }
    }
    for (Path file : files) {
      if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        Files.setLastModifiedTime(file, now);
      }
    }
  }

  /** Deletes the directories of other owners that nobody has used for a month. */
  static void forget(PrivateDirectory registry, Instant now) throws IOException {
    FileTime limit = FileTime.from(now.minus(FORGOTTEN));
    for (String name : registry.list()) {
      if (name.matches(RegistryDirectory.ID)) {
        PrivateDirectory owner = registry.find(name, RegistryDirectory.OWNER);
        if (owner != null && isOlder(owner, limit)) {
          OwnerDirectory.deleteIfFree(registry, name);
        }
      }
    }
  }

  private static List<PrivateDirectory> instances(PrivateDirectory owner) throws IOException {
    List<PrivateDirectory> instances = new ArrayList<>();
    for (String name : owner.list()) {
      PrivateDirectory instance = owner.find(name, RegistryDirectory.INSTANCE);
      if (instance != null) {
        instances.add(instance);
      }
    }
    return instances;
  }

  private static boolean isOlder(PrivateDirectory owner, FileTime limit) throws IOException {
    List<Path> paths = new ArrayList<>();
    paths.add(owner.path());
    owner.list().forEach(name -> paths.add(owner.resolve(name)));
    for (PrivateDirectory instance : instances(owner)) {
      instance.list().forEach(name -> paths.add(instance.resolve(name)));
    }
    for (Path path : paths) {
      if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)
          && Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS).compareTo(limit) > 0) {
        return false;
      }
    }
    return true;
  }
}
