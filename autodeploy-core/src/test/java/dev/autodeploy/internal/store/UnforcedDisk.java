package dev.autodeploy.internal.store;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;

/** This machine's files without waiting for the disk, for tests that open a store very often. */
final class UnforcedDisk implements Disk {
  private final Disk real = RealDisk.INSTANCE;

  @Override
  public void createDirectory(Path directory) throws IOException {
    real.createDirectory(directory);
  }

  @Override
  public Closeable lock(Path directory) throws IOException {
    return real.lock(directory);
  }

  @Override
  public InputStream read(Path file) throws IOException {
    return real.read(file);
  }

  @Override
  public List<String> list(Path directory) throws IOException {
    return RealDisk.INSTANCE.list(directory);
  }

  @Override
  public OpenFile open(Path file) throws IOException {
    OpenFile opened = real.open(file);
    return new OpenFile() {
      @Override
      public long length() throws IOException {
        return opened.length();
      }

      @Override
      public void write(long position, byte[] bytes) throws IOException {
        opened.write(position, bytes);
      }

      @Override
      public void truncate(long length) throws IOException {
        opened.truncate(length);
      }

      @Override
      public void force() {}

      @Override
      public void close() throws IOException {
        opened.close();
      }
    };
  }

  @Override
  public void replace(Path from, Path to) throws IOException {
    real.replace(from, to);
  }

  @Override
  public void delete(Path file) throws IOException {
    real.delete(file);
  }

  @Override
  public void forceDirectory(Path directory) {}
}
