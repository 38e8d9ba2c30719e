package dev.autodeploy.proxy.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2SettingsFrame;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A connection of HTTP/2 to an instance, for many attempts at a time. Runs on its pool's loop. */
final class Http2InstanceConnection extends ChannelInboundHandlerAdapter {
  private static final int MAX_STREAMS = 100;
  private static final int STREAM_WINDOW = 64 * 1024;
  private static final int CONNECTION_WINDOW = 8 * 1024 * 1024; // room for all streams
  private static final int MAX_HEADER_LIST = 64 * 1024;
  private static final int MAX_RESETS = 10_000; // a server may refuse a burst of calls
  private static final int RESETS_SECONDS = 30;
  private static final int MAX_QUEUED_ACKS = 1000;

  private final Http2Pool pool;
  private final ControlFrames controls;
  private @Nullable Channel channel;
  private @Nullable ScheduledFuture<?> patience;
  private int maxStreams = MAX_STREAMS;
  private int streams;
  private boolean spoken;
  private boolean ready;
  private boolean leaving;
  private long idleSince;

  Http2InstanceConnection(Http2Pool pool) {
    this.pool = pool;
    controls = new ControlFrames(pool.dialer().config().ticker());
    idleSince = pool.dialer().config().ticker().read();
  }

  void addTo(ChannelPipeline pipeline) {
    channel = pipeline.channel();
    Http2FrameCodec codec = // all limits explicitly: defaults change, and properties can
        Http2FrameCodecBuilder.forClient()
            .initialSettings(
                Http2Settings.defaultSettings()
                    .pushEnabled(false)
                    .maxConcurrentStreams(0) // that an instance opens
                    .initialWindowSize(STREAM_WINDOW)
                    .maxHeaderListSize(MAX_HEADER_LIST))
            .validateHeaders(true)
            .decoderEnforceMaxRstFramesPerWindow(MAX_RESETS, RESETS_SECONDS)
            .encoderEnforceMaxRstFramesPerWindow(MAX_RESETS, RESETS_SECONDS)
            .decoderEnforceMaxConsecutiveEmptyDataFrames(2)
            .decoderEnforceMaxSmallContinuationFrames(16)
            .encoderEnforceMaxQueuedControlFrames(MAX_QUEUED_ACKS)
            .decoupleCloseAndGoAway(true)
            .build();
    controls.watch(codec);
    ChannelHandler pushed = new ChannelInboundHandlerAdapter(); // never: it is switched off
    pipeline.addLast(codec, new Http2MultiplexHandler(pushed), this);
  }

  private Channel channel() {
    Channel known = channel;
    if (known == null) {
      throw new IllegalStateException("the connection is not there yet");
    }
    return known;
  }

  /** An instance that speaks HTTP/2 begins with its settings; any other may wait for ever. */
  void awaitSettings() {
    if (!ready) {
      patience =
          pool.dialer()
              .loop()
              .schedule(
                  this::close,
                  pool.dialer().config().connectTimeout().toMillis(),
                  TimeUnit.MILLISECONDS);
    }
  }

  boolean hasRoom() {
    return streams < maxStreams && !leaving && channel().isActive();
  }

  boolean isIdle() {
    return streams == 0;
  }

  long idleSince() {
    return idleSince;
  }

  void open(NettyAttempt attempt) {
    streams++;
    InstanceStream made = new InstanceStream(this, attempt);
    Future<Http2StreamChannel> opening =
        new Http2StreamChannelBootstrap(channel()).handler(made).open();
    opening.addListener(
        done -> {
          if (opening.isSuccess() && !attempt.isCancelled()) {
            attempt.connected(made);
            return;
          }
          if (opening.isSuccess()) {
            opening.getNow().close();
          }
          closed();
          if (done.cause() == null) {
            attempt.notConnected(new IllegalStateException("Canceled"));
          } else {
            retire();
            attempt.refused(new IOException("no stream could be opened", done.cause()));
          }
        });
  }

  Dialer dialer() {
    return pool.dialer();
  }

  /** A stream has ended. */
  void closed() {
    streams--;
    idleSince = pool.dialer().config().ticker().read();
    if (streams == 0 && leaving) {
      close();
    }
  }

  void closeWhenIdle() {
    leaving = true;
    if (streams == 0) {
      close();
    }
  }

  void close() {
    channel().close();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    controls.received(context);
    if (message instanceof Http2SettingsFrame settings) {
      Long max = settings.settings().maxConcurrentStreams();
      maxStreams = max == null ? maxStreams : (int) Math.min(MAX_STREAMS, max);
      spoken = true;
      if (!ready && maxStreams > 0) { // else it has to allow some soon
        becomeReady(context);
      }
    } else if (message instanceof Http2GoAwayFrame) {
      retire();
    }
    ReferenceCountUtil.release(message);
  }

  /** A frame of a stream carried something, in either direction. */
  void carried() {
    controls.carried();
  }

  /** No more streams are opened here. */
  void retire() {
    leaving = true;
    pool.remove(this);
    if (streams == 0) {
      close();
    }
  }

  private void becomeReady(ChannelHandlerContext context) {
    ready = true;
    if (patience != null) {
      patience.cancel(false);
    }
    context.writeAndFlush(new DefaultHttp2WindowUpdateFrame(CONNECTION_WINDOW - 65_535));
    pool.ready(this);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    if (patience != null) {
      patience.cancel(false);
    }
    pool.remove(this);
    if (!ready && patience != null) {
      pool.failed(
          new IOException(
              spoken
                  ? "the instance allows no requests on a connection of HTTP/2"
                  : "the instance does not speak HTTP/2: it closed the connection"),
          true);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable error) {
    context.close();
  }
}
