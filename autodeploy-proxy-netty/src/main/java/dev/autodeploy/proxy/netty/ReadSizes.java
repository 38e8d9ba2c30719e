package dev.autodeploy.proxy.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;

/**
 * The amount that is read at once: as much as came lately, on each connection. Where that is little
 * it is read into the loop's {@link SpareBuffer}.
 */
final class ReadSizes implements RecvByteBufAllocator {
  private final AdaptiveRecvByteBufAllocator sizes;

  /**
   * Creates the sizes.
   *
   * @param max the most that is read at once, in bytes
   */
  ReadSizes(int max) {
    sizes = new AdaptiveRecvByteBufAllocator(512, SpareBuffer.SIZE, max);
  }

  @Override
  public ExtendedHandle newHandle() {
    return new OfConnection((ExtendedHandle) sizes.newHandle());
  }

  /** The sizes of one connection. */
  private static final class OfConnection implements ExtendedHandle {
    private final ExtendedHandle size;

    OfConnection(ExtendedHandle size) {
      this.size = size;
    }

    @Override
    public ByteBuf allocate(ByteBufAllocator allocator) {
      return SpareBuffer.take(allocator, size.guess());
    }

    @Override
    public int guess() {
      return size.guess();
    }

    @Override
    public void reset(ChannelConfig config) {
      size.reset(config);
    }

    @Override
    public void incMessagesRead(int number) {
      size.incMessagesRead(number);
    }

    @Override
    public void lastBytesRead(int bytes) {
      size.lastBytesRead(bytes);
    }

    @Override
    public int lastBytesRead() {
      return size.lastBytesRead();
    }

    @Override
    public void attemptedBytesRead(int bytes) {
      size.attemptedBytesRead(bytes);
    }

    @Override
    public int attemptedBytesRead() {
      return size.attemptedBytesRead();
    }

    @Override
    public boolean continueReading() {
      return size.continueReading();
    }

    @Override
    public boolean continueReading(UncheckedBooleanSupplier maybeMore) {
      return size.continueReading(maybeMore);
    }

    @Override
    public void readComplete() {
      size.readComplete();
    }
  }
}
