package dev.autodeploy.benchmarks.websocket;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The binary messages of RFC 6455, each in one frame. */
final class Frames {
  private static final int WHOLE_BINARY = 0x82;
  private static final int MASKED = 0x80;
  private static final int SHORT_LENGTH = 126;
  private static final int LONG_LENGTH = 127;

  private Frames() {}

  /** Returns the bytes of a message; a client's is masked, with zeros, which changes nothing. */
  static byte[] frame(byte[] message, boolean client) {
    int length = message.length;
    ByteBuffer frame = ByteBuffer.allocate(14 + length).put((byte) WHOLE_BINARY);
    int mask = client ? MASKED : 0;
    if (length < SHORT_LENGTH) {
      frame.put((byte) (mask | length));
    } else if (length < 1 << 16) {
      frame.put((byte) (mask | SHORT_LENGTH)).putShort((short) length);
    } else {
      frame.put((byte) (mask | LONG_LENGTH)).putLong(length);
    }
    if (client) {
      frame.putInt(0);
    }
    frame.put(message).flip();
    byte[] bytes = new byte[frame.remaining()];
    frame.get(bytes);
    return bytes;
  }

  /** Reads a message. */
  static byte[] read(DataInputStream in) throws IOException {
    int first = in.readUnsignedByte();
    if (first != WHOLE_BINARY) {
      throw new IOException("a frame begins with " + first);
    }
    int second = in.readUnsignedByte();
    int length = second & ~MASKED;
    if (length == SHORT_LENGTH) {
      length = in.readUnsignedShort();
    } else if (length == LONG_LENGTH) {
      length = Math.toIntExact(in.readLong());
    }
    if ((second & MASKED) != 0 && in.readInt() != 0) {
      throw new IOException("the mask was changed on the way");
    }
    byte[] message = in.readNBytes(length);
    if (message.length < length) {
      throw new EOFException("the connection ended within a message");
    }
    return message;
  }

  /** Reads the lines of a head and returns them. */
  static String head(DataInputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      head.append((char) in.readUnsignedByte());
    }
    return head.toString();
  }
}
