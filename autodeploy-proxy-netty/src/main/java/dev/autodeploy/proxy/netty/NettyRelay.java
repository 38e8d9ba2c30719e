package dev.autodeploy.proxy.netty;

import dev.autodeploy.Lease;
import dev.autodeploy.proxy.gateway.BodyPrefix;
import dev.autodeploy.proxy.gateway.Relay;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A relay between two connections on one loop: bytes pass without being copied. */
final class NettyRelay implements Relay {
  /** A body of up to so many bytes waits for its instance, not the other way round. */
  private static final int SMALL_BODY = 64 * 1024;

  private final NettyExchange exchange;

  NettyRelay(NettyExchange exchange) {
    this.exchange = exchange;
  }

  @Override
  public void readAhead(Consumer<@Nullable Cause> next) {
    long length = exchange.request().bodyLength();
    if (length <= 0 || length > SMALL_BODY) {
      next.accept(null);
    } else {
      exchange.run(
          () -> {
            exchange.sendContinue();
            exchange.body().whenRead(next);
            exchange.bodyTaken(); // reading may have stopped before anybody waited for it
          });
    }
  }

  @Override
  public void peek(BodyPrefix prefix, Consumer<@Nullable Cause> next) {
    exchange.run(
        () -> {
          exchange.sendContinue();
          exchange.bodyWanted();
          exchange.body().peek(prefix, next);
          exchange.bodyTaken(); // reading may have stopped before anybody looked
        });
  }

  @Override
  public void replace(int from, int to, byte[] by) {
    exchange.run(() -> exchange.body().replace(from, to, by));
  }

  @Override
  public boolean clientTooSlow() {
    return exchange.sendsTooSlowly() || exchange.takesTooSlowly();
  }

  @Override
  public Attempt prepare(Lease lease, Request request) {
    return new NettyAttempt(exchange, lease, request);
  }
}
