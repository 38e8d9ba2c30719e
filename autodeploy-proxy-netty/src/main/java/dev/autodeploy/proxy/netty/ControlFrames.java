package dev.autodeploy.proxy.netty;

import dev.autodeploy.spi.Ticker;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import java.util.concurrent.TimeUnit;

/**
 * The frames of a connection of HTTP/2 that carry nothing: settings, pings, priorities, those of
 * types that nobody knows, and the like. Each costs its receiver some work, and many in a row are
 * an attack. Used on the connection's loop.
 */
final class ControlFrames {
  /** Some programs measure a way by pings, of which there are no more than frames of data. */
  private static final int MAX = 1000;

  /** The number of them that a frame which carries something makes up for. */
  private static final int MADE_UP_FOR = 10;

  private static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Ticker ticker;
  private long since;
  private int number;

  ControlFrames(Ticker ticker) {
    this.ticker = ticker;
    since = ticker.read();
  }

  /** Counts the frames of a connection of which its codec tells no handler. */
  void watch(Http2FrameCodec codec) {
    Http2FrameListener known = codec.decoder().frameListener();
    codec
        .decoder()
        .frameListener(
            new Http2FrameListenerDecorator(known) {
              @Override
              public void onUnknownFrame(
                  ChannelHandlerContext from,
                  byte type,
                  int stream,
                  Http2Flags flags,
                  ByteBuf payload)
                  throws Http2Exception {
                received(from);
                super.onUnknownFrame(from, type, stream, flags, payload);
              }

              @Override
              public void onPriorityRead(
                  ChannelHandlerContext from, int stream, int on, short weight, boolean exclusive)
                  throws Http2Exception {
                received(from);
                super.onPriorityRead(from, stream, on, weight, exclusive);
              }
            });
  }

  /** A frame of a stream carried something, in either direction. */
  void carried() {
    number = Math.max(0, number - MADE_UP_FOR);
  }

  /**
   * Counts a frame, and ends the connection if there are too many.
   *
   * @param context that of a handler of the connection
   */
  void received(ChannelHandlerContext context) {
    long now = ticker.read();
    if (now - since > PERIOD_NANOS) {
      since = now;
      number = 0;
    }
    number++;
    if (number == MAX + 1) { // what follows is of a connection that is closed
      context.channel().writeAndFlush(new DefaultHttp2GoAwayFrame(Http2Error.ENHANCE_YOUR_CALM));
      context.channel().close();
    }
  }
}
