package dev.autodeploy.proxy.netty;

import dev.autodeploy.proxy.gateway.GatewayConfig;
import dev.autodeploy.proxy.gateway.HostCredentials;
import dev.autodeploy.proxy.gateway.HttpHeaders;
import dev.autodeploy.proxy.gateway.Relay;
import dev.autodeploy.proxy.gateway.RequestGuard;
import dev.autodeploy.proxy.gateway.RequestHead;
import dev.autodeploy.proxy.gateway.TrailerRules;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.Http2StreamChannelOption;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Base64;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A stream of an {@link Http2ClientConnection}: one exchange. Runs on the connection's loop. */
final class ClientStream extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(ClientStream.class);

  private static final String WEBSOCKET = "websocket";

  /** The bytes of a connection that may wait however many wait in all. */
  private static final int MAX_UNREAD = 128 * 1024;

  private final Http2ClientConnection connection;
  private final Http2StreamChannel channel;
  private @Nullable Http2Exchange exchange;
  private @Nullable Tunnel tunnel;
  private boolean open;
  private boolean begun;
  private boolean widened;

  /** The bytes for which the client has no room again yet, padding included. */
  private int owed;

  private boolean receiving;

  /** The bytes for a tunnel whose instance takes no more. */
  private final WaitingBytes forTunnel = new WaitingBytes();

  private boolean tunnelPaused;
  private boolean inputEnded;

  /** The bytes that a client has sent into a tunnel before there was one. */
  private record EarlyBytes(Tunnel tunnel) implements RequestBody.Sink {
    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void data(ByteBuf piece) {
      tunnel.fromClient(piece);
      tunnel.clientReadComplete();
    }

    @Override
    public void end(HttpHeaders trailers) {
      tunnel.clientEnded();
    }

    @Override
    public void failed(Relay.Cause cause, IOException error) {
      tunnel.clientEnded();
    }
  }

  ClientStream(Http2ClientConnection connection, Http2StreamChannel channel) {
    this.connection = connection;
    this.channel = channel;
  }

  Front front() {
    return connection.front();
  }

  Channel channel() {
    return channel;
  }

  /** Data was sent: a client may measure by pings how fast it comes. */
  void said() {
    connection.carried();
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    open = true;
    // Else what nobody reads piles up in the codec, frame by frame.
    channel.config().setOption(Http2StreamChannelOption.AUTO_STREAM_FLOW_CONTROL, false);
    connection.opened(this);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (message instanceof Http2HeadersFrame || message instanceof Http2DataFrame) {
      connection.carried();
    }
    if (message instanceof Http2DataFrame data) {
      owed += data.initialFlowControlledBytes();
      receiving = true;
    }
    Http2Exchange current = exchange;
    if (message instanceof Http2HeadersFrame head && !begun) {
      begun = true;
      begin(head);
    } else if (tunnel != null) {
      tunnelled(tunnel, message);
    } else if (message instanceof Http2HeadersFrame behind && current != null) {
      current.body().complete(TrailerRules.passing(Http2Fields.read(behind.headers())));
    } else if (message instanceof Http2DataFrame data && current != null) {
      boolean last = data.isEndStream();
      current.body().add(data.content());
      if (last) {
        current.body().complete();
      } else {
        refuseIfTooFarAhead(current.body());
      }
    } else {
      ReferenceCountUtil.release(message);
    }
  }

  /**
   * Ends the stream where the memory for bodies is used up, and its connection has more of them
   * that nobody takes yet than most others have: windows that were opened cannot be closed.
   */
  private void refuseIfTooFarAhead(RequestBody body) {
    if (body.isHeld()
        && body.queued() > 0
        && front().readAhead().isUsedUp()
        && connection.unread() > MAX_UNREAD) {
      LOG.debug("A stream is reset: there is no memory for its body");
      gone();
      reset(Http2Error.ENHANCE_YOUR_CALM);
    }
  }

  private void tunnelled(Tunnel through, Object message) {
    inputEnded = true; // fields have no meaning here
    if (message instanceof Http2DataFrame data) {
      inputEnded = data.isEndStream();
      forTunnel.add(data.content());
    } else {
      ReferenceCountUtil.release(message);
    }
    passOn(through);
    forTunnel.settle();
  }

  private void passOn(Tunnel through) {
    for (ByteBuf piece = next(); piece != null; piece = next()) {
      through.fromClient(piece);
    }
    if (inputEnded && forTunnel.isEmpty()) {
      inputEnded = false; // it is told once
      through.clientEnded();
    }
  }

  private @Nullable ByteBuf next() {
    return tunnelPaused ? null : forTunnel.poll();
  }

  /** Sets whether a tunnel takes what comes. */
  void setReading(boolean value) {
    boolean resumes = value && tunnelPaused;
    tunnelPaused = !value;
    Tunnel through = tunnel;
    if (resumes && through != null) {
      passOn(through);
      through.clientReadComplete();
      giveRoom();
    }
  }

  private void begin(Http2HeadersFrame frame) {
    HttpHeaders headers = Http2Fields.read(frame.headers());
    String protocol = protocol(frame.headers());
    RequestHead head = head(frame.headers(), headers, protocol, frame.isEndStream());
    Http2Exchange next = new Http2Exchange(this, head);
    exchange = next;
    if (frame.isEndStream()) {
      next.endsWithHead();
    }
    // In a stream that is ended nothing could be said.
    boolean useless = protocol != null && (frame.isEndStream() || !isConnect(frame.headers()));
    if (useless
        || isIncomplete(frame.headers())
        || contradicts(frame.headers().authority(), headers)) {
      front().gateway().refuse(next, RequestGuard.malformed());
    } else {
      front().handle(next, connection.dedicated());
    }
  }

  /** Returns the protocol that the stream is to carry, or null. */
  private static @Nullable String protocol(Http2Headers head) {
    CharSequence protocol = head.get(Http2Headers.PseudoHeaderName.PROTOCOL.value());
    return protocol == null ? null : protocol.toString();
  }

  private static boolean isConnect(Http2Headers head) {
    return "CONNECT".contentEquals(String.valueOf(head.method()));
  }

  private RequestHead head(
      Http2Headers from, HttpHeaders headers, @Nullable String protocol, boolean withoutBody) {
    CharSequence authority = from.authority();
    if (authority != null && headers.first("host") == null) {
      headers.add("Host", authority.toString());
    }
    if (WEBSOCKET.equals(protocol)) { // its instance answers with a hash of it
      byte[] key = new byte[16];
      ThreadLocalRandom.current().nextBytes(key);
      headers.set("Sec-WebSocket-Key", Base64.getEncoder().encodeToString(key));
    }
    return new RequestHead(
        protocol == null ? String.valueOf(from.method()) : "GET",
        String.valueOf(from.path()),
        "HTTP/2",
        headers,
        withoutBody || protocol != null ? 0 : RequestHeads.declaredLength(headers),
        (InetSocketAddress) channel.parent().remoteAddress(),
        (InetSocketAddress) channel.parent().localAddress(),
        connection.secure(),
        "",
        HostCredentials.NONE,
        protocol);
  }

  private static boolean isIncomplete(Http2Headers head) {
    return head.method() == null || head.path() == null || head.scheme() == null;
  }

  /** A request that names two hosts would be taken for the one here and for the other there. */
  private static boolean contradicts(@Nullable CharSequence authority, HttpHeaders headers) {
    String host = headers.first("host");
    return authority != null && host != null && !host.equalsIgnoreCase(authority.toString());
  }

  /** Some of the body was taken. */
  void bodyTaken() {
    if (!receiving) { // else there may be more in a moment
      giveRoom();
    }
  }

  /** Lets the client send as much again as was taken. */
  private void giveRoom() {
    if (owed == 0 || !channel.isActive()) {
      return;
    }
    Http2Exchange current = exchange;
    long waiting = forTunnel.bytes();
    if (current != null && !current.body().isPeeked()) {
      waiting = current.body().queued();
    }
    int taken = (int) Math.max(0, owed - waiting);
    if (taken > 0) {
      owed -= taken;
      channel.writeAndFlush(new DefaultHttp2WindowUpdateFrame(taken));
    }
  }

  /** The body is taken as it comes, so that more of it may be under way. */
  void widen() {
    if (!widened) {
      widened = true;
      connection.widen(channel);
    }
  }

  /**
   * The response is written; what is still to come of the request is not wanted, once the client
   * has the response.
   */
  void finished(Http2Exchange done, ChannelFuture written) {
    boolean unread = !done.body().isComplete();
    done.body().discard();
    exchange = null;
    giveRoom(); // what comes nevertheless is dropped
    if (unread) {
      written.addListener(out -> reset(Http2Error.NO_ERROR));
    }
    if (!written.isDone()) {
      endWhenOverdue(written);
    }
  }

  private void reset(Http2Error error) {
    if (channel.isActive()) {
      channel.writeAndFlush(new DefaultHttp2ResetFrame(error));
    }
  }

  /** The client has to take the end of its response in a time that is enough for a slow one. */
  private void endWhenOverdue(ChannelFuture written) {
    GatewayConfig config = front().config();
    long rate = config.minTransferRate();
    long most = config.responsePace().total().toMillis();
    long millis =
        rate == 0
            ? most
            : Math.min(most, config.stallTimeout().toMillis() + 1000 * unsent() / rate);
    ScheduledFuture<?> deadline =
        channel.eventLoop().schedule(this::breakOff, millis, TimeUnit.MILLISECONDS);
    written.addListener(done -> deadline.cancel(false));
  }

  private void breakOff() {
    LOG.debug("A client does not take the end of its response, which is broken off");
    ChannelFuture told = channel.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.CANCEL));
    ScheduledFuture<?> deadline =
        channel
            .eventLoop()
            .schedule( // it reads nothing at all
                () -> channel.parent().close(),
                front().config().stallTimeout().toMillis(),
                TimeUnit.MILLISECONDS);
    told.addListener(done -> deadline.cancel(false));
  }

  private long unsent() {
    return channel.isWritable()
        ? channel.config().getWriteBufferHighWaterMark() - channel.bytesBeforeUnwritable()
        : channel.config().getWriteBufferLowWaterMark() + channel.bytesBeforeWritable();
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    receiving = false;
    if (tunnel != null) {
      tunnel.clientReadComplete();
    }
    giveRoom();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    Http2Exchange current = exchange;
    if (tunnel != null) {
      tunnel.clientWritabilityChanged();
    } else if (current != null) {
      current.writabilityChanged(channel.isWritable());
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof Http2ResetFrame) {
      gone();
    } else {
      ReferenceCountUtil.release(event);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    if (open) {
      open = false;
      connection.closed(this);
    }
    gone();
  }

  /** Passes what comes to a tunnel, and what has come before the instance had agreed to one. */
  void tunnel(Tunnel begun) {
    Http2Exchange current = exchange;
    tunnel = begun;
    exchange = null;
    if (current != null) {
      current.bodyWanted();
      current.body().attach(new EarlyBytes(begun));
      current.body().detach();
    }
    giveRoom();
  }

  /** The client has given the stream up, or its connection has ended. */
  void gone() {
    Http2Exchange current = exchange;
    Tunnel through = tunnel;
    exchange = null;
    tunnel = null;
    if (through != null) {
      forTunnel.drop();
      through.clientClosed();
    } else if (current != null) {
      current.gone();
      current.body().discard();
    }
    giveRoom(); // what is left is dropped
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable error) {
    LOG.debug("A client's stream is closed after an error", error);
    if (!(error instanceof Http2Exception)) {
      // Of a fault of the client's, Netty resets the stream by that name. Closing says CANCEL,
      // which
      // the limit for resets does not count.
      channel.close();
    }
  }
}
