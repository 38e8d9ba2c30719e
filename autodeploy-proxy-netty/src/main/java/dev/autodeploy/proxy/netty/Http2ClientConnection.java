package dev.autodeploy.proxy.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client's connection that speaks HTTP/2. Each of its streams is an exchange of its own, which
 * reads and writes only as fast as its other side. Runs on the connection's loop.
 */
final class Http2ClientConnection extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(Http2ClientConnection.class);

  static final int MAX_STREAMS = 100;

  /** The bytes that a client may send of a body that nobody takes yet. */
  private static final int STREAM_WINDOW = 64 * 1024;

  /**
   * The bytes that it may send of one that is taken: else the way to a client far off would be a
   * limit.
   */
  private static final int WIDE_WINDOW = 1024 * 1024;

  /** The bytes that it may send in all its streams together that nobody has taken. */
  private static final int CONNECTION_WINDOW = 4 * 1024 * 1024;

  /** More is read than is allowed, so that the client learns by 431 why it is refused. */
  private static final int MAX_HEADER_LIST = 128 * 1024;

  private static final int MAX_RESETS = 1000;
  private static final int RESETS_SECONDS = 30;
  private static final int MAX_QUEUED_ACKS = 1000;
  private static final long IDLE_MILLIS = TimeUnit.SECONDS.toMillis(75);

  /** The bytes of a head that may wait for its rest however much waits in all. */
  private static final int FREE = 8 * 1024;

  private static final long NEVER = Long.MIN_VALUE;

  private final Front front;
  private final @Nullable String dedicated;
  private final boolean secure;
  private final Http2FrameCodec codec;
  private final ControlFrames controls;
  private final PartialFrames partial = new PartialFrames();
  private @Nullable ChannelHandlerContext context;
  private @Nullable ScheduledFuture<?> timer;
  private WaitingClients.@Nullable Waiting waiting;
  private @Nullable WaitingClients among;
  private long idleSince = NEVER;
  private int counted;
  private final Set<ClientStream> streams = new HashSet<>();

  private Http2ClientConnection(Front front, @Nullable String dedicated, boolean secure) {
    this.front = front;
    this.dedicated = dedicated;
    this.secure = secure;
    codec = codec();
    controls = new ControlFrames(front.config().ticker());
    controls.watch(codec);
  }

  /** Adds all handlers. */
  static void addTo(ChannelPipeline pipeline, Front front, @Nullable String to, boolean secure) {
    Http2ClientConnection connection = new Http2ClientConnection(front, to, secure);
    ChannelInitializer<Channel> streams =
        new ChannelInitializer<>() {
          @Override
          protected void initChannel(Channel stream) {
            Http2StreamChannel channel = (Http2StreamChannel) stream;
            stream.pipeline().addLast(new ClientStream(connection, channel));
          }
        };
    pipeline.addLast(
        connection.partial, connection.codec, new Http2MultiplexHandler(streams), connection);
  }

  /** All limits are set explicitly: defaults change, and properties of the system can. */
  private static Http2FrameCodec codec() {
    return Http2FrameCodecBuilder.forServer()
        .initialSettings(
            Http2Settings.defaultSettings()
                .maxConcurrentStreams(MAX_STREAMS)
                .initialWindowSize(STREAM_WINDOW)
                .maxHeaderListSize(MAX_HEADER_LIST)
                .connectProtocolEnabled(true))
        .validateHeaders(true)
        .validateRequiredPseudoHeaders(true)
        .decoderEnforceMaxRstFramesPerWindow(MAX_RESETS, RESETS_SECONDS)
        .encoderEnforceMaxRstFramesPerWindow(MAX_RESETS, RESETS_SECONDS)
        .decoderEnforceMaxConsecutiveEmptyDataFrames(2)
        .decoderEnforceMaxSmallContinuationFrames(16)
        .encoderEnforceMaxQueuedControlFrames(MAX_QUEUED_ACKS)
        .decoupleCloseAndGoAway(true)
        .build();
  }

  Front front() {
    return front;
  }

  @Nullable String dedicated() {
    return dedicated;
  }

  boolean secure() {
    return secure;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext added) {
    context = added;
    waitAmong(front.unfinishedHeads());
    endAfter(front.headTimeout().toMillis());
    added.channel().eventLoop().execute(this::widenConnection); // when the codec is in place, too
  }

  private void widenConnection() {
    ChannelHandlerContext here = context;
    if (here != null && here.channel().isActive()) {
      here.writeAndFlush(new DefaultHttp2WindowUpdateFrame(CONNECTION_WINDOW - 65_535));
    }
  }

  /** Lets more of a stream's data be under way. */
  void widen(Http2StreamChannel channel) {
    Http2Connection connection = codec.connection();
    Http2Stream stream = connection.stream(channel.stream().id());
    if (stream == null) {
      return;
    }
    try {
      connection.local().flowController().incrementWindowSize(stream, WIDE_WINDOW - STREAM_WINDOW);
    } catch (Http2Exception e) {
      LOG.debug("A stream's window cannot be widened", e);
    }
  }

  /** Returns how many bytes the client has sent in all its streams that nobody has taken. */
  int unread() {
    Http2Connection connection = codec.connection();
    return connection.local().flowController().unconsumedBytes(connection.connectionStream());
  }

  private void endAfter(long millis) {
    cancelTimer();
    ChannelHandlerContext here = context;
    if (here != null) {
      timer = here.channel().eventLoop().schedule(this::endIfIdle, millis, TimeUnit.MILLISECONDS);
    }
  }

  private void cancelTimer() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }

  private void endIfIdle() {
    ChannelHandlerContext here = context;
    if (streams.isEmpty() && here != null) {
      here.writeAndFlush(new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR))
          .addListener(ChannelFutureListener.CLOSE);
      long stalled = front.config().stallTimeout().toMillis();
      timer = here.channel().eventLoop().schedule(() -> end(here), stalled, TimeUnit.MILLISECONDS);
    }
  }

  private static void end(ChannelHandlerContext here) {
    here.channel().close(); // its client reads nothing
  }

  /** Tells the client to send no more requests on this connection. */
  void goAway() {
    ChannelHandlerContext here = context;
    if (here != null) {
      DefaultHttp2GoAwayFrame frame = new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR);
      frame.setExtraStreamIds(Integer.MAX_VALUE); // what is under way already is refused politely
      here.writeAndFlush(frame);
    }
  }

  /** A stream has opened. */
  void opened(ClientStream stream) {
    streams.add(stream);
    cancelTimer();
    waitAmong(null);
  }

  /** A stream has closed. */
  void closed(ClientStream stream) {
    streams.remove(stream);
    ChannelHandlerContext here = context;
    if (streams.isEmpty() && here != null && here.channel().isActive()) {
      idleSince = front.config().ticker().read();
      awaitNext();
    }
  }

  /** Waits for another request, or for the rest of one. */
  private void awaitNext() {
    long idle = TimeUnit.NANOSECONDS.toMillis(front.config().ticker().read() - idleSince);
    long left = Math.max(0, IDLE_MILLIS - idle);
    if (partial.isPartial()) {
      waitAmong(front.unfinishedHeads());
      left = Math.min(left, front.headTimeout().toMillis());
    } else {
      waitAmong(front.idle());
    }
    endAfter(left);
  }

  private void waitAmong(@Nullable WaitingClients others) {
    WaitingClients.Waiting known = waiting;
    if (known != null && among != null) {
      among.remove(known);
    }
    ChannelHandlerContext here = context;
    among = others;
    waiting = others == null || here == null ? null : others.add(here.channel());
  }

  /** A head that is not whole counts as read ahead, as it waits in memory. */
  private void countPartial(int now) {
    front.readAhead().add(now - counted);
    counted = now;
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext from) {
    countPartial(partial.headBytes());
    if (counted > FREE && front.readAhead().isUsedUp()) {
      LOG.debug("A client's connection is closed: there is no memory for the head of its request");
      from.writeAndFlush(new DefaultHttp2GoAwayFrame(Http2Error.ENHANCE_YOUR_CALM));
      from.close();
    } else if (among != null && idleSince != NEVER && partial.isPartial() != isUnfinished()) {
      awaitNext();
    }
  }

  private boolean isUnfinished() {
    return among == front.unfinishedHeads();
  }

  @Override
  public void channelRead(ChannelHandlerContext from, Object message) {
    ReferenceCountUtil.release(message); // settings, pings and the like
    controls.received(from);
  }

  /** A frame of a stream carried something, in either direction. */
  void carried() {
    controls.carried();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext from, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      from.close();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext from) {
    cancelTimer();
    waitAmong(null);
    countPartial(0);
    List.copyOf(streams).forEach(ClientStream::gone);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext from, Throwable error) {
    LOG.debug("A client's connection is closed after an error", error);
    from.close();
  }
}
