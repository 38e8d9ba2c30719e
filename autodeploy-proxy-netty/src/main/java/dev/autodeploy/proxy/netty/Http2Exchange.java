package dev.autodeploy.proxy.netty;

import dev.autodeploy.proxy.gateway.Exchange;
import dev.autodeploy.proxy.gateway.Grpc;
import dev.autodeploy.proxy.gateway.HttpHeaders;
import dev.autodeploy.proxy.gateway.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/** An exchange on a stream of HTTP/2. */
final class Http2Exchange extends NettyExchange {
  private final ClientStream stream;
  private @Nullable Http2Headers unsentHead;
  private HttpHeaders trailers = NO_TRAILERS;
  private boolean tunnelled;

  Http2Exchange(ClientStream stream, RequestHead head) {
    super(stream.front(), head);
    this.stream = stream;
  }

  @Override
  Channel channel() {
    return stream.channel();
  }

  @Override
  public boolean noticesGone() {
    return true; // its connection is always read, and tells of a stream's end
  }

  @Override
  void bodyTaken() {
    stream.bodyTaken();
  }

  @Override
  void bodyWanted() {
    stream.widen();
  }

  @Override
  public boolean switchesProtocols() {
    return request().protocol() != null;
  }

  @Override
  void sendHead(
      int status, @Nullable String reason, HttpHeaders headers, long length, boolean withoutBody) {
    if (status == 101) { // success is what HTTP/2 calls it (RFC 8441, 5)
      headers.remove("Sec-WebSocket-Accept");
      sendHead(200, null, headers, Exchange.UNKNOWN_LENGTH, true);
      return;
    }
    boolean trailersOnly = length == 0 && Grpc.asks(request());
    if (!withoutBody && length >= 0 && !trailersOnly) {
      headers.set("content-length", Long.toString(length));
    }
    if (headers.first("date") == null) {
      headers.add("date", ResponseBytes.now());
    }
    Http2Headers head = Http2Fields.write(headers);
    head.status(Integer.toString(status));
    unsentHead = head; // it may turn out to be all there is, which has to be said in its frame
  }

  @Override
  void sendInterim(int status, HttpHeaders headers) {
    Http2Headers head = Http2Fields.write(headers);
    head.status(Integer.toString(status));
    channel().writeAndFlush(new DefaultHttp2HeadersFrame(head, false));
  }

  private void writeHead() {
    Http2Headers head = unsentHead;
    if (head != null) {
      unsentHead = null;
      channel().write(new DefaultHttp2HeadersFrame(head, false));
    }
  }

  @Override
  void sendPiece(ByteBuf piece) {
    if (piece.isReadable()) {
      writeHead();
      channel().write(new DefaultHttp2DataFrame(piece, false));
      stream.said();
    } else {
      piece.release();
    }
  }

  @Override
  void trailers(HttpHeaders fields) {
    trailers = fields;
  }

  @Override
  void flush() {
    writeHead();
    channel().flush();
  }

  @Override
  TunnelEnd tunnelEnd() {
    return new StreamEnd(stream);
  }

  @Override
  void tunnel(Tunnel begun) {
    tunnelled = true;
    stream.tunnel(begun);
  }

  @Override
  void sendEnd() {
    if (tunnelled) {
      return; // whose ends have closed
    }
    Object last;
    if (trailers.size() > 0) {
      writeHead();
      last = new DefaultHttp2HeadersFrame(Http2Fields.write(trailers), true);
    } else if (unsentHead != null) {
      last = new DefaultHttp2HeadersFrame(unsentHead, true);
      unsentHead = null;
    } else {
      last = new DefaultHttp2DataFrame(true);
    }
    stream.finished(this, channel().writeAndFlush(last));
  }

  @Override
  void cut() {
    unsentHead = null;
    stream.finished(
        this, channel().writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.INTERNAL_ERROR)));
  }
}
