package dev.autodeploy.spi;

import dev.autodeploy.internal.policy.IdlePolicies;
import dev.autodeploy.internal.util.Durations;
import java.time.Duration;
import java.util.Optional;

/**
 * Decides how long an instance without a request is kept.
 *
 * <p>It is asked whenever an instance has become idle: when it is ready with nothing in flight, and
 * when its last lease is closed. The idle clock runs from that moment; a request before the answer
 * has passed voids it.
 *
 * <p>Called under the deployment's lock: it must not block, and must be fast. An exception is
 * logged and the default of 5 minutes is used.
 */
@FunctionalInterface
public interface IdlePolicy {

  /** The idle timeout unless something else is configured: 5 minutes. */
  Duration DEFAULT_TIMEOUT = Duration.ofMinutes(5);

  /**
   * Returns how long the instance that has just become idle is kept without a request.
   *
   * @param history what is known of the deployment's use
   * @return the time, zero for at once; or empty to keep it until somebody releases it
   */
  Optional<Duration> idleTimeout(UsageHistory history);

  /**
   * Returns when an instance is started ahead of the next request, asked when the last instance of
   * a deployment is released as idle. By default none is.
   *
   * @param history what is known of the deployment's use
   * @return the start, or empty for none
   */
  default Optional<Prewarm> prewarm(UsageHistory history) {
    return Optional.empty();
  }

  /**
   * Returns in one sentence, with its numbers, what this policy would do now and why.
   *
   * @param history what is known of the deployment's use
   * @return the sentence
   */
  default String explain(UsageHistory history) {
    return idleTimeout(history)
        .map(time -> "An idle instance is released after " + Durations.text(time) + ".")
        .orElse("An idle instance is kept until somebody releases it.");
  }

  /**
   * Returns the policy that learns from the gaps between requests. See {@link AdaptiveIdlePolicy}.
   *
   * @return the policy, with its defaults
   */
  static AdaptiveIdlePolicy adaptive() {
    return AdaptiveIdlePolicy.DEFAULT;
  }

  /**
   * Returns the policy of a fixed idle timeout.
   *
   * @param timeout the time, zero or longer
   * @return the policy
   * @throws IllegalArgumentException if the time is negative
   */
  static IdlePolicy after(Duration timeout) {
    return new IdlePolicies.After(timeout);
  }

  /**
   * Returns the policy that never releases an instance by itself. It is paid for until somebody
   * releases it.
   *
   * @return the policy
   */
  static IdlePolicy never() {
    return IdlePolicies.Never.INSTANCE;
  }
}
