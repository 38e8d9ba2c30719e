package dev.autodeploy.proxy.netty;

import dev.autodeploy.proxy.gateway.HttpHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.concurrent.FastThreadLocal;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/** Writes the heads of messages byte by byte, so that every name and value passes as it is. */
final class ResponseBytes {
  private static final String LINE_END = "\r\n";
  private static final int MAX_KEPT = 16 * 1024;

  /** The time of the last response, by the second. */
  private static volatile Stamp stamp = new Stamp(0, "");

  private record Stamp(long second, String text) {}

  /** The memory that every head of a loop is composed in, as long as none is very long. */
  private static final FastThreadLocal<Latin1Text> OF_LOOP =
      new FastThreadLocal<>() {
        @Override
        protected Latin1Text initialValue() {
          return new Latin1Text(1024);
        }
      };

  private ResponseBytes() {}

  /**
   * Returns the head of a response.
   *
   * @param allocator makes the buffer
   * @param status the status code
   * @param reason the reason phrase, or null for the usual one
   * @param headers the header fields
   * @param room how many bytes have room behind it
   */
  static ByteBuf head(
      ByteBufAllocator allocator,
      int status,
      @Nullable String reason,
      HttpHeaders headers,
      int room) {
    Latin1Text out = statusLine(status, reason);
    if (headers.first("Date") == null) {
      out.append("Date: ").append(now()).append(LINE_END);
    }
    fields(out, headers);
    return bytes(allocator, out.append(LINE_END), room);
  }

  private static Latin1Text statusLine(int status, @Nullable String reason) {
    String phrase = reason == null ? HttpResponseStatus.valueOf(status).reasonPhrase() : reason;
    return begin().append("HTTP/1.1 ").append(status).append(' ').append(phrase).append(LINE_END);
  }

  /** Returns where a head is composed, empty; nothing else may be until it is written. */
  static Latin1Text begin() {
    Latin1Text known = OF_LOOP.get();
    if (known.capacity() > MAX_KEPT) {
      OF_LOOP.remove();
      known = OF_LOOP.get();
    }
    known.clear();
    return known;
  }

  /** Appends header fields, without the empty line at their end. */
  static void fields(Latin1Text out, HttpHeaders headers) {
    for (int i = 0; i < headers.size(); i++) {
      out.append(headers.name(i)).append(": ").append(headers.value(i)).append(LINE_END);
    }
  }

  /** Returns a text as one byte for each char. */
  static ByteBuf bytes(ByteBufAllocator allocator, Latin1Text text, int room) {
    return text.writeTo(SpareBuffer.take(allocator, text.length() + room));
  }

  /** Returns what stands before a chunk, with room behind it. */
  static ByteBuf chunkSize(ByteBufAllocator allocator, int size, int room) {
    return bytes(allocator, begin().append(Integer.toHexString(size)).append(LINE_END), room);
  }

  static ByteBuf lineEnd(ByteBufAllocator allocator) {
    return lineEnd(allocator.buffer(LINE_END.length()));
  }

  /** Writes the end of a line. */
  static ByteBuf lineEnd(ByteBuf out) {
    return out.writeByte('\r').writeByte('\n');
  }

  /** Returns the end of a body in chunks, with the fields behind it. */
  static ByteBuf lastChunk(ByteBufAllocator allocator, HttpHeaders trailers) {
    Latin1Text out = begin().append('0').append(LINE_END);
    fields(out, trailers);
    return bytes(allocator, out.append(LINE_END), 0);
  }

  /** Returns the head of what comes before a response. */
  static ByteBuf interim(ByteBufAllocator allocator, int status, HttpHeaders headers) {
    Latin1Text out = statusLine(status, null);
    fields(out, headers);
    return bytes(allocator, out.append(LINE_END), 0);
  }

  static String now() {
    long second = System.currentTimeMillis() / 1000;
    Stamp known = stamp;
    if (known.second != second) {
      known =
          new Stamp(
              second,
              DateTimeFormatter.RFC_1123_DATE_TIME.format(
                  Instant.ofEpochSecond(second).atOffset(ZoneOffset.UTC)));
      stamp = known;
    }
    return known.text;
  }
}
