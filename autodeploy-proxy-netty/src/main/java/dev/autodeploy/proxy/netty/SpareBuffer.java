package dev.autodeploy.proxy.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.concurrent.FastThreadLocal;
import org.jspecify.annotations.Nullable;

/**
 * A buffer of each loop that is used again when whoever had it has released it, which is nearly
 * always at once: a request needs two to be read and two for heads, and an allocation of each costs
 * more than the rest of its handling. There are two small ones, as a head is written while what it
 * comes from is still there, and one for long bodies. While somebody keeps one, others get buffers
 * of their own.
 */
final class SpareBuffer {
  /** The size of a small one: most heads are shorter, and so are most requests. */
  static final int SMALL = 4096;

  /** The size of the other one. */
  static final int LARGE = 128 * 1024;

  /** Whoever has kept it for so many others keeps it for good. */
  private static final int MAX_MISSED = 64;

  private static final FastThreadLocal<SpareBuffer[]> OF_LOOP =
      new FastThreadLocal<>() {
        @Override
        protected SpareBuffer[] initialValue() {
          return new SpareBuffer[] {
            new SpareBuffer(SMALL), new SpareBuffer(SMALL), new SpareBuffer(LARGE)
          };
        }

        @Override
        protected void onRemoval(SpareBuffer[] of) {
          for (SpareBuffer each : of) {
            each.drop();
          }
        }
      };

  private final int size;
  private @Nullable ByteBuf spare;
  private int missed;

  private SpareBuffer(int size) {
    this.size = size;
  }

  /**
   * Returns an empty buffer, which the caller has to release.
   *
   * @param allocator makes it, where no spare one is there
   * @param size how much it has room for at least
   */
  static ByteBuf take(ByteBufAllocator allocator, int size) {
    for (SpareBuffer each : OF_LOOP.get()) {
      ByteBuf taken = each.fits(size) ? each.take(allocator) : null;
      if (taken != null) {
        return taken;
      }
    }
    return allocator.ioBuffer(size);
  }

  /** Returns whether it has the room, and is not far too large for what may be kept for long. */
  private boolean fits(int needed) {
    return needed <= size && (size == SMALL || needed > SMALL);
  }

  /** Returns it, or null while somebody has it. */
  private @Nullable ByteBuf take(ByteBufAllocator allocator) {
    ByteBuf known = spare;
    if (known != null && known.refCnt() == 1) {
      missed = 0;
      return known.clear().retain();
    }
    missed++;
    if (known != null && missed < MAX_MISSED) {
      return null;
    }
    drop();
    missed = 0;
    known = allocator.directBuffer(size);
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
