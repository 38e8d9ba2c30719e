package dev.autodeploy.proxy.netty;

import dev.autodeploy.proxy.gateway.BodyPace;
import dev.autodeploy.proxy.gateway.Exchange;
import dev.autodeploy.proxy.gateway.GatewayConfig;
import dev.autodeploy.proxy.gateway.Grpc;
import dev.autodeploy.proxy.gateway.HttpHeaders;
import dev.autodeploy.proxy.gateway.Relay;
import dev.autodeploy.proxy.gateway.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An exchange with a client, whatever version of HTTP it speaks. Code that touches the connection
 * runs on its loop.
 */
abstract class NettyExchange implements Exchange {
  /** The trailers of a message that has none. */
  static final HttpHeaders NO_TRAILERS = new HttpHeaders();

  /** A response of the link itself that is longer goes out as it is written. */
  private static final int MAX_OWN = 64 * 1024;

  private final Front front;
  private final RequestHead head;
  private volatile @Nullable RequestBody body;
  private volatile @Nullable BodyPace responsePace;
  private boolean behind;
  private final boolean streams;
  private boolean endsWithHead;
  private volatile @Nullable Runnable whenGone;
  private volatile boolean isGone;
  private volatile boolean waiting;
  private volatile long blockedSince;
  private boolean awaitsBody;
  private boolean awaitsRoom;
  private volatile long clientSince;
  private volatile long clientNanos;
  private @Nullable OwnResponse own;
  private @Nullable Runnable whenWritable;
  private boolean responding;
  private volatile boolean streaming;
  private boolean done;

  /** A response of the link itself, kept until it is complete. */
  private static final class OwnResponse extends ByteArrayOutputStream {
    final int status;
    final HttpHeaders headers;

    OwnResponse(int status, HttpHeaders headers, long length) {
      super((int) Math.max(32, length));
      this.status = status;
      this.headers = headers;
    }
  }

  NettyExchange(Front front, RequestHead head) {
    this.front = front;
    this.head = head;
    streams = Grpc.asks(head);
  }

  // What differs between the versions of HTTP

  /** Returns what the response is written to. */
  abstract Channel channel();

  /** Some of the body was taken, so that more may be read. */
  abstract void bodyTaken();

  /** The exchange begins to wait for an instance; called on any thread. */
  void waits() {}

  /** The body is going to be taken as it comes. */
  void bodyWanted() {}

  /** Sends the head of the response; {@code length} is that of the body or unknown. */
  abstract void sendHead(
      int status, @Nullable String reason, HttpHeaders headers, long length, boolean withoutBody);

  /** Sends a head that comes before the response. */
  abstract void sendInterim(int status, HttpHeaders headers);

  /** Sends a piece of the body, which is released. */
  abstract void sendPiece(ByteBuf piece);

  /** Sets the fields behind the body, where they can be sent. */
  abstract void trailers(HttpHeaders fields);

  /** Sends what there is. */
  abstract void flush();

  /** Returns what carries the bytes of another protocol. */
  abstract TunnelEnd tunnelEnd();

  /** Passes what the client says from now on to a tunnel. */
  abstract void tunnel(Tunnel begun);

  /** Ends the response, and the exchange on its connection. */
  abstract void sendEnd();

  /** Ends the exchange so that the client sees that it is broken. */
  abstract void cut();

  // What is common

  Front front() {
    return front;
  }

  EventLoop loop() {
    return channel().eventLoop();
  }

  /** Runs a step on the loop, at once if this is its thread. */
  final void run(Runnable step) {
    if (loop().inEventLoop()) {
      step.run();
    } else {
      loop().execute(step);
    }
  }

  /** The request has ended with its head: it has no body, which need not come. */
  void endsWithHead() {
    endsWithHead = true;
  }

  /** Returns whether the request has ended with its head. */
  boolean hasEndedWithHead() {
    return endsWithHead;
  }

  /** Returns the body, made when it is first asked for: few held requests have one. */
  RequestBody body() {
    RequestBody known = body;
    if (known == null) {
      known = new RequestBody(front.config().maxRequestBody(), pace(), front.readAhead());
      if (endsWithHead) {
        known.complete();
      }
      body = known;
    }
    return known;
  }

  /** Does something with the body, of which a request that has ended with its head has none. */
  final void ifBody(Consumer<RequestBody> step) {
    if (!endsWithHead || body != null) {
      step.accept(body());
    }
  }

  private BodyPace pace() {
    if (head.bodyLength() == 0 && head.protocol() == null) {
      return front.noPace(); // few requests have a body
    }
    GatewayConfig config = front.config();
    return new BodyPace(config.ticker(), streams ? BodyPace.Limits.NONE : config.pace());
  }

  /** Returns whether the client sends its body slower than it may. Called by any thread. */
  boolean sendsTooSlowly() {
    RequestBody known = body;
    return known != null && known.pace().tooSlow();
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
  public boolean passesTrailers() {
    return true;
  }

  // The client

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
    waits();
    future.whenComplete(
        (value, error) -> {
          waiting = false;
          try {
            loop().execute(next);
          } catch (RejectedExecutionException e) {
            next.run(); // the loop has ended with the proxy; the lease must be given back
          }
        });
  }

  @Override
  public void runBlocking(Runnable next) {
    front.runBlocking(this, next);
  }

  @Override
  public void runLong(Executor workers, Runnable next) {
    workers.execute(next); // the loop must not wait, and the threads for checks are few
  }

  @Override
  public long transferringSince() {
    return blockedSince;
  }

  /** Returns for how long the client was waited for; also one that streams, and need not speak. */
  @Override
  public long clientNanos() {
    long begun = clientSince;
    return clientNanos + (begun == 0 ? 0 : Math.max(0, now() - begun));
  }

  /** Returns the time, which is never 0. */
  private long now() {
    long time = front.config().ticker().read();
    return time == 0 ? 1 : time;
  }

  private void countClient() {
    long begun = clientSince;
    boolean waits = awaitsBody || awaitsRoom;
    if (waits && begun == 0) {
      clientSince = now();
    } else if (!waits && begun != 0) {
      long all = clientNanos + now() - begun;
      clientNanos = all;
      clientSince = 0;
    }
  }

  /** The client has to send more of its body before the exchange continues. */
  void awaitsBody(boolean now) {
    blocked(now && !streams); // a call of gRPC may say nothing for as long as it likes
    awaitsBody = now;
    countClient();
  }

  /** The client has to take something before the exchange continues. */
  void blocked(boolean now) {
    if (!now) {
      blockedSince = 0;
    } else if (blockedSince == 0) {
      blockedSince = now();
    }
  }

  @Override
  public void breakTransfer() {
    run(
        () -> {
          if (streaming || (own != null && !responding)) {
            cut();
          } else {
            body().fail(Relay.Cause.BODY_BROKEN, new IOException("the client is too slow"));
          }
        });
  }

  /** Returns whether the client takes its response slower than it may. */
  boolean takesTooSlowly() {
    BodyPace pace = responsePace;
    return pace != null && pace.tooSlow();
  }

  void writabilityChanged(boolean writable) {
    blocked(!writable);
    awaitsRoom = !writable;
    countClient();
    if (behind == writable) {
      behind = !writable;
      BodyPace pace = responsePace;
      if (pace == null) {
        GatewayConfig config = front.config();
        pace = new BodyPace(config.ticker(), config.responsePace());
        responsePace = pace;
      }
      if (writable) {
        pace.end(0);
      } else {
        pace.begin();
      }
    }
    if (writable && whenWritable != null) {
      whenWritable.run();
    }
  }

  void whenWritable(@Nullable Runnable then) {
    whenWritable = then;
  }

  // The link's own response

  @Override
  public OutputStream respond(int status, HttpHeaders headers, long length) {
    if (length == UNKNOWN_LENGTH || length > MAX_OWN) {
      streaming = true;
      run(
          () -> {
            begin(status, null, headers, length, isBodiless(status));
            flush();
          });
      return new OwnStream(this);
    }
    OwnResponse begun = new OwnResponse(status, headers, length);
    own = begun;
    return begun;
  }

  private void writeOwn(OwnResponse response) {
    begin(response.status, null, response.headers, response.size(), isBodiless(response.status));
    if (response.size() > 0 && !isBodiless(response.status)) {
      sendPiece(Unpooled.wrappedBuffer(response.toByteArray()));
    }
  }

  final boolean isBodiless(int status) {
    return status < 200 || status == 204 || status == 304 || head.method().equals("HEAD");
  }

  // A response of an instance

  /** Sends the head of the response; without a reason phrase it has the usual one. */
  final void begin(
      int status, @Nullable String reason, HttpHeaders headers, long length, boolean withoutBody) {
    responding = true;
    sendHead(status, reason, headers, length, withoutBody || isBodiless(status));
  }

  /** Tells the client that its body may come. */
  final void sendContinue() {
    if (head.headers().first("Expect") != null
        && !head.version().equals("HTTP/1.0")
        && !body().isComplete()
        && body().queued() == 0) {
      sendInterim(100, new HttpHeaders());
    }
  }

  // The end

  @Override
  public void complete() {
    run(
        () -> {
          if (!done) {
            done = true;
            if (own != null && !responding) {
              writeOwn(own);
            }
            sendEnd();
          }
        });
  }

  @Override
  public void abort() {
    run(
        () -> {
          done = true;
          body().discard();
          cut();
        });
  }

  @Override
  public void abandon() {
    abort();
  }
}
