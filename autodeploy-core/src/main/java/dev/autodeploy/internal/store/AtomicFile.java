package dev.autodeploy.internal.store;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A file that is replaced as a whole: a new one is written beside it, made durable, and given its
 * name.
 */
final class AtomicFile {
  private final Path directory;
  private final Path path;
  private final Path next;
  private final Disk disk;

  AtomicFile(Path directory, String name, Disk disk) {
    this.directory = directory;
    this.path = directory.resolve(name);
    this.next = directory.resolve(name + ".tmp");
    this.disk = disk;
  }

  Path path() {
    return path;
  }

  /** Removes a successor that was not finished. */
  void tidyUp() throws IOException {
    disk.delete(next);
  }

  /**
   * Replaces the content. After a failure it is the old or the new one, or there is none if there
   * was none before.
   *
   * @return the new length
   */
  long replace(Content content) throws IOException {
    long length;
    try {
      disk.delete(next);
      try (Disk.OpenFile out = disk.open(next)) {
        Output output = new Output(out);
        content.writeTo(output);
        output.flush();
        out.force();
        length = output.written;
      }
      disk.replace(next, path);
      disk.forceDirectory(directory);
    } catch (IOException e) {
      tidyUpAfter(e);
      throw e;
    }
    return length;
  }

  /** An unfinished file is of no use; if it cannot be removed now, the next replacement does. */
  private void tidyUpAfter(IOException failure) {
    try {
      disk.delete(next);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  /** The new content. */
  interface Content {
    void writeTo(Output out) throws IOException;
  }

  /** A new file that is written from its beginning to its end. */
  static final class Output {
    private static final int PIECE = 1 << 16;

    private final Disk.OpenFile file;
    private final ByteArrayOutputStream piece = new ByteArrayOutputStream();
    private long written;

    private Output(Disk.OpenFile file) {
      this.file = file;
    }

    void write(byte[] bytes) throws IOException {
      piece.writeBytes(bytes);
      if (piece.size() >= PIECE) {
        flush();
      }
    }

    private void flush() throws IOException {
      if (piece.size() > 0) {
        file.write(written, piece.toByteArray());
        written += piece.size();
        piece.reset();
      }
    }
  }
}
