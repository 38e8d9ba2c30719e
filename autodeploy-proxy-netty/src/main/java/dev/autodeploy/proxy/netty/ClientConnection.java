package dev.autodeploy.proxy.netty;

import dev.autodeploy.proxy.gateway.Relay;
import dev.autodeploy.proxy.gateway.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

// Over 500 lines: the states of a connection, of which each event has to mind all.
/**
 * A connection of a client: one exchange at a time, while what comes after it waits. It reads on
 * while an exchange is held, so that a client that leaves is noticed; only when too much waits
 * ({@link DeferredMessages}) it stops. Runs on the connection's loop.
 */
final class ClientConnection extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(ClientConnection.class);

  /** A client that has closed its sending half still gets what comes within this time. */
  private static final long HALF_CLOSED_MILLIS = 500;

  private static final long IDLE_MILLIS = TimeUnit.SECONDS.toMillis(75);
  private static final long MAX_LINGER_BYTES = 64L * 1024 * 1024;

  private final Front front;
  private @Nullable StrictRequestDecoder decoder;
  private final @Nullable String dedicated;
  private final boolean secure;
  private final DeferredMessages later;
  private @Nullable ChannelHandlerContext context;
  private @Nullable Http1Exchange exchange;
  private @Nullable CloseTimer timer;
  private @Nullable Tunnel tunnel;
  private WaitingClients.@Nullable Waiting unfinished;
  private WaitingClients.@Nullable Waiting idle;
  private boolean receiving;
  private boolean dispatching;
  private boolean inputEnded;
  private boolean headBegun;
  private boolean malformed;
  private boolean closing;
  private boolean lingering;
  private long lingered;

  ClientConnection(
      Front front, StrictRequestDecoder decoder, @Nullable String dedicated, boolean secure) {
    this.front = front;
    this.decoder = decoder;
    this.dedicated = dedicated;
    this.secure = secure;
    this.later = new DeferredMessages(front.readAhead());
  }

  Front front() {
    return front;
  }

  private ChannelHandlerContext context() {
    ChannelHandlerContext known = context;
    if (known == null) {
      throw new IllegalStateException("the connection is not there yet");
    }
    return known;
  }

  Channel channel() {
    return context().channel();
  }

  EventLoop loop() {
    return channel().eventLoop();
  }

  @Override
  public void handlerAdded(ChannelHandlerContext added) {
    context = added;
    // In a burst many are accepted before any has sent a byte: that alone is no unfinished head.
    unfinished(secure);
    idle(!secure);
    decoder().whenHttp2(this::becomeHttp2);
    if (added.channel().isActive()) {
      awaitHead();
    }
  }

  private StrictRequestDecoder decoder() {
    StrictRequestDecoder known = decoder;
    if (known == null) {
      known = new StrictRequestDecoder();
      decoder = known;
      channel().pipeline().addBefore(context().name(), null, known);
    }
    return known;
  }

  /**
   * The exchange waits for an instance, which can take long. If there is nothing more to decode,
   * the timer is let go meanwhile, and the decoder with all that it keeps of its longest line.
   */
  void park() {
    try {
      loop().execute(this::parkIfIdle); // behind the end of its request, which may be on its way
    } catch (RejectedExecutionException e) {
      LOG.trace("The loop has ended with the proxy", e);
    }
  }

  private void parkIfIdle() {
    Http1Exchange current = exchange;
    StrictRequestDecoder known = decoder;
    boolean quiet = !receiving && later.isEmpty() && !lingering && !closing && tunnel == null;
    if (known != null && current != null && current.isWaiting() && quiet && known.isIdle()) {
      decoder = null;
      channel().pipeline().remove(known);
      expectNothing();
    }
  }

  /** The client speaks HTTP/2: other handlers take over. */
  private void becomeHttp2() {
    expectNothing();
    unfinished(false);
    ChannelPipeline pipeline = channel().pipeline();
    pipeline.remove(this);
    Http2ClientConnection.addTo(pipeline, front, dedicated, secure);
    pipeline.remove(decoder());
  }

  @Override
  public void channelActive(ChannelHandlerContext active) {
    awaitHead();
  }

  private void awaitHead() {
    headBegun = false;
    timer().set(channel(), IDLE_MILLIS);
  }

  /** The client is waited for, which not too many may be at once. */
  private void unfinished(boolean now) {
    WaitingClients.Waiting known = unfinished;
    if (now && known == null) {
      unfinished = front.unfinishedHeads().add(channel());
    } else if (!now && known != null) {
      unfinished = null;
      front.unfinishedHeads().remove(known);
    }
  }

  /** The connection is open for another request. */
  private void idle(boolean now) {
    WaitingClients.Waiting known = idle;
    if (known == null && now) {
      idle = front.idle().add(channel());
    } else if (known != null) {
      known.set(now);
    }
  }

  private CloseTimer timer() {
    CloseTimer known = timer;
    if (known == null) {
      known = new CloseTimer();
      timer = known;
    }
    return known;
  }

  /** Nothing has to come from the client in time: its timer and its place are let go. */
  private void expectNothing() {
    CloseTimer running = timer;
    timer = null;
    if (running != null) {
      running.stop();
    }
    WaitingClients.Waiting known = idle;
    idle = null;
    if (known != null) {
      front.idle().remove(known);
    }
  }

  /** Bytes have come, which may be no whole head yet. */
  private void headBegins() {
    if (exchange == null && !headBegun && !lingering && !closing && decoder().hasPartial()) {
      headBegun = true;
      idle(false);
      unfinished(true);
      timer().set(channel(), front.headTimeout().toMillis());
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext from, Object message) throws Exception {
    if (decoder == null && !closing && message instanceof ByteBuf) { // while the exchange waits
      StrictRequestDecoder made = decoder();
      made.channelRead(channel().pipeline().context(made), message);
    } else if (tunnel != null) {
      tunnel.fromClient((ByteBuf) message);
    } else if (lingering) {
      linger(message);
    } else if (closing) {
      ReferenceCountUtil.release(message);
    } else if (receiving && message instanceof HttpContent content) {
      content(content);
    } else if (exchange != null || !later.isEmpty()) {
      later.add(message);
      stopReadingIfFull();
    } else if (message instanceof HttpRequest request) {
      begin(request);
    } else {
      ReferenceCountUtil.release(message);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext from) {
    if (tunnel != null) {
      tunnel.clientReadComplete();
    } else {
      headBegins();
      dropIfTooFarAhead();
    }
  }

  /** A client that sends far ahead, where all do, gets the response under way and no other. */
  private void dropIfTooFarAhead() {
    StrictRequestDecoder known = decoder;
    if (exchange == null || receiving || closing || known == null) {
      return;
    }
    later.partial(known.partialBytes());
    if (later.isTooMuch()) {
      closing = true;
      decoder = null;
      later.drop();
      channel().pipeline().remove(known); // what it has left is dropped too
      channel().config().setAutoRead(true); // so that it is noticed if the client leaves
    }
  }

  private void begin(HttpRequest request) {
    timer().clear();
    idle(false);
    unfinished(false);
    RequestHead head = RequestHeads.of(request, channel(), secure);
    Http1Exchange next = new Http1Exchange(this, head);
    exchange = next;
    if (request.decoderResult().isFailure()) {
      ReferenceCountUtil.release(request);
      malformed = true;
      front.gateway().refuse(next, RequestHeads.problem(request.decoderResult().cause()));
      return;
    }
    receiving = true;
    if (head.bodyLength() == 0) {
      next.endsWithHead();
      if (head.headers().first("Upgrade") != null) {
        decoder().pause(); // what follows may be of the other protocol
      }
    }
    front.handle(next, dedicated);
  }

  private void content(HttpContent content) {
    Http1Exchange current = exchange;
    boolean last = content instanceof LastHttpContent;
    boolean failed = content.decoderResult().isFailure();
    receiving = !last && !failed;
    if (current == null || current.hasEndedWithHead()) {
      content.release();
      return;
    }
    if (failed) {
      content.release();
      current.body().fail(Relay.Cause.BODY_BROKEN, new IOException("a chunk is malformed"));
      return;
    }
    current.body().add(content.content());
    if (last) {
      current.body().complete(RequestHeads.trailers((LastHttpContent) content));
    }
    stopReadingIfFull();
  }

  private void stopReadingIfFull() {
    Http1Exchange current = exchange;
    boolean full = current != null && current.body().isFull();
    if (full || later.isFull()) {
      channel().config().setAutoRead(false);
    }
  }

  /** Some of the body was taken. */
  void bodyTaken() {
    Http1Exchange current = exchange;
    if (tunnel == null && (current == null || current.body().hasRoom())) {
      channel().config().setAutoRead(true);
    }
  }

  /** The exchange is over: the next one begins, or the connection ends. */
  void finished(Http1Exchange done, boolean close) {
    if (exchange != done) {
      return;
    }
    exchange = null;
    later.partial(0);
    boolean unread = malformed || (receiving && !done.body().isComplete());
    done.ifBody(RequestBody::discard);
    if (!channel().isActive()) {
      return;
    }
    if (unread) {
      beginToLinger();
    } else if (close || closing || inputEnded) {
      closeOnceWritten();
    } else {
      awaitHead();
      next();
      headBegins(); // it may have come with the request that is done
      idle(exchange == null && !closing && !headBegun);
    }
  }

  /** Closes the connection when the client has taken what there is, or takes too long. */
  private void closeOnceWritten() {
    closing = true;
    later.drop();
    timer().set(channel(), front.config().stallTimeout().toMillis());
    context().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
  }

  /** Begins with what has waited. */
  private void next() {
    if (dispatching) {
      return;
    }
    dispatching = true;
    try {
      decoder().resume(channel());
      while (exchange == null && !later.isEmpty() && !lingering) {
        Object message = later.next();
        if (message instanceof HttpRequest request) {
          begin(request);
          while (receiving && later.peek() instanceof HttpContent content) {
            later.next();
            content(content);
          }
        } else {
          ReferenceCountUtil.release(message);
        }
      }
    } finally {
      dispatching = false;
    }
    if (later.isEmpty()) {
      bodyTaken();
    }
  }

  /**
   * The response came before the request had ended. A connection that is closed under a client that
   * sends is reset, and the client never reads its response: so this reads on for a while.
   */
  private void beginToLinger() {
    lingering = true;
    later.drop();
    if (inputEnded) {
      closeOnceWritten();
      return;
    }
    context()
        .writeAndFlush(Unpooled.EMPTY_BUFFER)
        .addListener(
            flushed -> {
              if (!secure && channel() instanceof DuplexChannel duplex) {
                duplex.shutdownOutput();
              }
            });
    unfinished(true);
    timer().set(channel(), front.headTimeout().toMillis());
    channel().config().setAutoRead(true);
  }

  /** Ends a connection on which nothing is under way: politely, which takes its client's part. */
  void end() {
    if (exchange != null || tunnel != null || secure) {
      channel().close();
    } else if (!lingering && !closing) {
      beginToLinger();
    }
  }

  private void linger(Object message) {
    boolean last = message instanceof LastHttpContent;
    if (message instanceof HttpContent content) {
      lingered += content.content().readableBytes();
      last |= content.decoderResult().isFailure();
    }
    ReferenceCountUtil.release(message);
    if (last || lingered > MAX_LINGER_BYTES) {
      closeOnceWritten();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext from, Object event) {
    boolean noticed = event instanceof SslCloseCompletionEvent tls && tls.isSuccess();
    if ((noticed || event instanceof ChannelInputShutdownEvent) && !inputEnded) {
      inputEnded();
    }
  }

  private void inputEnded() {
    inputEnded = true;
    if (tunnel != null) {
      tunnel.clientEnded();
      return;
    }
    Http1Exchange current = exchange;
    if (current == null) {
      closeOnceWritten();
      return;
    }
    if (receiving && !current.body().isComplete()) {
      receiving = false;
      current.body().fail(Relay.Cause.BODY_BROKEN, new IOException("the body ended early"));
    }
    if (current.isWaiting()) {
      current.gone();
    } else {
      loop()
          .schedule(
              () -> {
                if (exchange == current) {
                  current.gone();
                }
              },
              HALF_CLOSED_MILLIS,
              TimeUnit.MILLISECONDS);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext from) {
    if (tunnel != null) {
      tunnel.clientWritabilityChanged();
    } else if (exchange != null) {
      exchange.writabilityChanged(channel().isWritable());
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext from) {
    expectNothing();
    unfinished(false);
    receiving = false;
    later.drop();
    if (tunnel != null) {
      tunnel.clientClosed();
      return;
    }
    Http1Exchange current = exchange;
    if (current != null) {
      current.gone();
      current.body().discard();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext from, Throwable error) {
    LOG.debug("A client's connection broke, or is closed after an error", error);
    channel().close();
  }

  /** Passes the connection to a tunnel: from now on its bytes are no HTTP. */
  void tunnel(Tunnel begun) {
    expectNothing();
    tunnel = begun;
    if (closing) {
      channel().close(); // what its client has said so far was dropped
      return;
    }
    later.partial(0);
    channel().config().setAutoRead(true);
    channel().pipeline().remove(decoder()); // which hands on what it has left
    if (inputEnded) {
      begun.clientEnded();
    }
  }

  /**
   * Closes the connection so that a response without a length is seen to be cut off: with a reset,
   * and over TLS without the notice that it has ended in order.
   */
  void reset() {
    channel().config().setOption(ChannelOption.SO_LINGER, 0);
    ChannelHandlerContext tls = channel().pipeline().context(SslHandler.class);
    if (tls != null) {
      tls.close(); // passes by the handler, which would send the notice
    } else {
      channel().close();
    }
  }
}
