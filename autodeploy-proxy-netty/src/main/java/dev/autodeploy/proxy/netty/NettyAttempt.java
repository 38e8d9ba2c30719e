package dev.autodeploy.proxy.netty;

import dev.autodeploy.Lease;
import dev.autodeploy.proxy.gateway.Grpc;
import dev.autodeploy.proxy.gateway.HttpHeaders;
import dev.autodeploy.proxy.gateway.Relay;
import dev.autodeploy.proxy.gateway.ResponseHead;
import dev.autodeploy.proxy.gateway.TrailerRules;
import dev.autodeploy.spi.Ticker;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** One try to get a response from an instance. Runs on the loop of the client's connection. */
final class NettyAttempt implements Relay.Attempt, RequestBody.Sink {
  private final NettyExchange exchange;
  private final Lease lease;
  private final Relay.Request request;
  private final Ticker ticker;
  private Relay.@Nullable Listener listener;
  private @Nullable InstanceLink connection;
  private volatile boolean cancelled;
  private volatile long waitingSince = Relay.NOT_WAITING;
  private boolean sent;
  private boolean responding;
  private boolean withoutBody;
  private Relay.@Nullable Copy copy;
  private boolean ended;
  private @Nullable ResponseHead response;
  private long count;
  private boolean repeated;

  NettyAttempt(NettyExchange exchange, Lease lease, Relay.Request request) {
    this.exchange = exchange;
    this.lease = lease;
    this.request = request;
    ticker = exchange.front().config().ticker();
  }

  Relay.Request request() {
    return request;
  }

  /** Returns whether only HTTP/2 can carry the request. */
  boolean wantsHttp2() {
    return Grpc.asks(exchange.request());
  }

  private Relay.Listener listener() {
    Relay.Listener known = listener;
    if (known == null) {
      throw new IllegalStateException("the attempt was not executed");
    }
    return known;
  }

  @Override
  public void execute(Relay.Listener events) {
    exchange.run(
        () -> {
          listener = events;
          if (cancelled) {
            unanswered(Relay.Cause.BROKE, new IOException("Canceled"));
          } else {
            if (wantsHttp2()) {
              exchange.body().remember();
            }
            exchange.front().pools().connect(exchange.loop(), lease, this);
          }
        });
  }

  @Override
  public void cancel() {
    cancelled = true;
    exchange.loop().execute(() -> broke(new IOException("Canceled")));
  }

  @Override
  public long waitingSince() {
    return waitingSince;
  }

  @Override
  public void afterDone(CompletableFuture<?> future, Duration limit, Runnable next) {
    AtomicBoolean once = new AtomicBoolean();
    Runnable step =
        () -> {
          if (once.compareAndSet(false, true)) {
            next.run();
          }
        };
    if (future.isDone()) {
      step.run();
      return;
    }
    exchange.loop().schedule(step, limit.toMillis(), TimeUnit.MILLISECONDS);
    future.whenComplete((value, error) -> exchange.loop().execute(step));
  }

  // The connection to the instance

  boolean isCancelled() {
    return cancelled || ended;
  }

  void connected(InstanceLink to) {
    connection = to;
    to.begin(request);
    if (request.bodyLength() == 0) {
      sent = true;
    } else {
      exchange.sendContinue();
      exchange.bodyWanted();
      exchange.body().attach(this);
      exchange.awaitsBody(!exchange.body().isComplete());
    }
    to.flush();
  }

  void notConnected(Throwable error) {
    IOException failure = new ConnectException(String.valueOf(error.getMessage()));
    failure.initCause(error);
    unanswered(Relay.Cause.UNREACHABLE, failure);
  }

  // The request's body

  @Override
  public boolean isReady() {
    return connection != null && connection.isWritable();
  }

  @Override
  public void data(ByteBuf piece) {
    listener().requestProgress();
    exchange.blocked(false);
    InstanceLink to = connection;
    if (to == null) {
      piece.release();
      return;
    }
    to.data(piece);
    to.flush();
    exchange.awaitsBody(to.isWritable() && !exchange.body().isComplete());
    exchange.bodyTaken();
  }

  @Override
  public void end(HttpHeaders trailers) {
    listener().requestProgress();
    exchange.awaitsBody(false);
    sent = true;
    InstanceLink to = connection;
    if (to != null) {
      to.end(trailers);
      to.flush();
    }
  }

  @Override
  public void failed(Relay.Cause cause, IOException error) {
    exchange.awaitsBody(false);
    if (responding) {
      broke(error); // the instance waits for what will never come
    } else {
      unanswered(cause, error);
    }
  }

  void instanceWritable() {
    exchange.body().drain();
    exchange.awaitsBody(!sent && isReady() && !exchange.body().isComplete());
  }

  // The response

  /** The instance says something before its response. */
  void interim(int status, HttpHeaders received) {
    HttpHeaders headers = ended ? null : listener().interim(status, received);
    if (headers != null) {
      exchange.sendInterim(status, headers);
    }
  }

  /**
   * The instance begins its response.
   *
   * @param head its head
   * @param reason the reason phrase, or null for the usual one
   */
  void head(ResponseHead head, @Nullable String reason) {
    int status = head.status();
    Relay.ResponseStart start = listener().responding(status, head.headers());
    if (start == null) {
      ended = true;
      drop();
      return;
    }
    responding = true;
    exchange.ifBody(RequestBody::forget);
    response = head;
    withoutBody = start.withoutBody();
    copy = start.copy();
    exchange.begin(status, reason, start.headers(), head.bodyLength(), withoutBody);
    if (status == 101) {
      beginTunnel();
      return;
    }
    exchange.whenWritable(this::clientWritable);
    waits();
  }

  private void beginTunnel() {
    InstanceLink to = connection;
    if (to != null) {
      exchange.flush();
      waitingSince = Relay.NOT_WAITING;
      exchange.tunnel(to.beginTunnel(exchange, this::tunnelEnded));
    }
  }

  private void tunnelEnded(long bytes) {
    if (!ended) {
      ended = true;
      listener().completed(bytes);
    }
  }

  private void waits() {
    waitingSince = exchange.channel().isWritable() ? ticker.read() : Relay.NOT_WAITING;
  }

  void content(ByteBuf piece) {
    if (ended || withoutBody) {
      piece.release();
      return;
    }
    count += piece.readableBytes();
    Relay.Copy to = copy;
    if (to != null) {
      byte[] bytes = new byte[piece.readableBytes()];
      piece.getBytes(piece.readerIndex(), bytes);
      to.add(bytes, 0, bytes.length);
    }
    exchange.sendPiece(piece);
  }

  void readComplete() {
    if (!responding || ended) {
      return;
    }
    exchange.flush();
    InstanceLink from = connection;
    if (from != null && !exchange.channel().isWritable()) {
      exchange.blocked(true);
      from.setReading(false);
    }
    waits();
  }

  private void clientWritable() {
    InstanceLink from = connection;
    if (from != null && !ended) {
      from.setReading(true);
      waits();
    }
  }

  /**
   * The response is complete.
   *
   * @param keepAlive whether the connection may be used again
   * @param trailers the fields behind the body
   */
  void end(boolean keepAlive, HttpHeaders trailers) {
    ResponseHead head = response;
    if (ended || head == null) {
      return;
    }
    ended = true;
    waitingSince = Relay.NOT_WAITING;
    if (trailers.size() > 0) {
      exchange.trailers(TrailerRules.passing(trailers));
    }
    release(keepAlive && head.keepAlive() && sent && request.leavesNoBody(head.status()));
    if (!exchange.channel().isActive()) {
      listener().clientLeft(count);
    } else if (head.endsWithConnection()) {
      listener().endedWithConnection(count, () -> listener().completed(count));
    } else {
      listener().completed(count);
    }
  }

  /**
   * The instance says that it has not looked at the request, and will not: so it is sent once more,
   * on another connection, if all of it is still there.
   */
  void refused(IOException error) {
    if (ended || responding || repeated || listener == null || !exchange.body().rewind()) {
      broke(error);
      return;
    }
    repeated = true;
    sent = false;
    exchange.awaitsBody(false);
    release(false);
    exchange
        .loop()
        .execute( // when the connection knows that it takes no more
            () -> {
              if (!ended) {
                exchange.front().pools().connect(exchange.loop(), lease, this);
              }
            });
  }

  /** The connection to the instance broke, or the exchange was aborted. */
  void broke(IOException error) {
    if (ended || listener == null) {
      return;
    }
    if (responding) {
      ended = true;
      drop();
      if (exchange.channel().isActive()) {
        listener().truncated(count, error);
      } else {
        listener().clientLeft(count);
      }
    } else {
      unanswered(Relay.Cause.BROKE, error);
    }
  }

  private void unanswered(Relay.Cause cause, IOException error) {
    if (ended) {
      return;
    }
    ended = true;
    drop();
    listener().unanswered(new Relay.Unanswered(cause, exchange.body().isTaken(), error));
  }

  private void release(boolean reusable) {
    exchange.ifBody(RequestBody::detach);
    exchange.whenWritable(null);
    InstanceLink used = connection;
    connection = null;
    if (used != null) {
      used.release(reusable);
    }
  }

  private void drop() {
    waitingSince = Relay.NOT_WAITING;
    release(false);
  }
}
