package dev.autodeploy.internal.process;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The right to use an owner's directory: one provider has it at a time. */
final class OwnerLock implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(OwnerLock.class);
  private static final String LOCK = ".lock";
  private static final String HOST = ".host";

  /**
   * What this process holds. A file must not be opened a second time to find that out: closing it
   * would give up the lock of the first.
   */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  /**
   * For the file that makes taking and giving back one step, of which this process has only one.
   */
  private static final ReentrantLock STEP = new ReentrantLock();

  private final Path registry;
  private final Path directory;
  private final FileChannel channel;

  private OwnerLock(Path registry, Path directory, FileChannel channel) {
    this.registry = registry;
    this.directory = directory;
    this.channel = channel;
  }

  /** An action on files that excludes others. */
  private interface Step<T> {
    T run() throws IOException;
  }

  /**
   * Takes the lock.
   *
   * @param registry the directory of all owners
   * @param owner the owner
   * @throws AutoDeployException if another provider has it
   */
  static OwnerLock take(Path registry, String owner) throws IOException {
    Path directory = registry.resolve(owner);
    return alone(
        registry,
        () -> {
          if (HELD.contains(directory)) {
            throw inUse(owner, String.valueOf(ProcessHandle.current().pid()));
          }
          RegistryDirectory.make(directory);
          FileChannel channel = open(directory.resolve(LOCK));
          try {
            if (channel.tryLock() == null) {
              channel.close();
              throw inUse(owner, host(directory));
            }
          } catch (OverlappingFileLockException e) {
            // Another class loader of this process has it; the channel stays open, see above.
            throw inUse(owner, host(directory));
          }
          HELD.add(directory);
          Files.writeString(directory.resolve(HOST), String.valueOf(ProcessHandle.current().pid()));
          return new OwnerLock(registry, directory, channel);
        });
  }

  /** Deletes the directory of an owner that no provider uses. */
  static void deleteIfFree(Path registry, Path directory) throws IOException {
    alone(
        registry,
        () -> {
          if (!HELD.contains(directory)) {
            try (FileChannel channel = open(directory.resolve(LOCK))) {
              if (channel.tryLock() != null) {
                Upkeep.deleteAll(directory);
              }
            }
          }
          return directory;
        });
  }

  /** Whether a file is such a lock, which must not be opened by anything else in this process. */
  static boolean isLock(Path file) {
    return file.endsWith(LOCK);
  }

  /** Makes the file of the lock look new. */
  void refresh() throws IOException {
    channel.write(ByteBuffer.wrap(new byte[] {'\n'}), 0);
  }

  Path registry() {
    return registry;
  }

  Path directory() {
    return directory;
  }

  /** Gives the lock back, and deletes the directory if no instance is registered in it. */
  @Override
  public void close() throws IOException {
    alone(
        registry,
        () -> {
          HELD.remove(directory);
          try (channel) {
            Files.deleteIfExists(directory.resolve(HOST));
            if (isEmpty()) {
              Files.deleteIfExists(directory.resolve(LOCK));
              Files.deleteIfExists(directory);
            }
          }
          return directory;
        });
  }

  /** Gives the lock back after something else has failed, which is what there is to tell. */
  void giveUp() {
    try {
      close();
    } catch (IOException e) {
      log.debug("Directory {} is left as it is: {}", directory, e.toString());
    }
  }

  private boolean isEmpty() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.allMatch(file -> file.endsWith(LOCK));
    }
  }

  private static <T> T alone(Path registry, Step<T> step) throws IOException {
    STEP.lock();
    try (FileChannel channel = open(registry.resolve(LOCK))) {
      channel.lock(); // until the channel is closed
      return step.run();
    } finally {
      STEP.unlock();
    }
  }

  private static FileChannel open(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  private static String host(Path directory) throws IOException {
    Path file = directory.resolve(HOST);
    return Files.exists(file) ? Files.readString(file).strip() : "unknown";
  }

  private static AutoDeployException inUse(String owner, String pid) {
    List<String> words =
        List.of(
            "owner '" + owner + "' is in use by process " + pid + ":",
            "close the engine there, or give this one another owner");
    return new AutoDeployException(ErrorCode.OWNER_IN_USE, null, String.join(" ", words));
  }
}
