package dev.autodeploy.proxy.netty;

import dev.autodeploy.proxy.gateway.HttpHeaders;
import dev.autodeploy.proxy.gateway.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/** An exchange of a {@link ClientConnection}. */
final class Http1Exchange extends NettyExchange {
  private final ClientConnection connection;
  private boolean chunked;
  private boolean closes;
  private boolean untilTheEnd;
  private boolean continued;
  private HttpHeaders trailers = NO_TRAILERS;

  Http1Exchange(ClientConnection connection, RequestHead head) {
    super(connection.front(), head);
    this.connection = connection;
  }

  private boolean http10() {
    return request().version().equals("HTTP/1.0");
  }

  @Override
  Channel channel() {
    return connection.channel();
  }

  @Override
  public boolean switchesProtocols() {
    return true;
  }

  @Override
  public boolean noticesGone() {
    return channel().config().isAutoRead();
  }

  @Override
  void waits() {
    connection.park();
  }

  @Override
  void bodyTaken() {
    connection.bodyTaken();
  }

  @Override
  void sendHead(
      int status, @Nullable String reason, HttpHeaders headers, long length, boolean withoutBody) {
    if (!withoutBody) {
      if (length >= 0) {
        headers.set("Content-Length", Long.toString(length));
      } else if (http10()) {
        untilTheEnd = true;
      } else {
        chunked = true;
        headers.set("Transfer-Encoding", "chunked");
      }
    }
    if (!chunked) {
      headers.remove("Trailer");
    }
    boolean early = status >= 400 && !body().isComplete();
    closes = http10() || untilTheEnd || early || headers.tokens("Connection").contains("close");
    if (closes && status != 101) {
      headers.set("Connection", "close");
    }
    channel().write(ResponseBytes.head(channel().alloc(), status, reason, headers));
  }

  @Override
  void sendInterim(int status, HttpHeaders headers) {
    if (status == 100 && continued) {
      return;
    }
    continued |= status == 100;
    channel().writeAndFlush(ResponseBytes.interim(channel().alloc(), status, headers));
  }

  @Override
  void sendPiece(ByteBuf piece) {
    if (!piece.isReadable()) {
      piece.release();
    } else if (chunked) {
      channel().write(ResponseBytes.chunkSize(channel().alloc(), piece.readableBytes()));
      channel().write(piece);
      channel().write(ResponseBytes.lineEnd(channel().alloc()));
    } else {
      channel().write(piece);
    }
  }

  @Override
  TunnelEnd tunnelEnd() {
    return new ConnectionEnd(channel());
  }

  @Override
  void tunnel(Tunnel begun) {
    connection.tunnel(begun);
  }

  @Override
  void flush() {
    channel().flush();
  }

  @Override
  void trailers(HttpHeaders fields) {
    trailers = fields;
  }

  @Override
  void sendEnd() {
    if (chunked) {
      channel().write(ResponseBytes.lastChunk(channel().alloc(), trailers));
    }
    channel().flush();
    connection.finished(this, closes);
  }

  @Override
  void cut() {
    if (untilTheEnd) {
      connection.reset();
    } else {
      channel().close();
    }
  }
}
