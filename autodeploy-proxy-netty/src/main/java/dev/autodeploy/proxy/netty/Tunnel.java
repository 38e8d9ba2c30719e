package dev.autodeploy.proxy.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DuplexChannel;
import java.util.function.LongConsumer;

/**
 * Two connections whose bytes pass across as they are, after a switch of protocols. Each side is
 * read only as fast as the other takes; either may end its half. Runs on one loop.
 */
final class Tunnel {
  private final Channel client;
  private final Channel instance;
  private final LongConsumer whenEnded;
  private long count;
  private boolean clientOpen = true;
  private boolean instanceOpen = true;

  /**
   * Creates a tunnel.
   *
   * @param client the client's connection
   * @param instance the instance's connection
   * @param whenEnded is told how many bytes came from the instance when both have closed
   */
  Tunnel(Channel client, Channel instance, LongConsumer whenEnded) {
    this.client = client;
    this.instance = instance;
    this.whenEnded = whenEnded;
    instance.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    instance.config().setAutoRead(true);
  }

  void fromClient(ByteBuf bytes) {
    instance.write(bytes);
  }

  void fromInstance(ByteBuf bytes) {
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
      whenEnded.accept(count);
    }
  }
}
