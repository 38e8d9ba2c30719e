package dev.autodeploy.spi;

import dev.autodeploy.internal.policy.AdaptiveIdlePolicies;
import dev.autodeploy.internal.policy.AdaptiveIdlePolicies.Settings;
import dev.autodeploy.internal.util.Arguments;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The idle policy that learns: it takes the time that would have cost least over the gaps that the
 * deployment has had, and starts an instance ahead of a request that comes as regularly as a timer,
 * where that costs less still. Made by {@link IdlePolicy#adaptive()}. Immutable and thread-safe.
 *
 * <p>With an idle timeout {@code T}, the learned start duration {@code S} and the value {@code w}
 * of a second of waiting, the expected cost of a gap, in seconds of an instance, is {@code
 * E[min(gap, T)] + P(gap > T) * S * (1 + w)}. Until it has seen three gaps of half a minute or
 * longer, it is the policy of {@link IdlePolicy#DEFAULT_TIMEOUT}.
 */
public final class AdaptiveIdlePolicy implements IdlePolicy {

  /** The value of a second of waiting unless another one is set: {@value}. */
  public static final double DEFAULT_WAIT_VALUE = 5.7;

  static final AdaptiveIdlePolicy DEFAULT =
      new AdaptiveIdlePolicy(
          new Settings(DEFAULT_WAIT_VALUE, Duration.ZERO, Duration.ofHours(1), true));

  private final Settings settings;

  private AdaptiveIdlePolicy(Settings settings) {
    this.settings = settings;
  }

  /**
   * Returns this policy with another value of waiting.
   *
   * @param seconds what a second that a caller waits for a start is worth, in seconds of an
   *     instance; 0 to 10 000. Default: {@value #DEFAULT_WAIT_VALUE}. More keeps instances longer.
   * @return the policy
   */
  public AdaptiveIdlePolicy waitValue(double seconds) {
    if (!(seconds >= 0 && seconds <= 10_000)) {
      throw new IllegalArgumentException("waitValue must be 0 to 10000, but was " + seconds);
    }
    return new AdaptiveIdlePolicy(
        new Settings(seconds, settings.shortest(), settings.longest(), settings.prewarm()));
  }

  /**
   * Returns this policy with other bounds of the idle timeout.
   *
   * @param shortest the shortest timeout, zero or longer. Default: 0.
   * @param longest the longest, at least the shortest. Default: an hour.
   * @return the policy
   */
  public AdaptiveIdlePolicy between(Duration shortest, Duration longest) {
    Arguments.notNegative("shortest", shortest);
    Arguments.atLeast("longest", longest, shortest);
    return new AdaptiveIdlePolicy(
        new Settings(settings.waitValue(), shortest, longest, settings.prewarm()));
  }

  /**
   * Returns this policy with or without starts ahead of expected requests.
   *
   * @param on whether instances are started ahead. Default: yes.
   * @return the policy
   */
  public AdaptiveIdlePolicy prewarm(boolean on) {
    return new AdaptiveIdlePolicy(
        new Settings(settings.waitValue(), settings.shortest(), settings.longest(), on));
  }

  @Override
  public Optional<Duration> idleTimeout(UsageHistory history) {
    return Optional.of(AdaptiveIdlePolicies.timeout(settings, history));
  }

  @Override
  public Optional<Prewarm> prewarm(UsageHistory history) {
    return AdaptiveIdlePolicies.prewarm(settings, history);
  }

  @Override
  public String explain(UsageHistory history) {
    return AdaptiveIdlePolicies.explain(settings, history);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof AdaptiveIdlePolicy that && settings.equals(that.settings);
  }

  @Override
  public int hashCode() {
    return settings.hashCode();
  }

  /** Returns the policy as it is stored, such as {@code adaptive waitValue=4}. */
  @Override
  public String toString() {
    return settings.text();
  }
}
