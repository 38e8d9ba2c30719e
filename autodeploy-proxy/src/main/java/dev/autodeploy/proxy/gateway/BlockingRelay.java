package dev.autodeploy.proxy.gateway;

import dev.autodeploy.Lease;
import dev.autodeploy.spi.Ticker;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A relay that blocks the calling thread: streams on one side, an {@link Upstream} on the other.
 */
final class BlockingRelay implements Relay {
  private final BlockingExchange exchange;
  private final Upstreams upstreams;
  private final Ticker ticker;
  private final BodyBudget budget;
  private final ClientBody body;
  private final BodyPace responsePace;
  private int taken;

  BlockingRelay(
      BlockingExchange exchange,
      Upstreams upstreams,
      long maxBody,
      BodyPace.Limits pace,
      BodyPace.Limits responsePace,
      BodyBudget budget,
      Ticker ticker) {
    this.exchange = exchange;
    this.upstreams = upstreams;
    this.ticker = ticker;
    this.budget = budget;
    body = new ClientBody(exchange.requestBody(), maxBody, new BodyPace(ticker, pace));
    this.responsePace = new BodyPace(ticker, responsePace);
  }

  @Override
  public void readAhead(Consumer<@Nullable Cause> next) {
    int small = budget.take(exchange.request().bodyLength());
    taken += small;
    if (small > 0) {
      try {
        exchange.readAhead(() -> body.readAhead(small + 1));
      } catch (IOException e) {
        next.accept(body.tooLarge() ? Cause.BODY_TOO_LARGE : Cause.BODY_BROKEN);
        return;
      }
    }
    next.accept(body.count() < small ? Cause.BODY_BROKEN : null);
  }

  @Override
  public void peek(BodyPrefix prefix, Consumer<@Nullable Cause> next) {
    try {
      exchange.readAhead(() -> taken += body.peek(prefix, budget, exchange.request().bodyLength()));
    } catch (IOException e) {
      next.accept(body.tooLarge() ? Cause.BODY_TOO_LARGE : Cause.BODY_BROKEN);
      return;
    }
    next.accept(null);
  }

  @Override
  public void replace(int from, int to, byte[] by) {
    body.replace(from, to, by);
  }

  @Override
  public boolean clientTooSlow() {
    return body.pace().tooSlow() || responsePace.tooSlow();
  }

  @Override
  public void close() {
    budget.giveBack(taken);
    taken = 0; // it may be called again
  }

  @Override
  public Attempt prepare(Lease lease, Request request) throws TargetException {
    return new BlockingAttempt(upstreams.of(lease).prepare(new Upstream.Request(request, body)));
  }

  private final class BlockingAttempt implements Attempt {
    private final Upstream.Call call;
    private final ReadClock reads = new ReadClock(ticker);

    BlockingAttempt(Upstream.Call call) {
      this.call = call;
    }

    @Override
    public void execute(Listener listener) {
      body.onProgress(listener::requestProgress);
      Upstream.Response response;
      try {
        response = call.execute();
      } catch (IOException e) {
        listener.unanswered(new Unanswered(cause(e), body.readStarted(), e));
        return;
      }
      try (response) {
        respond(response, listener);
      }
    }

    private Cause cause(IOException error) {
      if (body.tooLarge()) {
        return Cause.BODY_TOO_LARGE;
      }
      if (body.failure() != null) {
        return Cause.BODY_BROKEN;
      }
      return error instanceof ConnectException
              || error instanceof SocketTimeoutException
              || error instanceof UnknownHostException
          ? Cause.UNREACHABLE
          : Cause.BROKE;
    }

    private void respond(Upstream.Response response, Listener listener) {
      ResponseStart start = listener.responding(response.status(), response.headers());
      if (start == null) {
        return;
      }
      OutputStream out;
      try {
        out =
            exchange.respond(
                response.status(),
                start.headers(),
                start.withoutBody() ? 0 : response.bodyLength());
      } catch (IOException e) {
        listener.clientLeft(0);
        return;
      }
      if (start.withoutBody()) {
        listener.completed(0);
      } else {
        new ResponseRelay(response, out, reads, responsePace, start.copy(), listener).run();
      }
    }

    @Override
    public void cancel() {
      call.cancel();
    }

    @Override
    public long waitingSince() {
      return reads.since();
    }

    @Override
    public void afterDone(CompletableFuture<?> future, Duration limit, Runnable next) {
      try {
        future.get(limit.toNanos(), TimeUnit.NANOSECONDS);
      } catch (ExecutionException | TimeoutException | InterruptedException e) {
        // The outcome is checked in the next step.
      }
      next.run();
    }
  }
}
