package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.Prewarm;
import dev.autodeploy.spi.UsageHistory;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the idle policy in force; whatever that does, there is an answer. */
final class IdleTimeouts {
  private static final Logger LOG = LoggerFactory.getLogger(IdleTimeouts.class);

  /** The longest timeout: more than a century means never, and could overflow the time line. */
  private static final Duration LONGEST = Duration.ofDays(36_500);

  private final IdlePolicy enginePolicy;
  private final UsageHistory history;

  IdleTimeouts(IdlePolicy enginePolicy, UsageHistory history) {
    this.enginePolicy = enginePolicy;
    this.history = history;
  }

  /** Returns how long an instance that has become idle is kept, or {@link Instance#NEVER}. */
  long ask(DeploymentSpec spec) {
    Optional<Duration> timeout;
    try {
      timeout = policy(spec).idleTimeout(history);
      if (timeout.isPresent() && timeout.get().isNegative()) {
        throw new IllegalStateException("the idle timeout is negative: " + timeout.get());
      }
    } catch (RuntimeException | Error e) {
      LOG.warn(
          "The idle policy of deployment '{}' failed; {} is used instead",
          spec.name(),
          IdlePolicy.DEFAULT_TIMEOUT,
          e);
      timeout = Optional.of(IdlePolicy.DEFAULT_TIMEOUT);
    }
    return timeout.isEmpty() ? NEVER : nanos(timeout.get());
  }

  static long nanos(Duration timeout) {
    return timeout.compareTo(LONGEST) > 0 ? NEVER : timeout.toNanos();
  }

  /** Returns the start ahead of the next request, or null for none. */
  @Nullable Prewarm prewarm(DeploymentSpec spec) {
    try {
      Prewarm prewarm = policy(spec).prewarm(history).orElse(null);
      return prewarm == null || prewarm.after().plus(prewarm.keep()).compareTo(LONGEST) > 0
          ? null
          : prewarm;
    } catch (RuntimeException | Error e) {
      LOG.warn(
          "The idle policy of deployment '{}' failed; nothing is started ahead", spec.name(), e);
      return null;
    }
  }

  /** Returns what the policy does and why. */
  String explain(DeploymentSpec spec) {
    try {
      return policy(spec).explain(history);
    } catch (RuntimeException | Error e) {
      LOG.warn("The idle policy of deployment '{}' could not explain itself", spec.name(), e);
      return "The idle policy could not explain itself; the log says why.";
    }
  }

  private IdlePolicy policy(DeploymentSpec spec) {
    IdlePolicy own = spec.idlePolicy();
    return own != null ? own : enginePolicy;
  }
}
