package dev.autodeploy.proxy.netty;

import dev.autodeploy.proxy.gateway.BodyPace;
import dev.autodeploy.proxy.gateway.Exchange;
import dev.autodeploy.proxy.gateway.GatewayConfig;
import dev.autodeploy.proxy.gateway.HttpHeaders;
import dev.autodeploy.proxy.gateway.Relay;
import dev.autodeploy.proxy.gateway.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** An exchange of a {@link ClientConnection}. Code that touches the connection runs on its loop. */
final class NettyExchange implements Exchange {
  private final ClientConnection connection;
  private final RequestHead head;
  private final RequestBody body;
  private final BodyPace responsePace;
  private boolean behind;
  private volatile @Nullable Runnable whenGone;
  private volatile boolean isGone;
  private volatile boolean waiting;
  private volatile long blockedSince;
  private @Nullable OwnResponse own;
  private @Nullable Runnable whenWritable;
  private boolean responding;
  private boolean chunked;
  private boolean closes;
  private boolean untilTheEnd;
  private boolean done;

  /** A response of the link itself, kept until it is complete. */
  private static final class OwnResponse extends ByteArrayOutputStream {
    final int status;
    final HttpHeaders headers;

    OwnResponse(int status, HttpHeaders headers, long length) {
      super((int) Math.max(32, Math.min(length, 1 << 20)));
      this.status = status;
      this.headers = headers;
    }
  }

  NettyExchange(ClientConnection connection, RequestHead head) {
    this.connection = connection;
    this.head = head;
    GatewayConfig config = connection.front().config();
    body = new RequestBody(config.maxRequestBody(), new BodyPace(config.ticker(), config.pace()));
    responsePace = new BodyPace(config.ticker(), config.responsePace());
  }

  ClientConnection connection() {
    return connection;
  }

  Channel channel() {
    return connection.channel();
  }

  RequestBody body() {
    return body;
  }

  @Override
  public RequestHead request() {
    return head;
  }

  @Override
  public Relay relay() {
    return new NettyRelay(this);
  }

  @Override
  public boolean switchesProtocols() {
    return true;
  }

  // The client

  @Override
  public boolean noticesGone() {
    return connection.channel().config().isAutoRead();
  }

  @Override
  public void onClientGone(Runnable gone) {
    whenGone = gone;
    if (isGone) {
      gone.run();
    }
  }

  void gone() {
    isGone = true;
    Runnable then = whenGone;
    if (then != null) {
      then.run();
    }
  }

  /** Returns whether the exchange waits for an instance. */
  boolean isWaiting() {
    return waiting;
  }

  @Override
  public void whenDone(CompletableFuture<?> future, Runnable next) {
    waiting = true;
    future.whenComplete(
        (value, error) -> {
          waiting = false;
          try {
            connection.loop().execute(next);
          } catch (RejectedExecutionException e) {
            next.run(); // the loop has ended with the proxy; the lease must be given back
          }
        });
  }

  @Override
  public long transferringSince() {
    return blockedSince;
  }

  /** The client has to send or to take something before the exchange continues. */
  void blocked(boolean now) {
    if (!now) {
      blockedSince = 0;
    } else if (blockedSince == 0) {
      long time = connection.front().config().ticker().read();
      blockedSince = time == 0 ? 1 : time;
    }
  }

  @Override
  public void breakTransfer() {
    connection.run(
        () -> {
          if (own != null && !responding) {
            channel().close();
          } else {
            body.fail(Relay.Cause.BODY_BROKEN, new IOException("the client is too slow"));
          }
        });
  }

  /** Returns the pace at which the client takes the response. */
  BodyPace responsePace() {
    return responsePace;
  }

  void writabilityChanged(boolean writable) {
    blocked(!writable);
    if (behind == writable) {
      behind = !writable;
      if (writable) {
        responsePace.end(0);
      } else {
        responsePace.begin();
      }
    }
    if (writable && whenWritable != null) {
      whenWritable.run();
    }
  }

  // The link's own response

  @Override
  public OutputStream respond(int status, HttpHeaders headers, long length) {
    OwnResponse begun = new OwnResponse(status, headers, length);
    own = begun;
    return begun;
  }

  private void writeOwn(OwnResponse response) {
    begin(response.status, null, response.headers, response.size(), isBodiless(response.status));
    if (response.size() > 0 && !isBodiless(response.status)) {
      channel().write(Unpooled.wrappedBuffer(response.toByteArray()));
    }
    channel().flush();
  }

  private boolean isBodiless(int status) {
    return status < 200 || status == 204 || status == 304 || head.method().equals("HEAD");
  }

  // A response of an instance

  /** Sends the head of the response; without a reason phrase it has the usual one. */
  void begin(
      int status, @Nullable String reason, HttpHeaders headers, long length, boolean withoutBody) {
    responding = true;
    boolean http10 = head.version().equals("HTTP/1.0");
    if (!withoutBody && !isBodiless(status)) {
      if (length >= 0) {
        headers.set("Content-Length", Long.toString(length));
      } else if (http10) {
        untilTheEnd = true;
      } else {
        chunked = true;
        headers.set("Transfer-Encoding", "chunked");
      }
    }
    boolean early = status >= 400 && !body.isComplete();
    closes = http10 || untilTheEnd || early || headers.tokens("Connection").contains("close");
    if (closes && status != 101) {
      headers.set("Connection", "close");
    }
    channel().write(ResponseBytes.head(channel().alloc(), status, reason, headers));
  }

  /** Sends a piece of the body, which is released. */
  void write(ByteBuf piece) {
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

  /** Tells the client that its body may come. */
  void sendContinue() {
    if (head.headers().first("Expect") != null
        && head.version().equals("HTTP/1.1")
        && !body.isComplete()
        && body.queued() == 0) {
      ByteBuf interim = channel().alloc().buffer(32);
      ResponseBytes.text(interim, "HTTP/1.1 100 Continue\r\n\r\n");
      channel().writeAndFlush(interim);
    }
  }

  void whenWritable(@Nullable Runnable then) {
    whenWritable = then;
  }

  // The end

  @Override
  public void complete() {
    connection.run(
        () -> {
          if (done) {
            return;
          }
          done = true;
          OwnResponse response = own;
          if (response != null && !responding) {
            writeOwn(response);
          } else {
            if (chunked) {
              channel().write(ResponseBytes.lastChunk(channel().alloc()));
            }
            channel().flush();
          }
          connection.finished(this, closes);
        });
  }

  @Override
  public void abort() {
    connection.run(
        () -> {
          done = true;
          body.discard();
          if (untilTheEnd) {
            connection.reset();
          } else {
            channel().close();
          }
        });
  }

  @Override
  public void abandon() {
    abort();
  }
}
