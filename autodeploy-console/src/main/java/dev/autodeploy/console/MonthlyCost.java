package dev.autodeploy.console;

import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The cost of each deployment in the current month, and its typical start duration. Closed
 * intervals do not change, so their sum is kept until there are more of them, the prices may have
 * changed, or a new month begins.
 */
final class MonthlyCost {
  private static final int LEARNED_FROM = 20;

  private final InstantSource clock;
  private final ZoneId zone;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Deployment, Kept> kept = new WeakHashMap<>();

  /**
   * The cost of a deployment since the beginning of the month.
   *
   * @param money the cost
   * @param since the beginning of the month
   * @param typicalStart the median of the last start durations, or null if there are none
   */
  record Month(Money money, Instant since, @Nullable Duration typicalStart) {}

  private record Kept(
      Instant since, DeploymentSpec spec, int closed, Money sum, @Nullable Duration typicalStart) {}

  MonthlyCost(InstantSource clock, ZoneId zone) {
    this.clock = clock;
    this.zone = zone;
  }

  Month month(Deployment deployment) {
    Instant now = clock.instant();
    Instant since = LocalDate.ofInstant(now, zone).withDayOfMonth(1).atStartOfDay(zone).toInstant();
    DeploymentSpec spec = deployment.spec();
    List<UsageInterval> usage = deployment.usage(since, now.plusSeconds(1));
    List<UsageInterval> closed = usage.stream().filter(u -> !u.open()).toList();
    Kept earlier = kept(deployment);
    boolean valid =
        earlier != null
            && earlier.since().equals(since)
            && earlier.spec().equals(spec)
            && earlier.closed() == closed.size();
    Kept sums = earlier != null && valid ? earlier : recount(deployment, spec, closed, since);
    List<UsageInterval> open = usage.stream().filter(UsageInterval::open).toList();
    return new Month(sum(deployment, open, since, sums.sum()), since, sums.typicalStart());
  }

  private Kept recount(
      Deployment deployment, DeploymentSpec spec, List<UsageInterval> closed, Instant since) {
    Money zero = Money.zero(deployment.cost().total().currency());
    Money sum = sum(deployment, closed, since, zero);
    Kept sums = new Kept(since, spec, closed.size(), sum, typicalStart(closed));
    keep(deployment, sums);
    return sums;
  }

  private @Nullable Kept kept(Deployment deployment) {
    lock.lock();
    try {
      return kept.get(deployment);
    } finally {
      lock.unlock();
    }
  }

  private void keep(Deployment deployment, Kept sums) {
    lock.lock();
    try {
      kept.put(deployment, sums);
    } finally {
      lock.unlock();
    }
  }

  private static Money sum(
      Deployment deployment, List<UsageInterval> usage, Instant since, Money start) {
    Money sum = start;
    for (UsageInterval interval : usage) {
      Money part = from(since, interval, deployment.costOf(interval));
      if (part.currency().equals(sum.currency())) {
        sum = sum.plus(part);
      }
    }
    return sum;
  }

  /** Returns the share of an interval's cost that lies after a moment. */
  private static Money from(Instant since, UsageInterval interval, Money cost) {
    if (!interval.startRequestedAt().isBefore(since)) {
      return cost;
    }
    BigDecimal whole = BigDecimal.valueOf(interval.duration().toMillis());
    if (whole.signum() == 0) {
      return cost;
    }
    BigDecimal after =
        BigDecimal.valueOf(Math.max(0, Duration.between(since, interval.endedAt()).toMillis()));
    return new Money(
        cost.amount().multiply(after).divide(whole, MathContext.DECIMAL64), cost.currency());
  }

  private static @Nullable Duration typicalStart(List<UsageInterval> closed) {
    List<Duration> last =
        closed.stream()
            .filter(u -> u.readyAt() != null)
            .skip(
                Math.max(
                    0, closed.stream().filter(u -> u.readyAt() != null).count() - LEARNED_FROM))
            .map(UsageInterval::starting)
            .sorted()
            .toList();
    return last.isEmpty() ? null : last.get(last.size() / 2);
  }
}
