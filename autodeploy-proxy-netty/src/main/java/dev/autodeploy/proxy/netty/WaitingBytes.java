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
  private boolean made;
  private long bytes;

  /** True where the latest piece was added, and may be a part of more. */
  private boolean unsettled;

  /** True where the latest of the others is memory of their own, to which more can be added. */
  private boolean own;

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
    unsettled = true;
  }

  /** Puts a piece before all others. */
  void addFirst(ByteBuf piece) {
    pieces().addFirst(piece);
    bytes += piece.readableBytes();
  }

  private Deque<ByteBuf> pieces() {
    if (!made) {
      made = true;
      pieces = new ArrayDeque<>();
    }
    return pieces;
  }

  /** Puts the latest piece into memory of its own, if it is still there and a part of more. */
  void settle() {
    ByteBuf latest = unsettled ? pieces.peekLast() : null;
    unsettled = false;
    if (latest == null) {
      return;
    }
    if (isMostOfItsBuffer(latest)) {
      own = false;
      return;
    }
    pieces.removeLast();
    int size = latest.readableBytes();
    ByteBuf before = own ? pieces.peekLast() : null;
    if (before != null && before.readableBytes() + size <= MAX_TOGETHER) {
      before.writeBytes(latest);
    } else {
      pieces.add(latest.alloc().buffer(size).writeBytes(latest));
    }
    own = true;
    latest.release();
  }

  /** Returns whether a piece is at least half of what it keeps. */
  static boolean isMostOfItsBuffer(ByteBuf piece) {
    int kept = 0;
    for (ByteBuf whole = piece; whole != null; whole = whole.unwrap()) {
      kept = Math.max(kept, whole.capacity());
    }
    return kept <= 2L * piece.readableBytes();
  }

  /** Takes the oldest piece; null if there is none. */
  @Nullable ByteBuf poll() {
    ByteBuf piece = pieces.poll();
    if (piece != null) {
      bytes -= piece.readableBytes();
    }
    unsettled &= !pieces.isEmpty();
    own &= pieces.size() > (unsettled ? 1 : 0);
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
