package dev.autodeploy.internal.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;

/**
 * Reads files of ours that a program of the same user may have replaced: by a pipe that nobody
 * writes to, a link, a device, or gigabytes. None of them makes a reader wait or fills its memory.
 */
public final class RegularFile {
  private RegularFile() {}

  /**
   * Returns the beginning of a file.
   *
   * @param file the file
   * @param max the bytes that are read at most
   * @return what was read
   * @throws IOException if it is missing, or no regular file, or cannot be read
   */
  public static byte[] head(Path file, int max) throws IOException {
    try (FileChannel channel = open(file)) {
      return read(channel, 0, (int) Math.min(max, channel.size()));
    }
  }

  /**
   * Returns the end of a file.
   *
   * @param file the file
   * @param max the bytes that are read at most
   * @return what was read
   * @throws IOException if it is missing, or no regular file, or cannot be read
   */
  public static byte[] tail(Path file, int max) throws IOException {
    try (FileChannel channel = open(file)) {
      long from = Math.max(0, channel.size() - max);
      return read(channel, from, (int) Math.min(max, channel.size() - from));
    }
  }

  /**
   * Returns a part of a file.
   *
   * @param file the file
   * @param from where it begins
   * @param max the bytes that are read at most
   * @return what was read; empty at the file's end
   * @throws IOException if it is missing, or no regular file, or cannot be read
   */
  public static byte[] part(Path file, long from, int max) throws IOException {
    try (FileChannel channel = open(file)) {
      return read(channel, from, (int) Math.max(0, Math.min(max, channel.size() - from)));
    }
  }

  private static FileChannel open(Path file) throws IOException {
    BasicFileAttributes facts =
        Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!facts.isRegularFile()) {
      throw new UnsafePathException(file + " is not a regular file: something has replaced it");
    }
    // It may become a pipe just now. To open that for writing as well does not wait for a writer,
    // and to read it at a position fails.
    return FileChannel.open(
        file, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
  }

  private static byte[] read(FileChannel channel, long from, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(Math.max(0, bytes));
    while (buffer.hasRemaining() && channel.read(buffer, from + buffer.position()) >= 0) {
      // It may have been cut meanwhile, and then there is less than expected.
    }
    return Arrays.copyOf(buffer.array(), buffer.position());
  }
}
