package dev.autodeploy.proxy.netty;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The messages that a client has sent behind its current exchange, oldest first. Their bytes count
 * as read ahead until they are taken or dropped. Used on the connection's loop.
 */
final class DeferredMessages {
  private static final int MAX_BYTES = 64 * 1024;
  private static final int MAX_MESSAGES = 64;

  /** The bytes that one client may send ahead where all together have used up the memory for it. */
  private static final int FREE = 8 * 1024;

  /** The bytes that a field of a head takes beside its text. */
  private static final int FIELD = 100;

  /** No messages, as few clients send ahead; nothing is ever added to it. */
  private static final Deque<Object> NONE = new ArrayDeque<>(0);

  private final ReadAhead readAhead;
  private Deque<Object> messages = NONE;
  private boolean used;
  private long bytes;
  private long partial;

  DeferredMessages(ReadAhead readAhead) {
    this.readAhead = readAhead;
  }

  void add(Object message) {
    if (!used) {
      used = true;
      messages = new ArrayDeque<>();
    }
    Object kept = settled(message);
    messages.add(kept);
    count(kept, 1);
  }

  /** A piece of a body may be a byte of a large buffer, which it keeps. */
  private static Object settled(Object message) {
    if (!(message instanceof HttpContent content) || !content.content().isReadable()) {
      return message;
    }
    ByteBuf piece = content.content();
    if (WaitingBytes.isMostOfItsBuffer(piece)) {
      return message;
    }
    HttpContent own =
        content.replace(piece.alloc().buffer(piece.readableBytes()).writeBytes(piece));
    piece.release();
    return own;
  }

  /** Takes the oldest one; null if there is none. */
  @Nullable Object next() {
    Object message = messages.poll();
    count(message, -1);
    return message;
  }

  private void count(@Nullable Object message, int sign) {
    long size = sign * size(message);
    bytes += size;
    readAhead.add(size);
  }

  private static long size(@Nullable Object message) {
    if (message instanceof LastHttpContent last) {
      return last.content().readableBytes() + size(last.trailingHeaders());
    }
    if (message instanceof HttpContent content) {
      return content.content().readableBytes();
    }
    return message instanceof HttpRequest request
        ? request.uri().length() + size(request.headers())
        : 0;
  }

  private static long size(HttpHeaders fields) {
    long size = 0;
    for (Map.Entry<String, String> field : fields) {
      size += field.getKey().length() + field.getValue().length() + FIELD;
    }
    return size;
  }

  /** Notes how many bytes have come that are no whole message yet. */
  void partial(long now) {
    readAhead.add(now - partial);
    partial = now;
  }

  /** Returns whether there is no memory for what this client has sent ahead. */
  boolean isTooMuch() {
    return bytes + partial > FREE && readAhead.isUsedUp();
  }

  /** Returns the oldest one, which stays; null if there is none. */
  @Nullable Object peek() {
    return messages.peek();
  }

  boolean isEmpty() {
    return messages.isEmpty();
  }

  /** Returns whether so many wait that no more are to be read. */
  boolean isFull() {
    return bytes > MAX_BYTES || messages.size() > MAX_MESSAGES;
  }

  /** Releases all of them. */
  void drop() {
    partial(0);
    for (Object next = next(); next != null; next = next()) {
      ReferenceCountUtil.release(next);
    }
  }
}
