package dev.autodeploy.docker;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The right to use an owner on an engine, held by one process of this machine at a time; the
 * operating system takes it back when the process ends, however it ends.
 *
 * <p>The file holds an id that goes onto the containers: one that bears the id was made by a holder
 * of this very lock, so whoever holds it now knows that its maker is gone.
 */
final class OwnerLock implements AutoCloseable {
  /**
   * The files that are locked by this process: the operating system keeps one lock for the whole
   * process, and gives it up when any channel to the file is closed.
   */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  /**
   * Channels to files that another class loader of this process has locked: to close one, or to
   * leave it to the garbage collector, would give up that lock. The next attempt uses it again.
   */
  private static final Map<Path, FileChannel> OPEN = new ConcurrentHashMap<>();

  private final Path file;
  private final FileChannel channel;
  private final String id;

  private OwnerLock(Path file, FileChannel channel, String id) {
    this.file = file;
    this.channel = channel;
    this.id = id;
  }

  static OwnerLock acquire(Path directory, String engineId, String owner) {
    String name = UUID.nameUUIDFromBytes(engineId.getBytes(StandardCharsets.UTF_8)) + "-" + owner;
    Path file = directory.toAbsolutePath().normalize().resolve(name + ".lock");
    if (!HELD.add(file)) {
      throw inUse(owner);
    }
    OwnerLock lock = null;
    try {
      Files.createDirectories(file.getParent());
      lock = lock(file);
      if (lock == null) {
        throw inUse(owner);
      }
      return lock;
    } catch (IOException e) {
      throw new AutoDeployException(
          ErrorCode.PROVIDER_FAILED,
          null,
          "the lock of owner '" + owner + "' cannot be taken in " + directory + ": " + e,
          e);
    } finally {
      if (lock == null) {
        HELD.remove(file);
      }
    }
  }

  private static @Nullable OwnerLock lock(Path file) throws IOException {
    FileChannel known = OPEN.remove(file);
    FileChannel channel =
        known != null
            ? known
            : FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      FileLock lock = channel.tryLock();
      if (lock == null) {
        channel.close();
        return null;
      }
      return new OwnerLock(file, channel, idIn(channel));
    } catch (OverlappingFileLockException e) {
      OPEN.put(file, channel);
      return null;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  private static AutoDeployException inUse(String owner) {
    return new AutoDeployException(
        ErrorCode.OWNER_IN_USE,
        null,
        "owner '"
            + owner
            + "' is in use on this Docker Engine by another running process or engine; end it, or"
            + " choose another owner");
  }

  /** The directory for the locks of this user. */
  static Path defaultDirectory() {
    return Path.of(
        System.getProperty("java.io.tmpdir"),
        "autodeploy-docker-" + System.getProperty("user.name", "unknown"));
  }

  String id() {
    return id;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // The operating system takes the lock back in any case.
    } finally {
      HELD.remove(file);
    }
  }

  private static String idIn(FileChannel channel) throws IOException {
    ByteBuffer content = ByteBuffer.allocate(36);
    while (content.hasRemaining() && channel.read(content, content.position()) >= 0) {
      // Read on.
    }
    String found = StandardCharsets.US_ASCII.decode(content.flip()).toString();
    if (found.length() == 36) {
      return found;
    }
    String made = UUID.randomUUID().toString();
    ByteBuffer bytes = StandardCharsets.US_ASCII.encode(made);
    channel.truncate(0);
    while (bytes.hasRemaining()) {
      channel.write(bytes, bytes.position());
    }
    channel.force(true);
    return made;
  }
}
