package dev.autodeploy.proxy.netty;

import dev.autodeploy.Lease;
import dev.autodeploy.proxy.gateway.HttpHeaders;
import dev.autodeploy.proxy.gateway.Relay;
import dev.autodeploy.proxy.gateway.RequestHead;
import dev.autodeploy.proxy.gateway.ResponseHead;
import dev.autodeploy.spi.Ticker;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
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
  private @Nullable InstanceConnection connection;
  private volatile boolean cancelled;
  private volatile long waitingSince = Relay.NOT_WAITING;
  private boolean sent;
  private boolean responding;
  private boolean withoutBody;
  private Relay.@Nullable Copy copy;
  private boolean ended;
  private @Nullable ResponseHead response;
  private long count;

  NettyAttempt(NettyExchange exchange, Lease lease, Relay.Request request) {
    this.exchange = exchange;
    this.lease = lease;
    this.request = request;
    ticker = exchange.connection().front().config().ticker();
  }

  Relay.Request request() {
    return request;
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
    exchange
        .connection()
        .run(
            () -> {
              listener = events;
              if (cancelled) {
                unanswered(Relay.Cause.BROKE, new IOException("Canceled"));
              } else {
                exchange.connection().front().pools().connect(exchange.connection(), lease, this);
              }
            });
  }

  @Override
  public void cancel() {
    cancelled = true;
    exchange.connection().loop().execute(() -> broke(new IOException("Canceled")));
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
    exchange.connection().loop().schedule(step, limit.toMillis(), TimeUnit.MILLISECONDS);
    future.whenComplete((value, error) -> exchange.connection().loop().execute(step));
  }

  // The connection to the instance

  boolean isCancelled() {
    return cancelled || ended;
  }

  void connected(InstanceConnection to) {
    connection = to;
    to.write(RequestBytes.head(to, request));
    if (request.bodyLength() == 0) {
      sent = true;
    } else {
      exchange.sendContinue();
      exchange.body().attach(this);
      exchange.blocked(!exchange.body().isComplete());
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
    InstanceConnection to = connection;
    if (to == null) {
      piece.release();
      return;
    }
    boolean chunks = request.bodyLength() == RequestHead.CHUNKED;
    if (chunks) {
      to.write(ResponseBytes.chunkSize(to.alloc(), piece.readableBytes()));
    }
    to.write(piece);
    if (chunks) {
      to.write(ResponseBytes.lineEnd(to.alloc()));
    }
    to.flush();
    exchange.blocked(to.isWritable() && !exchange.body().isComplete());
    exchange.connection().bodyTaken();
  }

  @Override
  public void end() {
    listener().requestProgress();
    exchange.blocked(false);
    sent = true;
    InstanceConnection to = connection;
    if (to != null && request.bodyLength() == RequestHead.CHUNKED) {
      to.write(ResponseBytes.lastChunk(to.alloc()));
      to.flush();
    }
  }

  @Override
  public void failed(Relay.Cause cause, IOException error) {
    exchange.blocked(false);
    if (!responding) {
      unanswered(cause, error);
    }
  }

  void instanceWritable() {
    exchange.body().drain();
    exchange.blocked(!sent && isReady() && !exchange.body().isComplete());
  }

  // The response

  void head(int status, String reason, boolean http11, HttpHeaders headers) {
    ResponseHead head;
    try {
      head = ResponseHead.of(status, http11, headers, request.method());
    } catch (IOException e) {
      unanswered(Relay.Cause.BROKE, e);
      return;
    }
    Relay.ResponseStart start = listener().responding(status, headers);
    if (start == null) {
      ended = true;
      drop();
      return;
    }
    responding = true;
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
    InstanceConnection to = connection;
    if (to == null) {
      return;
    }
    exchange.channel().flush();
    waitingSince = Relay.NOT_WAITING;
    Tunnel tunnel = new Tunnel(exchange.channel(), to.channel(), this::tunnelEnded);
    to.tunnel(tunnel);
    exchange.connection().tunnel(tunnel);
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
    exchange.write(piece);
  }

  void readComplete() {
    if (!responding || ended) {
      return;
    }
    Channel client = exchange.channel();
    client.flush();
    InstanceConnection from = connection;
    if (from != null && !client.isWritable()) {
      exchange.blocked(true);
      from.setReading(false);
    }
    waits();
  }

  private void clientWritable() {
    InstanceConnection from = connection;
    if (from != null && !ended) {
      from.setReading(true);
      waits();
    }
  }

  void end(boolean keepAlive) {
    ResponseHead head = response;
    if (ended || head == null) {
      return;
    }
    ended = true;
    waitingSince = Relay.NOT_WAITING;
    release(keepAlive && head.keepAlive() && sent);
    if (!exchange.channel().isActive()) {
      listener().clientLeft(count);
    } else if (head.endsWithConnection()) {
      listener().endedWithConnection(count, () -> listener().completed(count));
    } else {
      listener().completed(count);
    }
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
    exchange.body().detach();
    exchange.whenWritable(null);
    InstanceConnection used = connection;
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
