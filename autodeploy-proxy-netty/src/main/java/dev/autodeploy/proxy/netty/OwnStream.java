package dev.autodeploy.proxy.netty;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * The body of a response that the link writes piece by piece, on a thread that is not the loop's;
 * it waits where the client takes less than there is.
 */
final class OwnStream extends OutputStream {
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  /**
   * The bytes that may be on their way to the loop, which sees only then whether the client takes
   * them.
   */
  private static final long MAX_HANDED = 256 * 1024;

  private final NettyExchange exchange;
  private final AtomicLong handed = new AtomicLong();

  OwnStream(NettyExchange exchange) {
    this.exchange = exchange;
  }

  @Override
  public void write(int one) throws IOException {
    write(new byte[] {(byte) one}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    awaitWritable();
    byte[] piece = new byte[length];
    System.arraycopy(bytes, offset, piece, 0, length);
    handed.addAndGet(length);
    exchange.run(
        () -> {
          handed.addAndGet(-length);
          if (exchange.channel().isActive()) {
            exchange.sendPiece(Unpooled.wrappedBuffer(piece));
            exchange.flush();
          }
        });
  }

  private void awaitWritable() throws IOException {
    Channel channel = exchange.channel();
    while (channel.isActive()
        && (!channel.isWritable() || handed.get() > MAX_HANDED)
        && !exchange.loop().inEventLoop()) {
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    if (!channel.isActive()) {
      throw new IOException("the client has left");
    }
  }
}
