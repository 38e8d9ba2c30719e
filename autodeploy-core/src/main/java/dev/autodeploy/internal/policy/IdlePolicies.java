package dev.autodeploy.internal.policy;

import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.UsageHistory;
import java.time.Duration;
import java.util.Optional;

/** The idle policies that come with the library. */
public final class IdlePolicies {

  private IdlePolicies() {}

  /** A fixed idle timeout. */
  public static final class After implements IdlePolicy {
    private final Optional<Duration> timeout;

    /**
     * Creates the policy.
     *
     * @param timeout zero or longer
     */
    public After(Duration timeout) {
      this.timeout = Optional.of(Arguments.notNegative("idle timeout", timeout));
    }

    /**
     * Returns the timeout.
     *
     * @return the timeout
     */
    public Duration timeout() {
      return timeout.orElseThrow();
    }

    @Override
    public Optional<Duration> idleTimeout(UsageHistory history) {
      return timeout;
    }

    @Override
    public boolean equals(@org.jspecify.annotations.Nullable Object other) {
      return other instanceof After that && timeout.equals(that.timeout);
    }

    @Override
    public int hashCode() {
      return timeout.hashCode();
    }

    @Override
    public String toString() {
      return "after " + timeout();
    }
  }

  /** Keeps every instance. */
  public enum Never implements IdlePolicy {
    /** The only one. */
    INSTANCE;

    @Override
    public Optional<Duration> idleTimeout(UsageHistory history) {
      return Optional.empty();
    }

    @Override
    public String toString() {
      return "never";
    }
  }
}
