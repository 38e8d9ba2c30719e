package dev.autodeploy.proxy.gateway;

import dev.autodeploy.internal.net.CallerNetwork;
import dev.autodeploy.spi.Ticker;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Refuses callers who send more requests than they may. */
final class RateLimitStep implements LinkStep {
  private final RateLimit limit;
  private final int requests;
  private final Duration period;

  RateLimitStep(int requests, Duration period, Ticker ticker) {
    this.limit = new RateLimit(requests, period, ticker::read);
    this.requests = requests;
    this.period = period;
  }

  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    String token = call.tokenId();
    Duration wait =
        limit.take(token != null ? token : CallerNetwork.of(call.head().remote().getAddress()));
    return wait.isZero()
        ? null
        : LinkResponse.of(Problems.rateLimited(call.route().deployment(), requests, period, wait));
  }
}
