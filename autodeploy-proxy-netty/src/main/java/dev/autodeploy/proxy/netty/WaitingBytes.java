package dev.autodeploy.proxy.netty;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that wait to be taken, in pieces, oldest first. A piece may be a byte of a large buffer
 * that was read at once, and keeps all of it: what stays is put into memory of its own, together
 * with what came before it, so that it takes as much as it counts. Used on one loop.
 */
final class WaitingBytes {
  /** The most that is put together; who takes it can go on with it at once. */
  private static final int MAX_TOGETHER = 64 * 1024;

  /** The pieces where there never was one; nothing is ever added to it. */
  private static final Deque<ByteBuf> NONE = new ArrayDeque<>(0);

  private Deque<ByteBuf> pieces = NONE;
  private @Nullable ByteBuf together;
  private long bytes;

  /** Returns how many bytes wait. */
  long bytes() {
    return bytes;
  }

  boolean isEmpty() {
    return pieces.isEmpty();
  }

  /** Adds a piece, which may be taken at once; if it is not, {@link #settle} is to follow. */
  void add(ByteBuf piece) {
    pieces().add(piece);
    bytes += piece.readableBytes();
  }

  /** Puts a piece before all others. */
  void addFirst(ByteBuf piece) {
    pieces().addFirst(piece);
    bytes += piece.readableBytes();
  }

  private Deque<ByteBuf> pieces() {
    if (pieces == NONE) {
      pieces = new ArrayDeque<>();
    }
    return pieces;
  }

  /** Puts the latest piece into memory of its own, if it is still there and a part of more. */
  void settle() {
    ByteBuf latest = pieces.peekLast();
    if (latest == null || latest == together || isMostOfItsBuffer(latest)) {
      return;
    }
    pieces.removeLast();
    int size = latest.readableBytes();
    ByteBuf before = together;
    if (before != null
        && before == pieces.peekLast()
        && before.readableBytes() + size <= MAX_TOGETHER) {
      before.writeBytes(latest);
    } else {
      before = latest.alloc().buffer(size).writeBytes(latest);
      together = before;
      pieces.add(before);
    }
    latest.release();
  }

  private static boolean isMostOfItsBuffer(ByteBuf piece) {
    int kept = 0;
    for (ByteBuf whole = piece; whole != null; whole = whole.unwrap()) {
      kept = Math.max(kept, whole.capacity());
    }
    return kept <= 2L * piece.readableBytes();
  }

  /** Returns a piece as it may stay, which is the same one or takes its part. */
  static ByteBuf settled(ByteBuf piece) {
    if (!piece.isReadable() || isMostOfItsBuffer(piece)) {
      return piece;
    }
    ByteBuf copy = piece.alloc().buffer(piece.readableBytes()).writeBytes(piece);
    piece.release();
    return copy;
  }

  /** Takes the oldest piece; null if there is none. */
  @Nullable ByteBuf poll() {
    ByteBuf piece = pieces.poll();
    if (piece != null) {
      bytes -= piece.readableBytes();
      together = piece == together ? null : together;
    }
    return piece;
  }

  /** Shows all pieces, which stay. */
  void forEach(Consumer<ByteBuf> shown) {
    pieces.forEach(shown);
  }

  /** Releases all of them. */
  void drop() {
    for (ByteBuf piece = poll(); piece != null; piece = poll()) {
      piece.release();
    }
  }
}
