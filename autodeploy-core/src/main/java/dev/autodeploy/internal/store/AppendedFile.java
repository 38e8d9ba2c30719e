package dev.autodeploy.internal.store;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A file of lines to which lines are appended, each durable before the next one begins.
 *
 * <p>A line counts when its line break is durable. The file is opened for each append, so that one
 * that was moved away or truncated meanwhile is noticed; what a failed append has left is cut off
 * before the next one.
 */
final class AppendedFile {
  private final Path directory;
  private final Path path;
  private final Disk disk;

  /** The position up to which lines are durable, or -1 while that is not known. */
  private long length = -1;

  /** True if a failed append may have left something behind {@link #length}. */
  private boolean tailUnknown;

  AppendedFile(Path directory, Path path, Disk disk) {
    this.directory = directory;
    this.path = path;
    this.disk = disk;
  }

  Path path() {
    return path;
  }

  /** Returns whether the file was read, or written as a whole, and not lost track of since. */
  boolean isKnown() {
    return length >= 0;
  }

  /** Forgets what is known of the file, which has to be read before anything is appended. */
  void forget() {
    length = -1;
    tailUnknown = false;
  }

  /** Takes note of a length that is durable. */
  void known(long durable) {
    length = durable;
    tailUnknown = false;
  }

  /**
   * Makes durable what was read, which it is not yet if the process before was killed.
   *
   * @param end where the last whole line ends
   * @param torn whether something is behind it, to be cut off
   */
  void settle(long end, boolean torn) throws IOException {
    try (Disk.OpenFile out = disk.open(path)) {
      if (torn) {
        out.truncate(end);
      }
      out.force();
    }
    known(end);
  }

  /** Cuts off what a failed append has left. */
  void prepare() throws IOException {
    if (tailUnknown) {
      cutTail();
    }
  }

  /** Appends a line; after a failure nothing of it counts. */
  void append(byte[] line) throws IOException {
    try (Disk.OpenFile out = disk.open(path)) {
      if (out.length() != length) {
        throw changed(out.length());
      }
      tailUnknown = true;
      out.write(length, line);
      out.force();
      if (length == 0) {
        disk.forceDirectory(directory); // the file may be new
      }
    } catch (IOException e) {
      if (tailUnknown) {
        cutTailAfter(e);
      }
      throw e;
    }
    tailUnknown = false;
    length += line.length;
  }

  private void cutTailAfter(IOException failure) {
    try {
      cutTail();
    } catch (IOException e) {
      failure.addSuppressed(e); // tried again before the next append
    }
  }

  private void cutTail() throws IOException {
    try (Disk.OpenFile out = disk.open(path)) {
      if (out.length() < length) {
        throw changed(out.length());
      }
      out.truncate(length);
      out.force();
    }
    tailUnknown = false;
  }

  private IOException changed(long actual) {
    return new IOException(
        "it was changed by somebody else: it has " + actual + " bytes, not " + length);
  }

  static byte[] withLineBreak(byte[] json) {
    byte[] line = Arrays.copyOf(json, json.length + 1);
    line[json.length] = '\n';
    return line;
  }
}
