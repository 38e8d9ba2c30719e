package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.Billing;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Rate;
import dev.autodeploy.UsageInterval;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
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
   * @param rate the price by which it is charged, or null if its cost meter names none
   * @param caller the caller whose request caused the start, or null
   */
  record Started(
      String deployment,
      String instanceId,
      GpuRequest gpu,
      Instant at,
      @Nullable Rate rate,
      @Nullable String caller)
      implements LedgerEntry {
    /**
     * Checks the values.
     *
     * @param deployment the deployment's name
     * @param instanceId the instance
     * @param gpu what it is given
     * @param at when
     * @param rate the price by which it is charged, or null if its cost meter names none
     * @param caller the caller whose request caused the start, or null
     */
    public Started {
      requireNonNull(deployment, "deployment");
      requireNonNull(instanceId, "instanceId");
      requireNonNull(gpu, "gpu");
      requireNonNull(at, "at");
    }

    /**
     * Creates the start of an instance without a price and a caller.
     *
     * @param deployment the deployment's name
     * @param instanceId the instance
     * @param gpu what it is given
     * @param at when
     */
    public Started(String deployment, String instanceId, GpuRequest gpu, Instant at) {
      this(deployment, instanceId, gpu, at, null, null);
    }
  }

  /**
   * The price of an instance changed, or became known, as when its GPUs did.
   *
   * @param instanceId the instance
   * @param billing what it has been charged up to then, and by which GPUs
   * @param at from when on the new price counts
   * @param rate the new price, or null if its cost meter names none
   */
  record Repriced(String instanceId, Billing billing, Instant at, @Nullable Rate rate)
      implements LedgerEntry {
    /**
     * Checks the values.
     *
     * @param instanceId the instance
     * @param billing what it has been charged up to then, and by which GPUs
     * @param at from when on the new price counts
     * @param rate the new price, or null if its cost meter names none
     */
    public Repriced {
      requireNonNull(instanceId, "instanceId");
      requireNonNull(billing, "billing");
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
   * @param busyBy the part of it of callers that have a name
   */
  record Used(
      String instanceId,
      Instant readyAt,
      Instant lastUsedAt,
      Duration busy,
      Map<String, Duration> busyBy)
      implements LedgerEntry {
    /**
     * Checks the values.
     *
     * @param instanceId the instance
     * @param readyAt when it became ready
     * @param lastUsedAt up to when it was last in use
     * @param busy for how long at least one lease was open
     * @param busyBy the part of it of callers that have a name
     */
    public Used {
      requireNonNull(instanceId, "instanceId");
      requireNonNull(readyAt, "readyAt");
      requireNonNull(lastUsedAt, "lastUsedAt");
      requireNonNull(busy, "busy");
      busyBy = Map.copyOf(busyBy);
    }

    /**
     * Creates the use of an instance by callers without a name.
     *
     * @param instanceId the instance
     * @param readyAt when it became ready
     * @param lastUsedAt up to when it was last in use
     * @param busy for how long at least one lease was open
     */
    public Used(String instanceId, Instant readyAt, Instant lastUsedAt, Duration busy) {
      this(instanceId, readyAt, lastUsedAt, busy, Map.of());
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
   * An instance was told to sleep, or was woken.
   *
   * @param instanceId the instance
   * @param asleep for how long it was asleep in all, without a sleep that goes on
   * @param since since when it is asleep, or null if it is awake
   */
  record Slept(String instanceId, Duration asleep, @Nullable Instant since) implements LedgerEntry {
    /**
     * Checks the values.
     *
     * @param instanceId the instance
     * @param asleep for how long it was asleep in all, without a sleep that goes on
     * @param since since when it is asleep, or null if it is awake
     */
    public Slept {
      requireNonNull(instanceId, "instanceId");
      requireNonNull(asleep, "asleep");
      if (asleep.isNegative()) {
        throw new IllegalArgumentException("asleep must not be negative, but was " + asleep);
      }
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

  /**
   * A closed interval was charged anew, as when an old ledger is taken over: it takes the place of
   * the one of the same instance with the same beginning.
   *
   * @param usage the interval with its new charges
   */
  record Recharged(UsageInterval usage) implements LedgerEntry {
    /**
     * Checks the values.
     *
     * @param usage the interval with its new charges
     */
    public Recharged {
      requireNonNull(usage, "usage");
      if (usage.open()) {
        throw new IllegalArgumentException("only a closed interval is charged anew");
      }
    }

    @Override
    public String instanceId() {
      return usage.instanceId();
    }
  }
}
