package dev.autodeploy.docker;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The first entry of a tar archive, which is how a daemon hands out a file of a container.
 *
 * @param text the beginning of a regular file, else an empty text
 * @param link what a symbolic link points to, or null
 */
record ArchivedFile(String text, @Nullable String link) {
  private static final int HEADER = 512;
  private static final int NAME_LENGTH = 100;
  private static final int SIZE_AT = 124;
  private static final int SIZE_LENGTH = 12;
  private static final int TYPE_AT = 156;
  private static final int LINK_AT = 157;

  static ArchivedFile read(InputStream in, int limit) throws IOException {
    byte[] header = in.readNBytes(HEADER);
    if (header.length < HEADER) {
      return new ArchivedFile("", null);
    }
    if (header[TYPE_AT] == '2') {
      return new ArchivedFile("", text(header, LINK_AT, NAME_LENGTH));
    }
    if (header[TYPE_AT] != '0' && header[TYPE_AT] != 0) {
      return new ArchivedFile("", null);
    }
    String octal = text(header, SIZE_AT, SIZE_LENGTH).strip();
    long size = octal.matches("[0-7]{1,12}") ? Long.parseLong(octal, 8) : limit;
    byte[] content = in.readNBytes((int) Math.min(size, limit));
    return new ArchivedFile(new String(content, StandardCharsets.ISO_8859_1), null);
  }

  private static String text(byte[] header, int at, int length) {
    int end = at;
    while (end < at + length && header[end] != 0) {
      end++;
    }
    return new String(header, at, end - at, StandardCharsets.UTF_8);
  }
}
