package dev.autodeploy.proxy.netty;

import dev.autodeploy.proxy.gateway.HttpHeaders;
import dev.autodeploy.proxy.gateway.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/** An exchange of a {@link ClientConnection}. */
final class Http1Exchange extends NettyExchange {
  /** A piece of at most so many bytes is copied behind what stands before it. */
  private static final int SHORT = 1024;

  private final ClientConnection connection;
  private boolean chunked;
  private boolean closes;
  private boolean untilTheEnd;
  private boolean continued;
  private HttpHeaders trailers = NO_TRAILERS;

  /** The head that waits to be written together with what comes next, if that is short. */
  private @Nullable ByteBuf head;

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
    int room = withoutBody || length > SHORT ? 0 : (int) Math.max(0, length);
    head = ResponseBytes.head(channel().alloc(), status, reason, headers, room);
  }

  private void writeHead() {
    ByteBuf waiting = head;
    if (waiting != null) {
      head = null;
      channel().write(waiting);
    }
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
    ByteBuf before = head;
    int size = piece.readableBytes();
    if (size == 0) {
      piece.release();
    } else if (chunked) {
      writeHead();
      sendChunk(piece);
    } else if (before != null && size <= before.writableBytes()) {
      before.writeBytes(piece);
      piece.release();
    } else {
      writeHead();
      channel().write(piece);
    }
  }

  private void sendChunk(ByteBuf piece) {
    int size = piece.readableBytes();
    if (size <= SHORT) { // a copy costs less than three buffers
      ByteBuf all = ResponseBytes.chunkSize(channel().alloc(), size, size + 2).writeBytes(piece);
      piece.release();
      channel().write(ResponseBytes.lineEnd(all));
    } else {
      channel().write(ResponseBytes.chunkSize(channel().alloc(), size, 0));
      channel().write(piece);
      channel().write(ResponseBytes.lineEnd(channel().alloc()));
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
    writeHead();
    channel().flush();
  }

  @Override
  void trailers(HttpHeaders fields) {
    trailers = fields;
  }

  @Override
  void sendEnd() {
    writeHead();
    if (chunked) {
      channel().write(ResponseBytes.lastChunk(channel().alloc(), trailers));
    }
    channel().flush();
    connection.finished(this, closes);
  }

  @Override
  void cut() {
    writeHead(); // which releases it, as the connection ends
    if (untilTheEnd) {
      connection.reset();
    } else {
      channel().close();
    }
  }
}
