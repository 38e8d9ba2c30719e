package dev.autodeploy.proxy.netty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CodingErrorAction;

/**
 * A text that is composed again and again in the same memory, and written as one byte for each
 * char; a char that is no byte becomes {@code ?}, never the byte that its lower half would be, as
 * that may be the end of a line. Used by one thread.
 */
final class Latin1Text {
  private final CharsetEncoder encoder =
      ISO_8859_1
          .newEncoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);

  private final StringBuilder text;
  private CharBuffer chars;
  private ByteBuffer bytes;

  Latin1Text(int capacity) {
    text = new StringBuilder(capacity);
    chars = CharBuffer.allocate(capacity);
    bytes = ByteBuffer.allocate(capacity);
  }

  Latin1Text append(String part) {
    text.append(part);
    return this;
  }

  Latin1Text append(char part) {
    text.append(part);
    return this;
  }

  Latin1Text append(long part) {
    text.append(part);
    return this;
  }

  int length() {
    return text.length();
  }

  int capacity() {
    return text.capacity();
  }

  void clear() {
    text.setLength(0);
  }

  /** Writes the text to a buffer, which has the room. */
  ByteBuf writeTo(ByteBuf out) {
    int length = text.length();
    if (length > chars.capacity()) {
      chars = CharBuffer.allocate(text.capacity());
      bytes = ByteBuffer.allocate(text.capacity());
    }
    text.getChars(0, length, chars.array(), 0);
    encoder.reset().encode(chars.clear().limit(length), bytes.clear(), true);
    return out.writeBytes(bytes.array(), 0, bytes.position());
  }
}
