package dev.autodeploy.proxy.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Two connections whose bytes pass across as they are, after a switch of protocols. Each side is
 * read only as fast as the other takes; either may end its half. When no byte has passed for as
 * long as a tunnel may be silent it is closed, as nobody may be at its ends. Runs on one loop.
 */
final class Tunnel {
  private static final Logger LOG = LoggerFactory.getLogger(Tunnel.class);

  private final Channel client;
  private final Channel instance;
  private final Ended whenEnded;
  private final long silenceNanos;
  private long lastByte = System.nanoTime();
  private @Nullable ScheduledFuture<?> watch;
  private long count;
  private boolean clientOpen = true;
  private boolean instanceOpen = true;

  /** Is told of the end. */
  interface Ended {

    /**
     * Both sides have closed.
     *
     * @param bytes how many bytes came from the instance
     */
    void ended(long bytes);
  }

  /**
   * Creates a tunnel.
   *
   * @param client the client's connection
   * @param instance the instance's connection
   * @param silence how long no byte has to pass for it to be closed
   * @param whenEnded is told when both have closed
   */
  Tunnel(Channel client, Channel instance, Duration silence, Ended whenEnded) {
    this.client = client;
    this.instance = instance;
    this.whenEnded = whenEnded;
    silenceNanos = silence.toNanos();
    watch = watchAfter(silenceNanos);
    instance.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    instance.config().setAutoRead(true);
  }

  private ScheduledFuture<?> watchAfter(long nanos) {
    return client.eventLoop().schedule(this::watch, nanos, TimeUnit.NANOSECONDS);
  }

  private void watch() {
    long left = silenceNanos - (System.nanoTime() - lastByte);
    if (left > 0) {
      watch = watchAfter(left);
      return;
    }
    LOG.debug("A tunnel was silent for {} s, and is closed", silenceNanos / 1_000_000_000L);
    client.close();
    instance.close();
  }

  void fromClient(ByteBuf bytes) {
    lastByte = System.nanoTime();
    instance.write(bytes);
  }

  void fromInstance(ByteBuf bytes) {
    lastByte = System.nanoTime();
    count += bytes.readableBytes();
    client.write(bytes);
  }

  void clientReadComplete() {
    instance.flush();
    client.config().setAutoRead(instance.isWritable());
  }

  void instanceReadComplete() {
    client.flush();
    instance.config().setAutoRead(client.isWritable());
  }

  void clientWritabilityChanged() {
    instance.config().setAutoRead(client.isWritable());
  }

  void instanceWritabilityChanged() {
    client.config().setAutoRead(instance.isWritable());
  }

  void clientEnded() {
    endOutput(instance);
  }

  void instanceEnded() {
    endOutput(client);
  }

  /** Ends one half, once all of it was written. */
  private static void endOutput(Channel channel) {
    channel
        .writeAndFlush(Unpooled.EMPTY_BUFFER)
        .addListener(
            flushed -> {
              boolean plain = channel.pipeline().get(io.netty.handler.ssl.SslHandler.class) == null;
              if (plain && channel instanceof DuplexChannel duplex && channel.isActive()) {
                duplex.shutdownOutput();
              } else {
                channel.close();
              }
            });
  }

  void clientClosed() {
    clientOpen = false;
    instance.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    endIfBothClosed();
  }

  void instanceClosed() {
    instanceOpen = false;
    client.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    endIfBothClosed();
  }

  private void endIfBothClosed() {
    if (!clientOpen && !instanceOpen) {
      ScheduledFuture<?> pending = watch;
      if (pending != null) {
        pending.cancel(false);
      }
      whenEnded.ended(count);
    }
  }
}
