package dev.autodeploy.benchmarks.streams;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/**
 * A body of 4 GiB in which every block of 64 KiB begins with its number and goes on with the same
 * random bytes, so that it is quick to check that each byte is in its place.
 */
final class Body {
  static final long LENGTH = 4L << 30;
  private static final int BLOCK = 64 * 1024;
  private static final byte[] PATTERN = pattern();

  private final byte[] block = new byte[BLOCK];
  private final byte[] expected = PATTERN.clone();
  private int filled;
  private long count;
  private boolean damaged;

  private static byte[] pattern() {
    byte[] pattern = new byte[BLOCK];
    new Random(1).nextBytes(pattern);
    return pattern;
  }

  static void write(OutputStream out) throws IOException {
    byte[] block = PATTERN.clone();
    for (long i = 0; i < LENGTH / BLOCK; i++) {
      ByteBuffer.wrap(block).putLong(0, i);
      out.write(block);
    }
  }

  static void writeChunks(OutputStream out) throws IOException {
    byte[] size =
        (Integer.toHexString(BLOCK) + "\r\n").getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    byte[] chunk = Arrays.copyOf(size, size.length + BLOCK + 2);
    System.arraycopy(PATTERN, 0, chunk, size.length, BLOCK);
    chunk[chunk.length - 2] = '\r';
    chunk[chunk.length - 1] = '\n';
    for (long i = 0; i < LENGTH / BLOCK; i++) {
      ByteBuffer.wrap(chunk).putLong(size.length, i);
      out.write(chunk);
    }
    Wire.write(out, "0\r\n\r\n");
  }

  void read(InputStream in, long length) throws IOException {
    long left = length;
    while (left > 0) {
      int n = in.read(block, filled, (int) Math.min(left, BLOCK - filled));
      if (n < 0) {
        throw new EOFException("cut off after " + count + " bytes");
      }
      left -= n;
      filled += n;
      if (filled == BLOCK) {
        ByteBuffer.wrap(expected).putLong(0, count / BLOCK);
        damaged |= !Arrays.equals(block, expected);
        count += filled;
        filled = 0;
      }
    }
  }

  void readChunks(InputStream in) throws IOException {
    for (long size = size(in); size > 0; size = size(in)) {
      read(in, size);
      Wire.line(in);
    }
    Wire.line(in);
  }

  private static long size(InputStream in) throws IOException {
    return Long.parseLong(Wire.line(in), 16);
  }

  /** Says what is wrong with the body, or that nothing is. */
  String result() {
    count += filled;
    return damaged
        ? "damaged"
        : count == LENGTH ? "right" : "wrong length: " + count + " of " + LENGTH;
  }
}
