package dev.autodeploy.proxy.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;

/**
 * A side of a tunnel that is a whole connection.
 *
 * @param channel the connection
 */
record ConnectionEnd(Channel channel) implements TunnelEnd {
  @Override
  public EventLoop loop() {
    return channel.eventLoop();
  }

  @Override
  public void write(ByteBuf bytes) {
    channel.write(bytes);
  }

  @Override
  public void flush() {
    channel.flush();
  }

  @Override
  public boolean isWritable() {
    return channel.isWritable();
  }

  @Override
  public void setReading(boolean value) {
    channel.config().setAutoRead(value);
  }

  @Override
  public void endOutput() {
    channel
        .writeAndFlush(Unpooled.EMPTY_BUFFER)
        .addListener(
            flushed -> {
              boolean plain = channel.pipeline().get(SslHandler.class) == null;
              if (plain && channel instanceof DuplexChannel duplex && channel.isActive()) {
                duplex.shutdownOutput();
              } else {
                channel.close();
              }
            });
  }

  @Override
  public void closeOnceWritten() {
    channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
  }

  @Override
  public void close() {
    channel.close();
  }
}
