package dev.autodeploy.proxy.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The amount that is read at once: as much as came lately, on each connection, into a {@link
 * SpareBuffer}. It is read once for each time that there is something, so that all connections of a
 * loop have their turn; where it is as much as may be at once, a few times, and all of it is
 * written together.
 */
final class ReadSizes implements RecvByteBufAllocator {
  private static final int MIN = 512;
  private static final int GROWTH = 16;

  private final int max;
  private final int turn;

  /**
   * Creates the sizes.
   *
   * @param max the most that is read at once, in bytes
   * @param turn how often that much is read before others have their turn
   */
  ReadSizes(int max, int turn) {
    this.max = max;
    this.turn = turn;
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
    private int size = SpareBuffer.SMALL;
    private @Nullable ChannelConfig connection;
    private int attempted;
    private int last;
    private int most;
    private int reads;
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
      connection = config;
      last = 0;
      most = 0;
      reads = 0;
    }

    @Override
    public void incMessagesRead(int number) {
      reads += number;
    }

    @Override
    public void lastBytesRead(int bytes) {
      last = bytes;
      most = Math.max(most, bytes);
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
      return last == max
          && reads < turn
          && connection != null
          && connection.isAutoRead(); // nobody has enough of it meanwhile
    }

    @Override
    public boolean continueReading(UncheckedBooleanSupplier maybeMore) {
      return continueReading();
    }

    @Override
    public void readComplete() {
      boolean few = most <= size / 2;
      if (most >= size) {
        size = Math.min(max, size * GROWTH);
      } else if (few && small) {
        size = Math.max(MIN, size / 2);
      }
      small = few && !small;
    }
  }
}
