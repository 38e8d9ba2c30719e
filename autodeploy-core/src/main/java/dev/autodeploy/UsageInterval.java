package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.util.Arguments;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Currency;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The existence of one instance: what is paid for, from the start request to the verified release.
 *
 * <p>The instants lie on one monotonic time line that is anchored at {@code startRequestedAt}: a
 * step of the wall clock during the interval does not change its length.
 *
 * @param deployment the deployment's name
 * @param instanceId the instance
 * @param gpu what the instance was given
 * @param startRequestedAt when its start was requested
 * @param readyAt when it became ready, or null if it did not (yet)
 * @param releaseRequestedAt when its release was requested, or null if it was not (yet)
 * @param endedAt when it was verified gone; for an interval that is still open, the moment up to
 *     which it is counted
 * @param open whether the instance still exists
 * @param busy for how long at least one lease was open
 * @param preparing for how long its start was prepared, as by pulling its image, before anything
 *     ran; it counts as the first part of the time that the instance was starting
 * @param sleeps when it was asleep, one after the other, between ready and release
 * @param billing who pays for it, and by which price
 */
public record UsageInterval(
    String deployment,
    String instanceId,
    GpuRequest gpu,
    Instant startRequestedAt,
    @Nullable Instant readyAt,
    @Nullable Instant releaseRequestedAt,
    Instant endedAt,
    boolean open,
    Duration busy,
    Duration preparing,
    List<Sleep> sleeps,
    Billing billing) {

  /**
   * A time in which an instance was asleep.
   *
   * @param from when it fell asleep
   * @param to when it was woken or released, or the end of the interval
   */
  public record Sleep(Instant from, Instant to) {
    /**
     * Checks the values.
     *
     * @param from when it fell asleep
     * @param to when it was woken or released, or the end of the interval
     */
    public Sleep {
      requireNonNull(from, "from");
      requireNonNull(to, "to");
      if (to.isBefore(from)) {
        throw new IllegalArgumentException(
            "to (" + to + ") must not be before from (" + from + ")");
      }
    }

    /** Returns for how long of a time it slept. */
    private Duration within(Instant start, Instant end) {
      Instant begin = from.isAfter(start) ? from : start;
      Instant until = to.isBefore(end) ? to : end;
      return until.isAfter(begin) ? Duration.between(begin, until) : Duration.ZERO;
    }
  }

  /**
   * Checks the values.
   *
   * @param deployment the deployment's name
   * @param instanceId the instance
   * @param gpu what the instance was given
   * @param startRequestedAt when its start was requested
   * @param readyAt when it became ready, or null if it did not (yet)
   * @param releaseRequestedAt when its release was requested, or null if it was not (yet)
   * @param endedAt when it was verified gone; for an interval that is still open, the moment up to
   *     which it is counted
   * @param open whether the instance still exists
   * @param busy for how long at least one lease was open
   * @param preparing for how long its start was prepared
   * @param sleeps when it was asleep, one after the other, between ready and release
   * @param billing who pays for it, and by which price
   */
  public UsageInterval {
    requireNonNull(deployment, "deployment");
    requireNonNull(instanceId, "instanceId");
    requireNonNull(gpu, "gpu");
    requireNonNull(startRequestedAt, "startRequestedAt");
    requireNonNull(endedAt, "endedAt");
    requireNonNull(busy, "busy");
    requireNonNull(preparing, "preparing");
    sleeps = List.copyOf(sleeps);
    requireNonNull(billing, "billing");
    if (endedAt.isBefore(startRequestedAt)) {
      throw new IllegalArgumentException(
          "endedAt ("
              + endedAt
              + ") must not be before startRequestedAt ("
              + startRequestedAt
              + ")");
    }
    Arguments.notNegative("busy", busy);
    Arguments.notNegative("preparing", preparing);
    for (int i = 1; i < sleeps.size(); i++) {
      if (sleeps.get(i).from().isBefore(sleeps.get(i - 1).to())) {
        throw new IllegalArgumentException("sleeps must follow each other, but were " + sleeps);
      }
    }
  }

  /**
   * Begins the existence of an instance, as tests of cost meters and stores need it: without GPU,
   * never ready, and charged nothing yet.
   *
   * @param deployment the deployment's name
   * @param instanceId the instance
   * @param startRequestedAt when its start was requested
   * @return a builder
   */
  public static Builder builder(String deployment, String instanceId, Instant startRequestedAt) {
    return new Builder(deployment, instanceId, startRequestedAt);
  }

  /**
   * Returns the whole length: from the start request to the end.
   *
   * @return the length, never negative
   */
  public Duration duration() {
    return Duration.between(startRequestedAt, endedAt);
  }

  /**
   * Returns the time from the start request until it was ready, or until the release was requested
   * if it never was; without the time in which the start was prepared.
   *
   * @return the time spent starting
   */
  public Duration starting() {
    return untilReady().minus(shortest(preparing, untilReady()));
  }

  /**
   * Returns the time in which something of the instance existed: all but the preparation of its
   * start, during which it had neither a process nor a GPU.
   *
   * @return the length without the preparation, never negative
   */
  public Duration existing() {
    return duration().minus(shortest(preparing, duration()));
  }

  /**
   * Returns for how long it was asleep, between ready and release.
   *
   * @return the sum of its sleeps, never negative
   */
  public Duration asleep() {
    return asleep(startRequestedAt, endedAt);
  }

  private Duration asleep(Instant from, Instant to) {
    Duration asleep = Duration.ZERO;
    for (Sleep sleep : sleeps) {
      asleep = asleep.plus(sleep.within(from, to));
    }
    return asleep;
  }

  private Duration untilReady() {
    return between(startRequestedAt, readyAt != null ? readyAt : releaseRequestedAt);
  }

  private static Duration shortest(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  /**
   * Returns the time from the release request until it was verified gone.
   *
   * @return the time spent releasing
   */
  public Duration releasing() {
    return releaseRequestedAt == null ? Duration.ZERO : between(releaseRequestedAt, endedAt);
  }

  /**
   * Returns the time that is paid for by the hour: all in which something of it existed, but for
   * the time in which one with GPUs slept, as others may have had its GPUs then.
   *
   * @return the length, never negative
   */
  public Duration paid() {
    Duration existing = existing();
    return gpu.isNone() ? existing : existing.minus(shortest(asleep(), existing));
  }

  /**
   * Returns the time in which it was neither being prepared, starting, busy, asleep nor releasing.
   *
   * @return the time it waited for requests
   */
  public Duration idle() {
    Duration idle = duration().minus(untilReady()).minus(releasing()).minus(busy).minus(asleep());
    return idle.isNegative() ? Duration.ZERO : idle;
  }

  /**
   * Returns this with other billing.
   *
   * @param newBilling who pays for it, and by which price
   * @return the changed copy
   */
  public UsageInterval with(Billing newBilling) {
    return toBuilder().billing(newBilling).build();
  }

  /**
   * Begins a changed copy of this.
   *
   * @return a builder with the values of this
   */
  public Builder toBuilder() {
    Builder builder =
        new Builder(deployment, instanceId, startRequestedAt)
            .gpu(gpu)
            .readyAt(readyAt)
            .releaseRequestedAt(releaseRequestedAt)
            .busy(busy)
            .preparing(preparing)
            .sleeps(sleeps)
            .billing(billing);
    return open ? builder.openUntil(endedAt) : builder.endedAt(endedAt);
  }

  /**
   * Returns what was charged in a currency.
   *
   * @param currency the currency
   * @return the sum of the charges in it; nothing if it was not charged yet
   */
  public Money charged(Currency currency) {
    Money sum = Money.zero(currency);
    for (Charge charge : billing.charges()) {
      if (charge.amount().currency().equals(currency)) {
        sum = sum.plus(charge.amount());
      }
    }
    return sum;
  }

  /**
   * Returns the part before a moment, with what was charged for it. How the time that it was busy
   * was spread is not known: it counts as the first part of the time that it was ready and awake.
   *
   * @param moment the end of the part
   * @return the part; this if it ended before, and one without length if it began later
   */
  public UsageInterval until(Instant moment) {
    if (!moment.isBefore(endedAt)) {
      return this;
    }
    Instant end = moment.isBefore(startRequestedAt) ? startRequestedAt : moment;
    Instant ready = readyAt == null || readyAt.isAfter(end) ? null : readyAt;
    Duration readyFor = ready == null ? Duration.ZERO : Duration.between(ready, end);
    List<Sleep> slept = new ArrayList<>();
    for (Sleep sleep : sleeps) {
      if (sleep.from().isBefore(end)) {
        slept.add(sleep.to().isAfter(end) ? new Sleep(sleep.from(), end) : sleep);
      }
    }
    Duration awakeFor = readyFor.minus(shortest(asleep(startRequestedAt, end), readyFor));
    return toBuilder()
        .readyAt(ready)
        .releaseRequestedAt(
            releaseRequestedAt == null || releaseRequestedAt.isAfter(end)
                ? null
                : releaseRequestedAt)
        .openUntil(end)
        .busy(shortest(busy, awakeFor))
        .preparing(shortest(preparing, Duration.between(startRequestedAt, end)))
        .sleeps(slept)
        .billing(billing.charges(chargesUntil(end)))
        .build();
  }

  private List<Charge> chargesUntil(Instant moment) {
    List<Charge> charges = new ArrayList<>();
    for (int i = 0; i < billing.charges().size(); i++) {
      Charge charge = billing.charges().get(i);
      if (i > 0 && !charge.from().isBefore(moment)) {
        break;
      }
      charges.add(
          new Charge(
              charge.from(),
              charge.rate(),
              new Money(spent(i, moment), charge.amount().currency())));
    }
    return charges;
  }

  /**
   * Returns what of a charge is spent up to a moment: it is spread over the time that it is for,
   * without the time in which the instance slept if that is not paid for.
   */
  BigDecimal spent(int index, Instant moment) {
    List<Charge> charges = billing.charges();
    Instant end = index + 1 < charges.size() ? charges.get(index + 1).from() : endedAt;
    Instant paid = startRequestedAt.plus(shortest(preparing, duration()));
    Instant from = charges.get(index).from();
    Instant begin = from.isAfter(paid) ? from : paid;
    begin = begin.isAfter(end) ? end : begin;
    Duration free = unpaid(begin, end);
    if (free.isZero() || free.equals(Duration.between(begin, end))) {
      return charges.get(index).spent(begin, end, moment);
    }
    return charges.get(index).spent(begin, end.minus(free), moment.minus(unpaid(begin, moment)));
  }

  /** Returns for how long it slept between two moments, if that is not paid for. */
  private Duration unpaid(Instant from, Instant to) {
    return gpu.isNone() ? Duration.ZERO : asleep(from, to);
  }

  private Duration between(Instant from, @Nullable Instant to) {
    Instant end = to == null || to.isAfter(endedAt) ? endedAt : to;
    return end.isBefore(from) ? Duration.ZERO : Duration.between(from, end);
  }

  /** Collects the times of an instance. Not thread-safe. */
  public static final class Builder {
    private final String deployment;
    private final String instanceId;
    private final Instant startRequestedAt;
    private GpuRequest gpu = GpuRequest.none();
    private @Nullable Instant readyAt;
    private @Nullable Instant releaseRequestedAt;
    private Instant endedAt;
    private boolean open = true;
    private Duration busy = Duration.ZERO;
    private Duration preparing = Duration.ZERO;
    private List<Sleep> sleeps = List.of();
    private Billing billing = Billing.NONE;

    private Builder(String deployment, String instanceId, Instant startRequestedAt) {
      this.deployment = requireNonNull(deployment, "deployment");
      this.instanceId = requireNonNull(instanceId, "instanceId");
      this.startRequestedAt = requireNonNull(startRequestedAt, "startRequestedAt");
      endedAt = startRequestedAt;
    }

    /**
     * Sets what the instance was given. Default: no GPU.
     *
     * @param value the GPUs
     * @return this
     */
    public Builder gpu(GpuRequest value) {
      gpu = requireNonNull(value, "gpu");
      return this;
    }

    /**
     * Sets when it became ready. Default: not (yet).
     *
     * @param value the moment, or null
     * @return this
     */
    public Builder readyAt(@Nullable Instant value) {
      readyAt = value;
      return this;
    }

    /**
     * Sets when its release was requested. Default: not (yet).
     *
     * @param value the moment, or null
     * @return this
     */
    public Builder releaseRequestedAt(@Nullable Instant value) {
      releaseRequestedAt = value;
      return this;
    }

    /**
     * Sets when it was verified gone.
     *
     * @param value the end, not before the start request
     * @return this
     */
    public Builder endedAt(Instant value) {
      endedAt = requireNonNull(value, "endedAt");
      open = false;
      return this;
    }

    /**
     * Sets the moment up to which it is counted, while it still exists. Default: that of the start
     * request.
     *
     * @param value the moment, not before the start request
     * @return this
     */
    public Builder openUntil(Instant value) {
      endedAt = requireNonNull(value, "endedAt");
      open = true;
      return this;
    }

    /**
     * Sets for how long at least one lease was open. Default: no time.
     *
     * @param value the time
     * @return this
     */
    public Builder busy(Duration value) {
      busy = requireNonNull(value, "busy");
      return this;
    }

    /**
     * Sets for how long its start was prepared. Default: no time.
     *
     * @param value the time
     * @return this
     */
    public Builder preparing(Duration value) {
      preparing = requireNonNull(value, "preparing");
      return this;
    }

    /**
     * Sets when it was asleep. Default: never.
     *
     * @param value the times, one after the other, between ready and release
     * @return this
     */
    public Builder sleeps(List<Sleep> value) {
      sleeps = List.copyOf(value);
      return this;
    }

    /**
     * Sets who pays for it, and by which price. Default: nobody yet.
     *
     * @param value the billing
     * @return this
     */
    public Builder billing(Billing value) {
      billing = requireNonNull(value, "billing");
      return this;
    }

    /**
     * Creates the interval.
     *
     * @return the interval
     * @throws IllegalArgumentException if it ends before it begins, or a time is negative
     */
    public UsageInterval build() {
      return new UsageInterval(
          deployment,
          instanceId,
          gpu,
          startRequestedAt,
          readyAt,
          releaseRequestedAt,
          endedAt,
          open,
          busy,
          preparing,
          sleeps,
          billing);
    }
  }
}
