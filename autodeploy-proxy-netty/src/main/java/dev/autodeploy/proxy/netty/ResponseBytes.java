package dev.autodeploy.proxy.netty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.autodeploy.proxy.gateway.HttpHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/** Writes the heads of messages byte by byte, so that every name and value passes as it is. */
final class ResponseBytes {
  private static final byte[] LINE_END = {'\r', '\n'};

  /** The time of the last response, by the second. */
  private static volatile Stamp stamp = new Stamp(0, "");

  private record Stamp(long second, String text) {}

  private ResponseBytes() {}

  /**
   * Returns the head of a response.
   *
   * @param allocator makes the buffer
   * @param status the status code
   * @param reason the reason phrase, or null for the usual one
   * @param headers the header fields
   */
  static ByteBuf head(
      ByteBufAllocator allocator, int status, @Nullable String reason, HttpHeaders headers) {
    ByteBuf out = allocator.buffer(512);
    String phrase = reason == null ? HttpResponseStatus.valueOf(status).reasonPhrase() : reason;
    text(out, "HTTP/1.1 " + status + " " + phrase);
    out.writeBytes(LINE_END);
    if (headers.first("Date") == null) {
      text(out, "Date: " + now());
      out.writeBytes(LINE_END);
    }
    fields(out, headers);
    return out.writeBytes(LINE_END);
  }

  /** Writes header fields, without the empty line at their end. */
  static void fields(ByteBuf out, HttpHeaders headers) {
    for (int i = 0; i < headers.size(); i++) {
      text(out, headers.name(i));
      out.writeByte(':').writeByte(' ');
      text(out, headers.value(i));
      out.writeBytes(LINE_END);
    }
  }

  static void text(ByteBuf out, String text) {
    out.writeCharSequence(text, ISO_8859_1);
  }

  /** Returns what stands before a chunk. */
  static ByteBuf chunkSize(ByteBufAllocator allocator, int size) {
    ByteBuf out = allocator.buffer(16);
    text(out, Integer.toHexString(size));
    return out.writeBytes(LINE_END);
  }

  static ByteBuf lineEnd(ByteBufAllocator allocator) {
    return allocator.buffer(2).writeBytes(LINE_END);
  }

  /** Returns the end of a body in chunks, with the fields behind it. */
  static ByteBuf lastChunk(ByteBufAllocator allocator, HttpHeaders trailers) {
    ByteBuf out = allocator.buffer(8);
    text(out, "0\r\n");
    fields(out, trailers);
    return out.writeBytes(LINE_END);
  }

  /** Returns the head of what comes before a response. */
  static ByteBuf interim(ByteBufAllocator allocator, int status, HttpHeaders headers) {
    ByteBuf out = allocator.buffer(64);
    text(out, "HTTP/1.1 " + status + " " + HttpResponseStatus.valueOf(status).reasonPhrase());
    out.writeBytes(LINE_END);
    fields(out, headers);
    return out.writeBytes(LINE_END);
  }

  static String now() {
    Instant now = Instant.now();
    Stamp known = stamp;
    if (known.second != now.getEpochSecond()) {
      known =
          new Stamp(
              now.getEpochSecond(),
              DateTimeFormatter.RFC_1123_DATE_TIME.format(now.atOffset(ZoneOffset.UTC)));
      stamp = known;
    }
    return known.text;
  }
}
