package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.UsageInterval;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One line of the ledger: what is known of an instance that is paid for. Immutable. */
public sealed interface LedgerEntry {

  /**
   * Returns the instance.
   *
   * @return its id
   */
  String instanceId();

  /**
   * An instance's start was requested: from here on it is paid for.
   *
   * @param deployment the deployment's name
   * @param instanceId the instance
   * @param gpu what it is given
   * @param at when
   */
  record Started(String deployment, String instanceId, GpuRequest gpu, Instant at)
      implements LedgerEntry {
    /**
     * Checks the values.
     *
     * @param deployment the deployment's name
     * @param instanceId the instance
     * @param gpu what it is given
     * @param at when
     */
    public Started {
      requireNonNull(deployment, "deployment");
      requireNonNull(instanceId, "instanceId");
      requireNonNull(gpu, "gpu");
      requireNonNull(at, "at");
    }
  }

  /**
   * An instance was used: its state at a moment, written now and then so that a restart can go on
   * from there.
   *
   * @param instanceId the instance
   * @param readyAt when it became ready
   * @param lastUsedAt up to when it was last in use
   * @param busy for how long at least one lease was open
   */
  record Used(String instanceId, Instant readyAt, Instant lastUsedAt, Duration busy)
      implements LedgerEntry {
    /**
     * Checks the values.
     *
     * @param instanceId the instance
     * @param readyAt when it became ready
     * @param lastUsedAt up to when it was last in use
     * @param busy for how long at least one lease was open
     */
    public Used {
      requireNonNull(instanceId, "instanceId");
      requireNonNull(readyAt, "readyAt");
      requireNonNull(lastUsedAt, "lastUsedAt");
      requireNonNull(busy, "busy");
    }
  }

  /**
   * The preparation of an instance's start, as the pull of its image, began or ended: during it
   * nothing of the instance exists yet.
   *
   * @param instanceId the instance
   * @param preparing for how long the start was prepared in all, without a preparation that goes on
   * @param since since when it is being prepared again, or null if it is not
   */
  record Prepared(String instanceId, Duration preparing, @Nullable Instant since)
      implements LedgerEntry {
    /**
     * Checks the values.
     *
     * @param instanceId the instance
     * @param preparing for how long the start was prepared in all
     * @param since since when it is being prepared again, or null if it is not
     */
    public Prepared {
      requireNonNull(instanceId, "instanceId");
      requireNonNull(preparing, "preparing");
    }
  }

  /**
   * An instance was verified gone: it is no longer paid for.
   *
   * @param usage its whole existence
   */
  record Released(UsageInterval usage) implements LedgerEntry {
    /**
     * Checks the values.
     *
     * @param usage its whole existence
     */
    public Released {
      requireNonNull(usage, "usage");
      if (usage.open()) {
        throw new IllegalArgumentException("a released instance has no open interval");
      }
    }

    @Override
    public String instanceId() {
      return usage.instanceId();
    }
  }
}
