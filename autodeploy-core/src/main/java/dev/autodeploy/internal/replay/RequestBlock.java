package dev.autodeploy.internal.replay;

import dev.autodeploy.replay.Traffic;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Some thousand requests in a few bytes each: the milliseconds from the one before, and those for
 * which an instance was busy, as numbers of variable length. Its document is a head, the requests
 * and a checksum.
 */
final class RequestBlock {
  private static final int VERSION = 1;
  private static final int HEAD = 1 + Long.BYTES + Integer.BYTES;
  private static final int CHECKSUM = Long.BYTES;

  /** Two numbers of ten bytes: the largest request. */
  private static final int LARGEST = 20;

  static final int MOST = 16 * 1024;

  private final long createdAt;
  private final int number;
  private byte[] bytes = new byte[64];
  private int length;
  private long last;

  /**
   * Makes an empty one.
   *
   * @param createdAt when the deployment was made, in milliseconds
   * @param number the place in the order of its blocks
   */
  RequestBlock(long createdAt, int number) {
    this.createdAt = createdAt;
    this.number = number;
  }

  int number() {
    return number;
  }

  boolean isFull() {
    return length > MOST - HEAD - CHECKSUM - LARGEST;
  }

  /** Adds a request; times are in milliseconds. */
  void add(long at, long busy, boolean gaveUp) {
    if (bytes.length - length < LARGEST) {
      bytes = Arrays.copyOf(bytes, 2 * bytes.length);
    }
    long step = at - last;
    last = at;
    put((step << 1) ^ (step >> 63));
    put((busy << 1) | (gaveUp ? 1 : 0));
  }

  private void put(long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      bytes[length++] = (byte) ((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    bytes[length++] = (byte) rest;
  }

  byte[] document() {
    ByteBuffer out = ByteBuffer.allocate(HEAD + length + CHECKSUM);
    out.put((byte) VERSION).putLong(createdAt).putInt(number).put(bytes, 0, length);
    return out.putLong(checksum(out.array(), HEAD + length)).array();
  }

  private static long checksum(byte[] document, int length) {
    CRC32 crc = new CRC32();
    crc.update(document, 0, length);
    return crc.getValue();
  }

  /**
   * Reads a document.
   *
   * @return the block, or null if it is of an earlier deployment of the name
   * @throws IOException if it is damaged
   */
  static @Nullable RequestBlock read(byte[] document, long createdAt) throws IOException {
    int end = document.length - CHECKSUM;
    if (end < HEAD
        || ByteBuffer.wrap(document).getLong(end) != checksum(document, end)
        || document[0] != VERSION) {
      throw new IOException("it is not whole, or of another version");
    }
    ByteBuffer in = ByteBuffer.wrap(document, 1, end - 1);
    if (in.getLong() != createdAt) {
      return null;
    }
    RequestBlock block = new RequestBlock(createdAt, in.getInt());
    block.bytes = Arrays.copyOfRange(document, HEAD, end);
    block.length = end - HEAD;
    return block;
  }

  /** Adds its requests to others. */
  void addTo(Traffic.Builder traffic) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(bytes, 0, length);
    long at = 0;
    try {
      while (in.hasRemaining()) {
        long step = number(in);
        at += (step >>> 1) ^ -(step & 1);
        long busy = number(in);
        Instant moment = Instant.ofEpochMilli(at);
        Duration duration = Duration.ofMillis(busy >>> 1);
        if ((busy & 1) == 0) {
          traffic.add(moment, duration);
        } else {
          traffic.addGivenUp(moment, duration);
        }
      }
    } catch (BufferUnderflowException e) {
      throw new IOException("it ends within a request", e);
    }
  }

  private static long number(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      byte next = in.get();
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        break;
      }
    }
    return value;
  }
}
