package dev.autodeploy.internal.store;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.files.LockFile;
import dev.autodeploy.internal.files.TrustedPath;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The files of this machine.
 *
 * <p>Files are written through {@link RandomAccessFile}, not a channel: a channel is closed when
 * its thread is interrupted, and what an engine records while it shuts down must not be lost.
 */
final class RealDisk implements Disk {
  private static final String LOCK = "lock";

  /** The content of the lock: its last holder, or what a loss of power left of it. */
  private static final Pattern HOLDER = Pattern.compile("[0-9\\s\0]*");

  static final RealDisk INSTANCE = new RealDisk();

  private RealDisk() {}

  @Override
  public void createDirectory(Path directory) throws IOException {
    TrustedPath.check(directory, TrustedPath.LastLink.FOLLOWED);
    make(directory);
    TrustedPath.check(directory, TrustedPath.LastLink.FOLLOWED);
  }

  private void make(Path directory) throws IOException {
    if (Files.isDirectory(directory)) {
      return;
    }
    Path parent = directory.getParent();
    if (parent != null) {
      make(parent);
    }
    try {
      Files.createDirectory(directory, permissions(directory, "rwx------"));
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(directory)) {
        throw e;
      }
    }
    if (parent != null) {
      forceDirectory(parent);
    }
  }

  @Override
  public Closeable lock(Path directory) throws IOException {
    LockFile lock = LockFile.acquire(directory.resolve(LOCK), holder -> inUse(directory, holder));
    if (!HOLDER.matcher(lock.read()).matches()) {
      lock.close();
      throw Failures.failed(
          lock.path() + " is not a lock of AutoDeploy: move it away, or use another directory");
    }
    lock.writeHolder();
    return lock;
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

  @Override
  public InputStream read(Path file) throws IOException {
    TrustedPath.checkFile(file);
    return Files.newInputStream(file);
  }

  @Override
  public List<String> list(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  @Override
  public OpenFile open(Path file) throws IOException {
    return new RealFile(openOwnerOnly(file));
  }

  /** Opens a file to be read and written, and makes it with permissions for its owner only. */
  static RandomAccessFile openOwnerOnly(Path file) throws IOException {
    try {
      Files.createFile(file, permissions(file, "rw-------"));
    } catch (FileAlreadyExistsException e) {
      TrustedPath.checkFile(file);
    }
    return new RandomAccessFile(file.toFile(), "rw");
  }

  @Override
  public void replace(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void delete(Path file) throws IOException {
    Files.deleteIfExists(file);
  }

  /** Only POSIX systems have this; others keep names and their order by themselves. */
  @Override
  public void forceDirectory(Path directory) throws IOException {
    if (!isPosix(directory)) {
      return;
    }
    boolean interrupted = false;
    try {
      while (!forced(directory)) {
        interrupted |= Thread.interrupted();
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static boolean forced(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
      return true;
    } catch (ClosedByInterruptException e) {
      return false;
    }
  }

  private static FileAttribute<?>[] permissions(Path file, String permissions) {
    return isPosix(file)
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }

  private static boolean isPosix(Path file) {
    return file.getFileSystem().supportedFileAttributeViews().contains("posix");
  }

  private record RealFile(RandomAccessFile file) implements OpenFile {
    @Override
    public long length() throws IOException {
      return file.length();
    }

    @Override
    public void write(long position, byte[] bytes) throws IOException {
      file.seek(position);
      file.write(bytes);
    }

    @Override
    public void truncate(long length) throws IOException {
      file.setLength(length);
    }

    @Override
    public void force() throws IOException {
      file.getFD().sync();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
