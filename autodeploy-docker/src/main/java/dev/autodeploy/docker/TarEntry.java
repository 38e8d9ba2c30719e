package dev.autodeploy.docker;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An entry of a tar archive, as its bytes are: the header, with those that extend it before it, and
 * how long the content is that follows. In the formats of POSIX and GNU, as daemons write them.
 */
final class TarEntry {
  static final int BLOCK = 512;

  /** The length of the headers of one entry; a path and attributes are far below. */
  private static final int MAX_HEAD = 1 << 20;

  private static final int NAME_LENGTH = 100;
  private static final int SIZE_AT = 124;
  private static final int SIZE_LENGTH = 12;
  private static final int TYPE_AT = 156;
  private static final int MAGIC_AT = 257;
  private static final int PREFIX_AT = 345;
  private static final int PREFIX_LENGTH = 155;

  private final String name;
  private final byte[] head;
  private final long size;

  private TarEntry(String name, byte[] head, long size) {
    this.name = name;
    this.head = head;
    this.size = size;
  }

  /** Returns the path, as the archive has it. */
  String name() {
    return name;
  }

  /** Returns the headers. */
  byte[] head() {
    return head;
  }

  /** Returns the length of the content, without what fills its last block. */
  long size() {
    return size;
  }

  /** Returns the length of the content in whole blocks. */
  long paddedSize() {
    return padded(size);
  }

  static long padded(long size) {
    return (size + BLOCK - 1) / BLOCK * BLOCK;
  }

  /**
   * Reads the headers of the next entry.
   *
   * @return the entry, or null at the end of the archive
   * @throws EOFException if the archive ends without its mark, as where its writer has failed
   */
  static @Nullable TarEntry read(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    String name = null;
    Long size = null;
    while (true) {
      byte[] header = in.readNBytes(BLOCK);
      if (header.length < BLOCK) {
        throw new EOFException("the archive ended in the middle");
      }
      if (isEnd(header)) {
        return null;
      }
      head.write(header);
      char type = (char) header[TYPE_AT];
      if ("xgLK".indexOf(type) < 0) {
        long own = size == null ? number(header, SIZE_AT, SIZE_LENGTH) : size;
        return new TarEntry(
            name == null ? name(header) : name, head.toByteArray(), hasContent(type) ? own : 0);
      }
      long length = number(header, SIZE_AT, SIZE_LENGTH);
      if (length < 0 || head.size() + padded(length) > MAX_HEAD) {
        throw new IOException("the archive has an entry whose headers are too long");
      }
      byte[] content = in.readNBytes((int) padded(length));
      if (content.length < padded(length)) {
        throw new EOFException("the archive ended in the middle");
      }
      head.write(content);
      if (type == 'L') {
        name = text(content, 0, (int) length);
      } else if (type == 'x') {
        byte[] records = Arrays.copyOf(content, (int) length);
        String path = attribute(records, "path");
        name = path == null ? name : path;
        String digits = attribute(records, "size");
        size = digits == null ? size : Long.valueOf(digits);
      }
    }
  }

  /** Links, directories and devices have none, whatever their headers say. */
  private static boolean hasContent(char type) {
    return "123456".indexOf(type) < 0;
  }

  private static boolean isEnd(byte[] header) {
    for (byte each : header) {
      if (each != 0) {
        return false;
      }
    }
    return true;
  }

  /** A record is {@code <length> <key>=<value>\n}, and its length counts bytes. */
  private static @Nullable String attribute(byte[] bytes, String key) throws IOException {
    int at = 0;
    while (at < bytes.length) {
      int blank = at;
      while (blank < bytes.length && bytes[blank] != ' ') {
        blank++;
      }
      String digits = new String(bytes, at, blank - at, StandardCharsets.US_ASCII);
      int length = digits.matches("[0-9]{1,7}") ? Integer.parseInt(digits) : 0;
      if (length <= blank - at + 1 || length > bytes.length - at) {
        throw new IOException("the archive has an entry whose headers cannot be read");
      }
      String record = new String(bytes, blank + 1, at + length - blank - 2, StandardCharsets.UTF_8);
      if (record.startsWith(key + "=")) {
        return record.substring(key.length() + 1);
      }
      at += length;
    }
    return null;
  }

  private static String name(byte[] header) {
    String own = text(header, 0, NAME_LENGTH);
    boolean posix = text(header, MAGIC_AT, 6).equals("ustar") && header[MAGIC_AT + 5] == 0;
    String prefix = posix ? text(header, PREFIX_AT, PREFIX_LENGTH) : "";
    return prefix.isEmpty() ? own : prefix + "/" + own;
  }

  private static String text(byte[] header, int at, int length) {
    int end = at;
    while (end < at + length && header[end] != 0) {
      end++;
    }
    return new String(header, at, end - at, StandardCharsets.UTF_8);
  }

  /** Reads a number: octal digits, or, where these do not suffice, bytes. */
  private static long number(byte[] header, int at, int length) throws IOException {
    if ((header[at] & 0x80) == 0) {
      String octal = text(header, at, length).strip();
      if (!octal.matches("[0-7]{0,12}")) {
        throw new IOException("the archive has an entry whose length cannot be read");
      }
      return octal.isEmpty() ? 0 : Long.parseLong(octal, 8);
    }
    long value = 0;
    for (int i = at + length - 8; i < at + length; i++) {
      value = (value << 8) | (header[i] & 0xff);
    }
    if (value < 0) {
      throw new IOException("the archive has an entry whose length cannot be read");
    }
    return value;
  }

  /** Returns the header of a plain file. */
  static byte[] header(String name, long size) {
    byte[] header = new byte[BLOCK];
    put(header, 0, name);
    put(header, 100, "0000600\0");
    put(header, 108, "0000000\0");
    put(header, 116, "0000000\0");
    if (size < 1L << 33) {
      put(header, SIZE_AT, String.format("%011o\0", size));
    } else {
      header[SIZE_AT] = (byte) 0x80;
      for (int i = 0; i < 8; i++) {
        header[SIZE_AT + SIZE_LENGTH - 1 - i] = (byte) (size >> (8 * i));
      }
    }
    put(header, 136, "00000000000\0");
    header[TYPE_AT] = '0';
    put(header, MAGIC_AT, "ustar  \0");
    Arrays.fill(header, 148, 156, (byte) ' ');
    int sum = 0;
    for (byte each : header) {
      sum += each & 0xff;
    }
    put(header, 148, String.format("%06o\0 ", sum));
    return header;
  }

  private static void put(byte[] header, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, header, at, bytes.length);
  }
}
