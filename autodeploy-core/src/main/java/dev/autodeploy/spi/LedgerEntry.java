package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.Billing;
import dev.autodeploy.Budget;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.Rate;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.util.Arguments;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Currency;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One line of the ledger: what is known of an instance that is paid for. Immutable. */
public sealed interface LedgerEntry {

  /**
   * Returns the instance.
   *
   * @return its id; empty for a line that is about many, {@link Page}, {@link Carried} and {@link
   *     Budgeted}
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
   * @param keepsRoom whether it keeps its GPUs meanwhile: this sleep is paid for as if it were
   *     awake
   */
  record Slept(String instanceId, Duration asleep, @Nullable Instant since, boolean keepsRoom)
      implements LedgerEntry {
    /**
     * Checks the values.
     *
     * @param instanceId the instance
     * @param asleep for how long it was asleep in all, without a sleep that goes on
     * @param since since when it is asleep, or null if it is awake
     * @param keepsRoom whether it keeps its GPUs meanwhile
     */
    public Slept {
      requireNonNull(instanceId, "instanceId");
      Arguments.notNegative("asleep", asleep);
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

  /**
   * Closed intervals are kept apart from the ledger, in a page of {@link LedgerPages}: they ended
   * long ago, and are read when somebody asks for their time. Pages beside it have their sums: by
   * day and by hour of UTC, and by day and by hour that begin at half past, as in India.
   *
   * @param name the page's name
   * @param intervals the number of its intervals, a line each
   * @param checksum the checksum of its lines
   * @param sums the checksums of the pages with its sums, in the order of {@link #names}; a page of
   *     an earlier version has one, with the days and hours of UTC
   * @param from when its first interval begins
   * @param to when its last one ends
   */
  record Page(
      String name, int intervals, String checksum, List<String> sums, Instant from, Instant to)
      implements LedgerEntry {
    private static final List<String> SUMS =
        List.of(".days", ".hours", ".half-past.days", ".half-past.hours");

    /**
     * Checks the values.
     *
     * @param name the page's name
     * @param intervals the number of its intervals, a line each
     * @param checksum the checksum of its lines
     * @param sums the checksums of the pages with its sums: four, or one of an earlier version
     * @param from when its first interval begins
     * @param to when its last one ends
     * @throws IllegalArgumentException if there is another number of sums
     */
    public Page {
      requireNonNull(name, "name");
      requireNonNull(checksum, "checksum");
      sums = List.copyOf(sums);
      if (sums.size() != 1 && sums.size() != SUMS.size()) {
        throw new IllegalArgumentException(
            "a page has 1 or " + SUMS.size() + " pages of sums, but " + sums.size());
      }
      requireNonNull(from, "from");
      requireNonNull(to, "to");
    }

    /**
     * Returns the names of its pages in {@link LedgerPages}.
     *
     * @return that of the intervals, and those of the sums in the order of their checksums
     */
    public List<String> names() {
      List<String> names = new ArrayList<>();
      names.add(name + ".jsonl");
      (sums.size() == 1 ? List.of(".sums") : SUMS).forEach(end -> names.add(name + end));
      return names;
    }

    @Override
    public String instanceId() {
      return "";
    }
  }

  /**
   * The sum of what a deployment's instances have cost whose intervals are in pages.
   *
   * @param deployment the deployment's name
   * @param since when it was made: intervals that began before are not its own
   * @param starting the cost of instances that were starting
   * @param busy the cost of instances with at least one lease open
   * @param idle the cost of ready instances without a lease
   * @param asleep the cost of instances that were asleep
   * @param releasing the cost of instances that were being released
   * @param gpuTime the time of one GPU that they used, as budgets count it
   */
  record Carried(
      String deployment,
      Instant since,
      Money starting,
      Money busy,
      Money idle,
      Money asleep,
      Money releasing,
      Duration gpuTime)
      implements LedgerEntry {
    /**
     * Checks the values.
     *
     * @param deployment the deployment's name
     * @param since when it was made
     * @param starting the cost of instances that were starting
     * @param busy the cost of instances with at least one lease open
     * @param idle the cost of ready instances without a lease
     * @param asleep the cost of instances that were asleep
     * @param releasing the cost of instances that were being released
     * @param gpuTime the time of one GPU that they used
     */
    public Carried {
      requireNonNull(deployment, "deployment");
      requireNonNull(since, "since");
      requireNonNull(starting, "starting");
      requireNonNull(busy, "busy");
      requireNonNull(idle, "idle");
      requireNonNull(asleep, "asleep");
      requireNonNull(releasing, "releasing");
      requireNonNull(gpuTime, "gpuTime");
    }

    /**
     * Begins the sum of a deployment whose instances have cost nothing.
     *
     * @param deployment the deployment's name
     * @param since when it was made: intervals that began before are not its own
     * @param currency the currency of its costs
     * @return a builder
     */
    public static Builder builder(String deployment, Instant since, Currency currency) {
      return new Builder(deployment, since, currency);
    }

    @Override
    public String instanceId() {
      return "";
    }

    /** Collects the costs of a deployment whose intervals are in pages. Not thread-safe. */
    public static final class Builder {
      private final String deployment;
      private final Instant since;
      private Money starting;
      private Money busy;
      private Money idle;
      private Money asleep;
      private Money releasing;
      private Duration gpuTime = Duration.ZERO;

      private Builder(String deployment, Instant since, Currency currency) {
        this.deployment = requireNonNull(deployment, "deployment");
        this.since = requireNonNull(since, "since");
        Money nothing = Money.zero(requireNonNull(currency, "currency"));
        starting = nothing;
        busy = nothing;
        idle = nothing;
        asleep = nothing;
        releasing = nothing;
      }

      /**
       * Sets the cost of instances that were starting. Default: nothing.
       *
       * @param value the sum
       * @return this
       */
      public Builder starting(Money value) {
        starting = requireNonNull(value, "starting");
        return this;
      }

      /**
       * Sets the cost of instances with at least one lease open. Default: nothing.
       *
       * @param value the sum
       * @return this
       */
      public Builder busy(Money value) {
        busy = requireNonNull(value, "busy");
        return this;
      }

      /**
       * Sets the cost of ready instances without a lease. Default: nothing.
       *
       * @param value the sum
       * @return this
       */
      public Builder idle(Money value) {
        idle = requireNonNull(value, "idle");
        return this;
      }

      /**
       * Sets the cost of instances that were asleep. Default: nothing.
       *
       * @param value the sum
       * @return this
       */
      public Builder asleep(Money value) {
        asleep = requireNonNull(value, "asleep");
        return this;
      }

      /**
       * Sets the cost of instances that were being released. Default: nothing.
       *
       * @param value the sum
       * @return this
       */
      public Builder releasing(Money value) {
        releasing = requireNonNull(value, "releasing");
        return this;
      }

      /**
       * Sets the time of one GPU that they used. Default: no time.
       *
       * @param value the time
       * @return this
       */
      public Builder gpuTime(Duration value) {
        gpuTime = requireNonNull(value, "gpuTime");
        return this;
      }

      /**
       * Creates the sum.
       *
       * @return the sum
       */
      public Carried build() {
        return new Carried(deployment, since, starting, busy, idle, asleep, releasing, gpuTime);
      }
    }
  }

  /**
   * The engine has another budget, or none.
   *
   * @param at from when on
   * @param built the budget that the host application has built the engine with, or null
   * @param budget the budget that counts, or null
   */
  record Budgeted(Instant at, @Nullable Budget built, @Nullable Budget budget)
      implements LedgerEntry {
    /**
     * Checks the values.
     *
     * @param at from when on
     * @param built the budget that the host application has built the engine with, or null
     * @param budget the budget that counts, or null
     */
    public Budgeted {
      requireNonNull(at, "at");
    }

    @Override
    public String instanceId() {
      return "";
    }
  }
}
