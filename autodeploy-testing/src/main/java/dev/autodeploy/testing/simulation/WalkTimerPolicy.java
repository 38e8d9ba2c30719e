package dev.autodeploy.testing.simulation;

import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.Prewarm;
import dev.autodeploy.spi.UsageHistory;
import java.time.Duration;
import java.util.Optional;

/**
 * A policy that always expects the next request at the same time after the last one.
 *
 * @param timeout the idle timeout
 * @param ahead the start ahead of the next request
 */
record WalkTimerPolicy(Duration timeout, Prewarm ahead) implements IdlePolicy {

  @Override
  public Optional<Duration> idleTimeout(UsageHistory history) {
    return Optional.of(timeout);
  }

  @Override
  public Optional<Prewarm> prewarm(UsageHistory history) {
    return Optional.of(ahead);
  }
}
