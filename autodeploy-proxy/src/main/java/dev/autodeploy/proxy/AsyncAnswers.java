package dev.autodeploy.proxy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.util.Arguments;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Settings for clients that cannot wait on a silent connection: tickets ({@code Prefer:
 * respond-async}), streams that are kept alive ({@code Prefer: kept-alive}) and repeated requests
 * ({@code Idempotency-Key}). Each is chosen by the request; others are held as always. Immutable.
 */
public final class AsyncAnswers {
  private static final AsyncAnswers NONE = new AsyncAnswers(new Builder(), false);

  private final boolean enabled;
  private final Duration lifetime;
  private final @Nullable Path directory;
  private final Duration keptAliveInterval;

  private AsyncAnswers(Builder builder, boolean enabled) {
    this.enabled = enabled;
    lifetime = builder.lifetime;
    directory = builder.directory;
    keptAliveInterval = builder.keptAliveInterval;
  }

  /**
   * Returns a builder.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns the settings of links that hold every request, whatever it prefers.
   *
   * @return the settings
   */
  public static AsyncAnswers none() {
    return NONE;
  }

  /**
   * Returns whether requests may choose.
   *
   * @return true if so
   */
  public boolean enabled() {
    return enabled;
  }

  /**
   * Returns how long an answer is kept.
   *
   * @return the time
   */
  public Duration lifetime() {
    return lifetime;
  }

  /**
   * Returns where long answers are kept.
   *
   * @return the directory, or null for a temporary one
   */
  public @Nullable Path directory() {
    return directory;
  }

  /**
   * Returns how often a stream that is kept alive gets a line.
   *
   * @return the time
   */
  public Duration keptAliveInterval() {
    return keptAliveInterval;
  }

  /** Collects settings. Not thread-safe. */
  public static final class Builder {
    private Duration lifetime = Duration.ofHours(1);
    private @Nullable Path directory;
    private Duration keptAliveInterval = Duration.ofSeconds(5);

    private Builder() {}

    /**
     * Sets how long an answer is kept after it came. Default: 1 hour.
     *
     * @param value longer than 0
     * @return this
     */
    public Builder lifetime(Duration value) {
      lifetime = Arguments.positive("lifetime", value);
      return this;
    }

    /**
     * Sets the directory for answers of more than 64 KB, which should be one of its own below the
     * state directory. Files that an earlier process left there are deleted. Default: a temporary
     * directory. One that is not empty and was not made by this library, or that another user could
     * read or change, is refused when the links start.
     *
     * @param value the directory, which is made if it is not there
     * @return this
     */
    public Builder directory(Path value) {
      directory = requireNonNull(value, "directory");
      return this;
    }

    /**
     * Sets how often a stream that is kept alive gets a line while its request is held. Default: 5
     * seconds.
     *
     * @param value longer than 0
     * @return this
     */
    public Builder keptAliveInterval(Duration value) {
      keptAliveInterval = Arguments.positive("keptAliveInterval", value);
      return this;
    }

    /**
     * Returns the settings.
     *
     * @return the settings
     */
    public AsyncAnswers build() {
      return new AsyncAnswers(this, true);
    }
  }
}
