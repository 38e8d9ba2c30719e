package dev.autodeploy.internal.process;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.files.LockFile;
import dev.autodeploy.internal.files.PrivateDirectory;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The directory of an owner, which one provider uses at a time. */
final class OwnerDirectory implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OwnerDirectory.class);
  private static final List<String> LOCK_FILES =
      List.of(RegistryDirectory.LOCK, RegistryDirectory.HOST);

  /** The registry's lock is only held while an owner's is taken or given back. */
  private static final Duration STEP = Duration.ofSeconds(30);

  private final PrivateDirectory registry;
  private final PrivateDirectory directory;
  private final LockFile lock;

  private OwnerDirectory(PrivateDirectory registry, PrivateDirectory directory, LockFile lock) {
    this.registry = registry;
    this.directory = directory;
    this.lock = lock;
  }

  /**
   * Takes an owner's directory, which is made if needed.
   *
   * @param registry the directory of all owners
   * @param owner the owner
   * @throws AutoDeployException if another provider has it
   */
  static OwnerDirectory take(PrivateDirectory registry, String owner) throws IOException {
    LockFile step = step(registry);
    try (step) {
      PrivateDirectory directory = RegistryDirectory.openOwner(registry, owner);
      LockFile lock =
          LockFile.acquire(
              directory.resolve(RegistryDirectory.LOCK), holder -> inUse(owner, holder));
      lock.writeHolder();
      return new OwnerDirectory(registry, directory, lock);
    }
  }

  /** Deletes the directory of an owner that no provider uses, with the instances in it. */
  static void deleteIfFree(PrivateDirectory registry, String owner) throws IOException {
    LockFile step = step(registry);
    try (step) {
      PrivateDirectory directory = registry.find(owner, RegistryDirectory.OWNER);
      if (directory == null) {
        return;
      }
      LockFile lock = LockFile.acquire(directory.resolve(RegistryDirectory.LOCK));
      try (lock) {
        for (String name : directory.list()) {
          if (directory.find(name, RegistryDirectory.INSTANCE) != null) {
            new InstanceFiles(directory, name).delete();
          }
        }
        deleteIfEmpty(directory);
      }
    } catch (LockFile.HeldException e) {
      LOG.debug("Owner {} is used again: {}", owner, e.getMessage());
    }
  }

  /** Makes the lock files look new. */
  void refresh() throws IOException {
    lock.touch();
    LockFile step = step(registry);
    try (step) {
      step.touch();
    }
  }

  PrivateDirectory registry() {
    return registry;
  }

  PrivateDirectory directory() {
    return directory;
  }

  /** Gives the directory back, and deletes it if no instance is registered in it. */
  @Override
  public void close() throws IOException {
    try (lock) {
      LockFile step = step(registry);
      try (step) {
        deleteIfEmpty(directory);
      }
    } catch (NoSuchFileException e) {
      LOG.debug("The registry is gone: {}", e.toString());
    }
  }

  /** Gives the directory back after something else has failed, which is the error to report. */
  void giveUp() {
    try {
      close();
    } catch (IOException e) {
      LOG.debug("Directory {} is left as it is: {}", directory.path(), e.toString());
    }
  }

  private static void deleteIfEmpty(PrivateDirectory directory) throws IOException {
    if (LOCK_FILES.containsAll(directory.list())) {
      directory.delete(LOCK_FILES::contains, List.of());
    }
  }

  private static LockFile step(PrivateDirectory registry) throws IOException {
    return LockFile.await(registry.resolve(RegistryDirectory.LOCK), STEP);
  }

  private static AutoDeployException inUse(String owner, String holder) {
    return new AutoDeployException(
        ErrorCode.OWNER_IN_USE,
        null,
        String.format(
            "owner '%s' is in use by %s: close the engine there, or give this one another owner",
            owner, holder));
  }
}
