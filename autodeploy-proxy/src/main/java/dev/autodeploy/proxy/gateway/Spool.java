package dev.autodeploy.proxy.gateway;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The bytes of an answer that is kept: the first in memory, and a long one in a file. */
final class Spool extends OutputStream {
  /** The bytes that are kept in memory. */
  static final int IN_MEMORY = 64 * 1024;

  private final SpoolDirectory directory;
  private final long max;
  private final ByteArrayOutputStream memory = new ByteArrayOutputStream();
  private @Nullable Path file;
  private @Nullable OutputStream out;
  private long length;
  private long onDisk;
  private boolean deleted;

  /**
   * Creates an empty one.
   *
   * @param directory where its file is made
   * @param max how many bytes it may have
   */
  Spool(SpoolDirectory directory, long max) {
    this.directory = directory;
    this.max = max;
  }

  synchronized long length() {
    return length;
  }

  synchronized boolean isDeleted() {
    return deleted;
  }

  @Override
  public void write(int one) throws IOException {
    write(new byte[] {(byte) one}, 0, 1);
  }

  @Override
  public synchronized void write(byte[] bytes, int offset, int count) throws IOException {
    if (deleted || length + count > max) {
      throw new IOException("the answer is longer than " + max + " bytes, or nobody wants it");
    }
    if (out == null && length + count > IN_MEMORY) {
      take(length);
      Path made = directory.newFile();
      file = made;
      out = Files.newOutputStream(made);
      memory.writeTo(out);
      memory.reset();
    }
    if (out == null) {
      memory.write(bytes, offset, count);
    } else {
      take(count);
      out.write(bytes, offset, count);
    }
    length += count;
  }

  private void take(long count) throws IOException {
    directory.take(count);
    onDisk += count;
  }

  @Override
  public synchronized void close() throws IOException {
    if (out != null) {
      out.close();
    }
  }

  /** Begins again with other bytes, which are few. */
  synchronized void restart() throws IOException {
    boolean before = deleted;
    delete();
    deleted = before;
    file = null;
    out = null;
    length = 0;
  }

  /**
   * Returns the bytes, from the first.
   *
   * @throws IOException if they were deleted
   */
  synchronized InputStream open() throws IOException {
    if (deleted) {
      throw new IOException("the answer was deleted");
    }
    Path kept = file;
    return kept == null
        ? new ByteArrayInputStream(memory.toByteArray())
        : Files.newInputStream(kept);
  }

  /** Forgets the bytes; who reads them already gets them to their end. */
  synchronized void delete() throws IOException {
    deleted = true;
    memory.reset();
    if (out != null) {
      out.close();
    }
    directory.giveBack(onDisk);
    onDisk = 0;
    if (file != null) {
      Files.deleteIfExists(file);
    }
  }
}
