package dev.autodeploy.proxy.netty;

import dev.autodeploy.proxy.gateway.HttpHeaders;
import dev.autodeploy.proxy.gateway.Relay;
import dev.autodeploy.proxy.gateway.RequestGuard;
import dev.autodeploy.proxy.gateway.RequestHead;
import dev.autodeploy.proxy.gateway.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A connection to an instance, for one attempt at a time. Runs on the loop of its pool. */
final class InstanceConnection extends ChannelInboundHandlerAdapter implements InstanceLink {

  private final InstancePool pool;
  private final StrictResponseDecoder decoder = new StrictResponseDecoder();
  private @Nullable Channel channel;
  private @Nullable NettyAttempt attempt;
  private @Nullable Tunnel tunnel;
  private boolean chunks;
  private boolean interim;
  private int interims;
  private long idleSince;

  InstanceConnection(InstancePool pool) {
    this.pool = pool;
  }

  void addTo(ChannelPipeline pipeline) {
    channel = pipeline.channel();
    pipeline.addLast(decoder, this);
  }

  Channel channel() {
    Channel known = channel;
    if (known == null) {
      throw new IllegalStateException("the connection is not there yet");
    }
    return known;
  }

  long idleSince() {
    return idleSince;
  }

  void idleSince(long time) {
    idleSince = time;
  }

  boolean isUsable() {
    return channel().isActive();
  }

  @Override
  public boolean isWritable() {
    return channel().isWritable();
  }

  private void write(ByteBuf bytes) {
    channel().write(bytes); // it may fail where the instance has responded early, and hung up
  }

  @Override
  public void begin(Relay.Request request) {
    chunks = request.bodyLength() == RequestHead.CHUNKED;
    write(RequestBytes.head(channel().alloc(), pool.authority(), pool.basePath(), request));
  }

  @Override
  public void data(ByteBuf piece) {
    ByteBufAllocator alloc = channel().alloc();
    if (chunks) {
      write(ResponseBytes.chunkSize(alloc, piece.readableBytes(), 0));
    }
    write(piece);
    if (chunks) {
      write(ResponseBytes.lineEnd(alloc));
    }
  }

  @Override
  public void end(HttpHeaders trailers) {
    if (chunks) {
      write(ResponseBytes.lastChunk(channel().alloc(), trailers));
    }
  }

  @Override
  public void flush() {
    channel().flush();
  }

  @Override
  public void setReading(boolean value) {
    channel().config().setAutoRead(value);
  }

  void use(NettyAttempt by) {
    attempt = by;
    interims = 0;
    decoder.expect(by.request().method());
    by.connected(this);
  }

  @Override
  public void release(boolean reusable) {
    attempt = null;
    if (reusable && channel().isActive() && !decoder.hasMore()) { // which nobody has asked for
      setReading(true);
      pool.giveBack(this);
    } else {
      channel().close();
    }
  }

  @Override
  public Tunnel beginTunnel(NettyExchange exchange, Tunnel.Ended whenEnded) {
    channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    Tunnel begun =
        new Tunnel(
            exchange.tunnelEnd(),
            new ConnectionEnd(channel()),
            exchange.front().tunnelSilence(),
            whenEnded);
    tunnel = begun;
    channel().pipeline().remove(decoder); // which hands on what it has left
    return begun;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    NettyAttempt current = attempt;
    if (tunnel != null) {
      if (message instanceof ByteBuf bytes) {
        tunnel.fromInstance(bytes);
      } else {
        ReferenceCountUtil.release(message);
      }
    } else if (current == null) {
      ReferenceCountUtil.release(message);
      context.close(); // nobody has asked
    } else if (message instanceof HttpResponse response) {
      head(current, response);
    } else if (message instanceof HttpContent content) {
      content(current, content);
    } else {
      ReferenceCountUtil.release(message);
    }
  }

  private void head(NettyAttempt current, HttpResponse response) {
    if (response.decoderResult().isFailure()) {
      ReferenceCountUtil.release(response);
      current.broke(new IOException("the response is not HTTP", response.decoderResult().cause()));
      return;
    }
    int status = response.status().code();
    HttpHeaders headers = DecodedFields.of(response.headers());
    interim = status < 200 && status != 101;
    if (interim) {
      interims++;
      if (interims > MAX_INTERIM) {
        current.broke(new IOException("the instance sent interim answers without end"));
      } else {
        current.interim(status, headers);
      }
      return;
    }
    boolean http11 = response.protocolVersion().equals(HttpVersion.HTTP_1_1);
    ResponseHead head;
    try {
      head = ResponseHead.of(status, http11, headers, current.request().method());
    } catch (IOException e) {
      current.broke(e);
      return;
    }
    String reason = response.status().reasonPhrase();
    current.head(head, RequestGuard.isValue(reason) ? reason : "");
  }

  private void content(NettyAttempt current, HttpContent content) {
    boolean last = content instanceof LastHttpContent;
    if (content.decoderResult().isFailure()) {
      content.release();
      current.broke(new IOException("the response's body is malformed"));
    } else if (interim) {
      content.release();
      interim = !last;
    } else {
      current.content(content.content());
      if (last) {
        current.end(true, trailers((LastHttpContent) content));
      }
    }
  }

  private static HttpHeaders trailers(LastHttpContent last) {
    return last.trailingHeaders().isEmpty()
        ? NettyExchange.NO_TRAILERS
        : DecodedFields.of(last.trailingHeaders());
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    if (tunnel != null) {
      tunnel.instanceReadComplete();
    } else if (attempt != null) {
      attempt.readComplete();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (tunnel != null) {
      tunnel.instanceWritabilityChanged();
    } else if (attempt != null && context.channel().isWritable()) {
      attempt.instanceWritable();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof ChannelInputShutdownEvent && tunnel != null) {
      tunnel.instanceEnded();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    if (tunnel != null) {
      tunnel.instanceClosed();
    } else if (attempt != null) {
      attempt.broke(new IOException("the instance closed the connection"));
    } else {
      pool.remove(this);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable error) {
    if (attempt != null && tunnel == null) {
      attempt.broke(error instanceof IOException io ? io : new IOException(error));
    }
    context.close();
  }
}
