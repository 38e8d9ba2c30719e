package dev.autodeploy.internal.store;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The right to use a directory alone: an operating system's lock on the file {@code lock} in it,
 * which ends with the process, however that ends. The file stays and says who had it last.
 */
final class DirectoryLock implements Closeable {
  private static final String NAME = "lock";

  /** Past the content, so that others can read it where locks are mandatory. */
  private static final long LOCKED_BYTE = Long.MAX_VALUE - 1;

  /**
   * The directories that this class has locked. A POSIX lock is lost as soon as its process closes
   * <em>any</em> descriptor of the file, so a second attempt must not even open it.
   */
  private static final Set<Object> HELD = ConcurrentHashMap.newKeySet();

  /** What must not be closed, for that same reason, as another copy of this class has the lock. */
  private static final Queue<RandomAccessFile> OF_OTHERS = new ConcurrentLinkedQueue<>();

  private final Object key;
  private final RandomAccessFile file;

  private DirectoryLock(Object key, RandomAccessFile file) {
    this.key = key;
    this.file = file;
  }

  static DirectoryLock acquire(Path directory) throws IOException {
    Object key = key(directory);
    if (!HELD.add(key)) {
      throw inUse(directory, "another engine in this process (" + ownPid() + ")");
    }
    boolean acquired = false;
    try {
      RandomAccessFile file = lockedFile(directory);
      acquired = true;
      return new DirectoryLock(key, file);
    } finally {
      if (!acquired) {
        HELD.remove(key);
      }
    }
  }

  private static RandomAccessFile lockedFile(Path directory) throws IOException {
    RandomAccessFile file = RealDisk.openOwnerOnly(directory.resolve(NAME));
    boolean keep = false;
    try {
      FileLock lock = file.getChannel().tryLock(LOCKED_BYTE, 1, false);
      if (lock == null) {
        throw inUse(directory, holder(file));
      }
      keep = true;
      writePid(file);
      return file;
    } catch (OverlappingFileLockException e) {
      keep = true;
      OF_OTHERS.add(file);
      throw inUse(directory, "another engine in this process (" + ownPid() + ")");
    } finally {
      if (!keep) {
        file.close();
      }
    }
  }

  /**
   * The pid is for people. It is the lock that counts, also on a disk too full to say who has it.
   */
  private static void writePid(RandomAccessFile file) {
    try {
      file.setLength(0);
      file.write((ownPid() + "\n").getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      // Then the next one is told "another process" without its number.
    }
  }

  private static String holder(RandomAccessFile file) throws IOException {
    byte[] content = new byte[32];
    int length = Math.max(0, file.read(content));
    String pid = new String(content, 0, length, StandardCharsets.US_ASCII).trim();
    return pid.matches("[0-9]+") ? "process " + pid : "another process";
  }

  private static AutoDeployException inUse(Path directory, String holder) {
    return new AutoDeployException(
        ErrorCode.OWNER_IN_USE,
        null,
        "the state directory "
            + directory
            + " is in use by "
            + holder
            + ": end that one, or give this engine a directory of its own");
  }

  /** The same for every path that leads to the directory. */
  private static Object key(Path directory) throws IOException {
    Object fileKey = Files.readAttributes(directory, BasicFileAttributes.class).fileKey();
    return fileKey != null ? fileKey : directory.toRealPath();
  }

  private static long ownPid() {
    return ProcessHandle.current().pid();
  }

  /** Gives the directory back. */
  @Override
  public void close() throws IOException {
    try {
      file.close();
    } finally {
      HELD.remove(key);
    }
  }
}
