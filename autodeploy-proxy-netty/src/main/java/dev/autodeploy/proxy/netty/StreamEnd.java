package dev.autodeploy.proxy.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2Error;

/** A side of a tunnel that is a stream of HTTP/2 (RFC 8441). Used on its loop. */
final class StreamEnd implements TunnelEnd {
  private final ClientStream stream;
  private final Channel channel;
  private boolean outputEnded;

  StreamEnd(ClientStream stream) {
    this.stream = stream;
    channel = stream.channel();
  }

  @Override
  public EventLoop loop() {
    return channel.eventLoop();
  }

  @Override
  public void write(ByteBuf bytes) {
    if (outputEnded || !bytes.isReadable()) {
      bytes.release();
    } else {
      channel.write(new DefaultHttp2DataFrame(bytes, false));
    }
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
    stream.setReading(value);
  }

  @Override
  public void endOutput() {
    if (!outputEnded) {
      outputEnded = true;
      channel.writeAndFlush(new DefaultHttp2DataFrame(true));
    }
  }

  @Override
  public void closeOnceWritten() {
    if (!channel.isActive()) {
      return;
    }
    endOutput();
    // Nobody takes what the client still sends: it is to stop, and may keep what it has got.
    channel.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.NO_ERROR));
  }

  @Override
  public void close() {
    if (channel.isActive()) {
      channel.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.CANCEL));
    }
  }
}
