package dev.autodeploy.proxy.netty;

import dev.autodeploy.spi.Ticker;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Error;
import java.util.concurrent.TimeUnit;

/**
 * The frames of a connection of HTTP/2 that carry nothing: settings, pings and the like. Each costs
 * its receiver some work, and many in a row are an attack. Used on the connection's loop.
 */
final class ControlFrames {
  /** Some programs measure a way by pings, of which they send no more than they send data. */
  private static final int MAX = 1000;

  private static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Ticker ticker;
  private long since;
  private int number;

  ControlFrames(Ticker ticker) {
    this.ticker = ticker;
    since = ticker.read();
  }

  /** Something was said in a stream. */
  void heard() {
    number = 0;
  }

  /**
   * Counts a frame, and ends the connection if there are too many.
   *
   * @param context that of the connection
   */
  void received(ChannelHandlerContext context) {
    long now = ticker.read();
    if (now - since > PERIOD_NANOS) {
      since = now;
      number = 0;
    }
    if (++number > MAX) {
      context.writeAndFlush(new DefaultHttp2GoAwayFrame(Http2Error.ENHANCE_YOUR_CALM));
      context.close();
    }
  }
}
