package dev.autodeploy.proxy.netty;

import dev.autodeploy.proxy.gateway.Exchange;
import dev.autodeploy.proxy.gateway.HttpHeaders;
import dev.autodeploy.proxy.gateway.Relay;
import dev.autodeploy.proxy.gateway.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A stream of an {@link Http2InstanceConnection}, for one attempt. Runs on its loop. */
final class InstanceStream extends ChannelInboundHandlerAdapter implements InstanceLink {
  private final Http2InstanceConnection connection;
  private @Nullable NettyAttempt attempt;
  private @Nullable Channel channel;
  private boolean open;
  private boolean responding;
  private boolean ended;
  private int interims;

  InstanceStream(Http2InstanceConnection connection, NettyAttempt attempt) {
    this.connection = connection;
    this.attempt = attempt;
  }

  private Channel channel() {
    Channel known = channel;
    if (known == null) {
      throw new IllegalStateException("the stream is not there yet");
    }
    return known;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    channel = context.channel();
  }

  @Override
  public void begin(Relay.Request request) {
    open = true;
    Dialer to = connection.dialer();
    String host = request.headers().first("Host");
    Http2Headers head = Http2Fields.write(request.headers());
    head.method(request.method())
        .scheme(to.scheme())
        .authority(host == null ? to.authority() : host)
        .path(to.basePath() + request.target());
    if (request.bodyLength() > 0) {
      head.setLong("content-length", request.bodyLength());
    }
    channel().write(new DefaultHttp2HeadersFrame(head, request.bodyLength() == 0));
  }

  @Override
  public void data(ByteBuf piece) {
    channel().write(new DefaultHttp2DataFrame(piece, false));
    connection.carried(); // the instance may measure by pings how fast it comes
  }

  @Override
  public void end(HttpHeaders trailers) {
    if (trailers.size() > 0) {
      channel().write(new DefaultHttp2HeadersFrame(Http2Fields.write(trailers), true));
    } else {
      channel().write(new DefaultHttp2DataFrame(true));
    }
  }

  @Override
  public void flush() {
    channel().flush();
  }

  @Override
  public boolean isWritable() {
    return channel().isWritable();
  }

  @Override
  public void setReading(boolean value) {
    channel().config().setAutoRead(value);
  }

  @Override
  public Tunnel beginTunnel(NettyExchange exchange, Tunnel.Ended whenEnded) {
    throw new IllegalStateException("HTTP/2 switches no protocols");
  }

  @Override
  public void release(boolean reusable) {
    attempt = null;
    if (!reusable && channel().isActive()) {
      Http2Error error = ended ? Http2Error.NO_ERROR : Http2Error.CANCEL;
      channel().writeAndFlush(new DefaultHttp2ResetFrame(error));
    }
    channel().config().setAutoRead(true); // what is left is dropped
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    NettyAttempt current = attempt;
    if (message instanceof Http2HeadersFrame || message instanceof Http2DataFrame) {
      connection.carried();
    }
    if (message instanceof Http2HeadersFrame head && current != null) {
      head(current, head);
    } else if (message instanceof Http2DataFrame && current != null && !responding) {
      ReferenceCountUtil.release(message);
      breaksTheRules(current, "the response has a body before its head");
    } else if (message instanceof Http2DataFrame data && current != null) {
      boolean last = data.isEndStream();
      current.content(data.content());
      if (last) {
        ended = true;
        current.end(true, NettyExchange.NO_TRAILERS);
      }
    } else {
      ReferenceCountUtil.release(message);
    }
  }

  private void head(NettyAttempt current, Http2HeadersFrame frame) {
    HttpHeaders headers = Http2Fields.read(frame.headers());
    if (responding) {
      ended = true;
      current.end(true, headers);
      return;
    }
    int status = status(frame.headers());
    if (status < 200 && (status < 100 || status == 101 || interims == MAX_INTERIM)) {
      breaksTheRules(current, "the response has no status, or interim ones without end");
      return;
    }
    if (status < 200) {
      interims++;
      current.interim(status, headers); // which passes no 100 on
      return;
    }
    responding = true;
    ended = frame.isEndStream();
    boolean withoutBody =
        status == 204 || status == 304 || current.request().method().equals("HEAD");
    long length = withoutBody ? 0 : length(headers);
    current.head(new ResponseHead(status, headers, length, true, withoutBody, true), null);
    if (ended) {
      current.end(true, NettyExchange.NO_TRAILERS);
    }
  }

  /** Closes the connection: who breaks a rule in one stream is not trusted with another. */
  private void breaksTheRules(NettyAttempt current, String how) {
    connection.retire();
    current.broke(new IOException(how));
  }

  private static int status(Http2Headers headers) {
    CharSequence status = headers.status();
    return status != null && status.toString().matches("[1-9]\\d\\d")
        ? Integer.parseInt(status.toString())
        : 0;
  }

  private static long length(HttpHeaders headers) {
    String length = headers.first("content-length");
    if (length != null && length.matches("\\d{1,18}")) {
      return Long.parseLong(length);
    }
    return Exchange.UNKNOWN_LENGTH;
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    NettyAttempt current = attempt;
    if (current != null) {
      current.readComplete();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    NettyAttempt current = attempt;
    if (current != null && channel().isWritable()) {
      current.instanceWritable();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    NettyAttempt current = attempt;
    if (event instanceof Http2ResetFrame reset && current != null) {
      reset(current, reset.errorCode());
    } else if (event instanceof Http2GoAwayFrame && current != null) {
      current.refused(new IOException("the instance closes the connection")); // and the stream
    }
    ReferenceCountUtil.release(event);
  }

  private void reset(NettyAttempt current, long error) {
    IOException failure = new IOException("the instance reset the stream: error " + error);
    if (error == Http2Error.REFUSED_STREAM.code()) {
      connection.retire();
      current.refused(failure);
    } else {
      current.broke(failure);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    NettyAttempt current = attempt;
    if (current != null) {
      current.broke(new IOException("the instance closed the stream"));
    }
    if (open) {
      open = false;
      connection.closed();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable error) {
    NettyAttempt current = attempt;
    if (current != null) {
      current.broke(error instanceof IOException io ? io : new IOException(error));
    }
    context.close();
  }
}
