package dev.autodeploy.console;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.CostKey;
import dev.autodeploy.CostLine;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.Comparator;
import java.util.Currency;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The cost of each deployment in the current month, and its typical start duration. A month is all
 * that a deployment has cost without what it had cost when the month began; that is found out for
 * all deployments at once, and again when the prices may have changed, or an hour has passed.
 */
final class MonthlyCost {
  private static final int LEARNED_FROM = 20;
  private static final Duration FRESH = Duration.ofHours(1);

  /** The time in which starts are looked for: the store need not be asked for it as a rule. */
  private static final Duration RECENT = Duration.ofDays(2);

  private final AutoDeploy autoDeploy;
  private final InstantSource clock;
  private final ZoneId zone;
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final Map<Deployment, Before> before = new WeakHashMap<>();
  private Instant countedAt = Instant.EPOCH;

  /**
   * The cost of a deployment since the beginning of the month.
   *
   * @param money the cost
   * @param since the beginning of the month
   * @param typicalStart the median of the last start durations, or null if there are none
   */
  record Month(Money money, Instant since, @Nullable Duration typicalStart) {}

  /** The cost of a deployment up to the beginning of a month. */
  private record Before(Instant since, DeploymentSpec spec, Money cost) {}

  MonthlyCost(AutoDeploy autoDeploy, InstantSource clock, ZoneId zone) {
    this.autoDeploy = autoDeploy;
    this.clock = clock;
    this.zone = zone;
  }

  Month month(Deployment deployment) {
    Instant now = clock.instant();
    Instant since = LocalDate.ofInstant(now, zone).withDayOfMonth(1).atStartOfDay(zone).toInstant();
    Money before = before(deployment, since, now);
    Money total = deployment.cost().total();
    BigDecimal month =
        total.currency().equals(before.currency())
            ? total.amount().subtract(before.amount())
            : BigDecimal.ZERO;
    return new Month(new Money(month, total.currency()), since, typicalStart(deployment, now));
  }

  private Money before(Deployment deployment, Instant since, Instant now) {
    Money nothing = Money.zero(deployment.cost().total().currency());
    if (!deployment.createdAt().isBefore(since)) {
      return nothing;
    }
    lock.lock();
    try {
      Before known = before.get(deployment);
      if (known == null
          || !known.since.equals(since)
          || !known.spec.equals(deployment.spec())
          || Duration.between(countedAt, now).abs().compareTo(FRESH) > 0) {
        count(since, now);
        known = before.get(deployment);
      }
      return known == null ? nothing : known.cost;
    } finally {
      lock.unlock();
    }
  }

  private void count(Instant since, Instant now) {
    Map<String, Map<Currency, Money>> month = new HashMap<>();
    for (CostLine line : autoDeploy.costs(since, now).by(CostKey.DEPLOYMENT)) {
      month
          .computeIfAbsent(line.deployment(), name -> new HashMap<>())
          .put(line.currency(), line.total());
    }
    before.clear();
    countedAt = now;
    for (Deployment deployment : autoDeploy.deployments()) {
      Money total = deployment.cost().total();
      Money own =
          month
              .getOrDefault(deployment.name(), Map.of())
              .getOrDefault(total.currency(), Money.zero(total.currency()));
      Money earlier =
          new Money(total.amount().subtract(own.amount()).max(BigDecimal.ZERO), total.currency());
      before.put(deployment, new Before(since, deployment.spec(), earlier));
    }
  }

  private static @Nullable Duration typicalStart(Deployment deployment, Instant now) {
    List<Duration> last =
        deployment.usage(now.minus(RECENT), now.plusSeconds(1)).stream()
            .filter(usage -> !usage.open() && usage.readyAt() != null)
            .sorted(Comparator.comparing(UsageInterval::endedAt).reversed())
            .limit(LEARNED_FROM)
            .map(UsageInterval::starting)
            .sorted()
            .toList();
    return last.isEmpty() ? null : last.get(last.size() / 2);
  }
}
