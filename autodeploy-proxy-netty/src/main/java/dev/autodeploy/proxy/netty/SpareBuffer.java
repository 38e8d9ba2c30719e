package dev.autodeploy.proxy.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.concurrent.FastThreadLocal;
import org.jspecify.annotations.Nullable;

/**
 * A small buffer of each loop that is used again when whoever had it has released it, which is
 * nearly always at once: a request needs two to be read and two for heads, and an allocation of
 * each costs more than the rest of its handling. While somebody keeps it, others get buffers of
 * their own.
 */
final class SpareBuffer {
  /** The size: most heads are shorter, and so are most requests. */
  static final int SIZE = 4096;

  /** Whoever has kept it for so many others keeps it for good. */
  private static final int MAX_MISSED = 64;

  private static final FastThreadLocal<SpareBuffer> OF_LOOP =
      new FastThreadLocal<>() {
        @Override
        protected SpareBuffer initialValue() {
          return new SpareBuffer();
        }

        @Override
        protected void onRemoval(SpareBuffer of) {
          of.drop();
        }
      };

  private @Nullable ByteBuf spare;
  private int missed;

  private SpareBuffer() {}

  /**
   * Returns an empty buffer, which the caller has to release.
   *
   * @param allocator makes it, where the spare one is not there
   * @param size how much it has room for at least
   */
  static ByteBuf take(ByteBufAllocator allocator, int size) {
    return size > SIZE ? allocator.ioBuffer(size) : OF_LOOP.get().next(allocator, size);
  }

  private ByteBuf next(ByteBufAllocator allocator, int size) {
    ByteBuf known = spare;
    if (known != null && known.refCnt() == 1) {
      missed = 0;
      return known.clear().retain();
    }
    missed++;
    if (known != null && missed < MAX_MISSED) {
      return allocator.ioBuffer(size);
    }
    drop();
    missed = 0;
    known = allocator.directBuffer(SIZE);
    spare = known;
    return known.retain();
  }

  private void drop() {
    ByteBuf known = spare;
    spare = null;
    if (known != null) {
      known.release();
    }
  }
}
