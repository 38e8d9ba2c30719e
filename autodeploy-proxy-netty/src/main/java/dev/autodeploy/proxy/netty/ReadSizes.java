package dev.autodeploy.proxy.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;

/**
 * The amount that is read at once: as much as came lately, on each connection, and once for each
 * time that there is something, so that all connections of a loop have their turn. Where that is
 * little it is read into the loop's {@link SpareBuffer}.
 */
final class ReadSizes implements RecvByteBufAllocator {
  private static final int MIN = 512;
  private static final int GROWTH = 16;

  private final int max;

  /**
   * Creates the sizes.
   *
   * @param max the most that is read at once, in bytes
   */
  ReadSizes(int max) {
    this.max = max;
  }

  @Override
  public ExtendedHandle newHandle() {
    return new OfConnection();
  }

  /**
   * The size of one connection: it grows with a read that fills it, and halves after two small
   * ones.
   */
  private final class OfConnection implements ExtendedHandle {
    private int size = SpareBuffer.SIZE;
    private int attempted;
    private int last;
    private boolean small;

    @Override
    public ByteBuf allocate(ByteBufAllocator allocator) {
      return SpareBuffer.take(allocator, size);
    }

    @Override
    public int guess() {
      return size;
    }

    @Override
    public void reset(ChannelConfig config) {
      last = 0;
    }

    @Override
    public void incMessagesRead(int number) {
      // there is one each time
    }

    @Override
    public void lastBytesRead(int bytes) {
      last = bytes;
    }

    @Override
    public int lastBytesRead() {
      return last;
    }

    @Override
    public void attemptedBytesRead(int bytes) {
      attempted = bytes;
    }

    @Override
    public int attemptedBytesRead() {
      return attempted;
    }

    @Override
    public boolean continueReading() {
      return false;
    }

    @Override
    public boolean continueReading(UncheckedBooleanSupplier maybeMore) {
      return false;
    }

    @Override
    public void readComplete() {
      boolean few = last <= size / 2;
      if (last >= size) {
        size = Math.min(max, size * GROWTH);
      } else if (few && small) {
        size = Math.max(MIN, size / 2);
      }
      small = few && !small;
    }
  }
}
