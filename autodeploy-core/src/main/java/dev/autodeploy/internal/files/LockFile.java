package dev.autodeploy.internal.files;

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * The lock on a file, which one holder on this machine has at a time. The operating system takes it
 * back when the process ends, however it ends. The file stays. Thread-safe.
 *
 * <p>Its directory has to be checked by {@link TrustedPath} before. The file is made for this user
 * only: a user who may read a file may lock it, and keep everybody else out.
 *
 * <p>The file is used through {@link RandomAccessFile}, not a channel of its own: a channel is
 * closed, and its lock lost, when a thread that uses it is interrupted.
 */
public final class LockFile implements Closeable {
  /** Past the content, so that others can read that where locks are mandatory. */
  private static final long LOCKED_BYTE = Long.MAX_VALUE - 1;

  private static final int MAX_CONTENT = 4096;
  private static final long PAUSE_MILLIS = 5;

  /**
   * The files that this class has locked. A POSIX lock is lost as soon as its process closes
   * <em>any</em> descriptor of the file, so a second attempt must not even open it.
   */
  private static final Set<Object> HELD = ConcurrentHashMap.newKeySet();

  /**
   * Files that another copy of this class, of another class loader, has locked: for the same reason
   * they must not be closed, and the next attempt uses them again.
   */
  private static final Map<Object, RandomAccessFile> LOCKED_ELSEWHERE = new ConcurrentHashMap<>();

  private final Path path;
  private final Object key;
  private final RandomAccessFile file;

  private LockFile(Path path, Object key, RandomAccessFile file) {
    this.path = path;
    this.key = key;
    this.file = file;
  }

  /** A refusal because somebody else holds the lock. */
  public static final class HeldException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String holder;

    HeldException(Path path, String holder) {
      super(path + " is locked by " + holder);
      this.holder = holder;
    }

    /**
     * Returns who holds the lock, as "process 4711".
     *
     * @return the holder
     */
    public String holder() {
      return holder;
    }
  }

  /**
   * Takes a lock.
   *
   * @param path the file, which is made if needed
   * @return the lock
   * @throws HeldException if somebody else has it
   * @throws IOException if the file cannot be used
   */
  public static LockFile acquire(Path path) throws IOException {
    create(path);
    Object key = key(path);
    if (!HELD.add(key)) {
      throw new HeldException(path, thisProcess());
    }
    RandomAccessFile locked = null;
    try {
      locked = lock(path, key);
      return new LockFile(path, key, locked);
    } finally {
      if (locked == null) {
        HELD.remove(key);
      }
    }
  }

  /**
   * Takes a lock that is only ever held for moments.
   *
   * @param path the file, which is made if needed
   * @param limit the longest wait
   * @return the lock
   * @throws HeldException if somebody else still has it
   * @throws IOException if the file cannot be used
   */
  public static LockFile await(Path path, Duration limit) throws IOException {
    long end = System.nanoTime() + limit.toNanos();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return acquire(path);
        } catch (HeldException e) {
          if (System.nanoTime() - end >= 0) {
            throw e;
          }
        }
        try {
          Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static void create(Path path) throws IOException {
    try {
      if (FileFacts.available(path)) {
        Files.createFile(path, TrustedPath.ownerOnly("rw-------"));
      } else {
        Files.createFile(path);
      }
    } catch (FileAlreadyExistsException e) {
      TrustedPath.checkFile(path);
    }
  }

  /** The same for every path that leads to the file. */
  private static Object key(Path path) throws IOException {
    Object fileKey = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    return fileKey != null ? fileKey : path.toRealPath();
  }

  private static RandomAccessFile lock(Path path, Object key) throws IOException {
    RandomAccessFile known = LOCKED_ELSEWHERE.remove(key);
    RandomAccessFile file = known != null ? known : new RandomAccessFile(path.toFile(), "rw");
    boolean keep = false;
    try {
      FileLock lock = file.getChannel().tryLock(LOCKED_BYTE, 1, false);
      if (lock == null) {
        throw new HeldException(path, holder(path, file));
      }
      keep = true;
      return file;
    } catch (OverlappingFileLockException e) {
      keep = true;
      LOCKED_ELSEWHERE.put(key, file);
      throw new HeldException(path, thisProcess());
    } finally {
      if (!keep) {
        file.close();
      }
    }
  }

  private static String holder(Path path, RandomAccessFile file) throws IOException {
    String[] lines = read(file).strip().split("\n", -1);
    String pid = lines[lines.length - 1].strip();
    String holder = pid.matches("[0-9]{1,10}") ? "process " + pid : "another process";
    FileFacts facts = FileFacts.available(path) ? FileFacts.of(path) : null;
    return facts == null || (facts.mode() & 0077) == 0
        ? holder
        : holder + ", or by whoever may open " + path + " (mode " + facts.describeMode() + ")";
  }

  private static String thisProcess() {
    return "another engine in this process (" + ProcessHandle.current().pid() + ")";
  }

  /**
   * Returns the content of the file.
   *
   * @return at most some kilobytes of it
   * @throws IOException if it cannot be read
   */
  public String read() throws IOException {
    return read(file);
  }

  private static String read(RandomAccessFile file) throws IOException {
    byte[] content = new byte[MAX_CONTENT];
    file.seek(0);
    int length = 0;
    for (int n = 0; n >= 0 && length < content.length; length += Math.max(0, n)) {
      n = file.read(content, length, content.length - length);
    }
    return new String(content, 0, length, StandardCharsets.ISO_8859_1);
  }

  /**
   * Replaces the content of the file, and makes it durable.
   *
   * @param content the new content
   * @throws IOException if it cannot be written
   */
  public void write(String content) throws IOException {
    file.setLength(0);
    file.seek(0);
    file.write(content.getBytes(StandardCharsets.ISO_8859_1));
    file.getFD().sync();
  }

  /** Writes the id of this process into the file, for people; the lock counts without it too. */
  public void writeHolder() {
    writeHolder("");
  }

  /**
   * Writes the id of this process into the file, for people; the lock counts without it too.
   *
   * @param before the lines to put before it
   */
  public void writeHolder(String before) {
    try {
      file.setLength(0);
      file.seek(0);
      String content = before + ProcessHandle.current().pid() + "\n";
      file.write(content.getBytes(StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      // On a full disk the next one is told "another process" without its number.
    }
  }

  /**
   * Makes the file look new to programs that delete old ones.
   *
   * @throws IOException if it cannot be written
   */
  public void touch() throws IOException {
    long length = file.length();
    file.setLength(length + 1);
    file.setLength(length);
  }

  /**
   * Returns the file.
   *
   * @return its path
   */
  public Path path() {
    return path;
  }

  /** Deletes the file; the lock is held until it is closed. */
  void delete() throws IOException {
    Files.deleteIfExists(path);
  }

  /** Gives the lock back. */
  @Override
  public void close() throws IOException {
    try {
      file.close();
    } finally {
      HELD.remove(key);
    }
  }

  /**
   * Takes a lock, or tells who has it as an error of its own.
   *
   * @param path the file, which is made if needed
   * @param inUse makes the error from the holder
   * @return the lock
   * @throws IOException if the file cannot be used
   */
  public static LockFile acquire(Path path, Function<String, ? extends RuntimeException> inUse)
      throws IOException {
    try {
      return acquire(path);
    } catch (HeldException e) {
      throw inUse.apply(e.holder());
    }
  }
}
