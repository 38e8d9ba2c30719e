package dev.autodeploy.internal.store;

import dev.autodeploy.spi.Notes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Documents in files of a directory. One is replaced as a whole, but not made durable: what a loss
 * of power takes away is learned again.
 */
final class FileNotes implements Notes {
  private static final String UNFINISHED = ".tmp";
  private static final int LONGEST = 1 << 20;

  private final ReentrantLock lock = new ReentrantLock();
  private final Path directory;
  private final Disk disk;
  private boolean made;

  FileNotes(Path directory, Disk disk) {
    this.directory = directory;
    this.disk = disk;
  }

  @Override
  public Set<String> names() {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.endsWith(UNFINISHED))
          .collect(Collectors.toUnmodifiableSet());
    } catch (NoSuchFileException e) {
      return Set.of();
    } catch (IOException e) {
      throw failed("cannot list", directory, e);
    }
  }

  @Override
  public Optional<byte[]> read(String name) {
    Path file = directory.resolve(name);
    try (InputStream in = disk.read(file)) {
      return Optional.of(in.readNBytes(LONGEST));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw failed("cannot read", file, e);
    }
  }

  @Override
  public void write(String name, byte[] content) {
    Path file = directory.resolve(name);
    Path next = directory.resolve(name + UNFINISHED);
    lock.lock();
    try {
      if (!made) {
        disk.createDirectory(directory);
        made = true;
      }
      try (Disk.OpenFile out = disk.open(next)) {
        out.truncate(0);
        out.write(0, content);
      }
      disk.replace(next, file);
    } catch (IOException e) {
      throw failed("cannot write", file, e);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void remove(String name) {
    try {
      disk.delete(directory.resolve(name));
    } catch (IOException e) {
      throw failed("cannot remove", directory.resolve(name), e);
    }
  }

  private static RuntimeException failed(String what, Path path, Exception e) {
    return Failures.failed(what + " " + path + ": " + e, e);
  }
}
