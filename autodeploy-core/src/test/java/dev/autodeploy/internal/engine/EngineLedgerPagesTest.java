package dev.autodeploy.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Budget;
import dev.autodeploy.CostChange;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.LedgerEntry;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An engine whose ledger has more intervals than it keeps in memory: 4,500 of ten seconds each. */
@Timeout(60)
final class EngineLedgerPagesTest {
  private static final int COUNT = 4_500;

  /** A zone in which the day of the last interval, at 01:00, began when some were in pages. */
  private static final int EAST = -6;

  private final EngineHarness h = new EngineHarness();
  private Instant begin;

  @Test
  void costs_areTheSameOverRestarts_whileMostIntervalsAreInPages() {
    EngineHarness first = filled();
    Deployment voice = first.engine.deployment("voice");

    assertThat(voice.cost().total().amount()).isEqualByComparingTo("45");
    assertThat(first.store.lines(LedgerEntry.Page.class)).hasSize(1);
    assertThat(first.store.lines(LedgerEntry.Released.class)).hasSize(COUNT - 2_000);
    assertThat(voice.usage(Instant.EPOCH, Instant.MAX)).hasSize(COUNT);
    assertThat(first.costs(begin, begin.plusSeconds(100)).total().values())
        .singleElement()
        .satisfies(money -> assertThat(money.amount()).isEqualByComparingTo("0.05"));
    EngineHarness second = next(first);

    assertThat(second.engine.deployment("voice").cost().total().amount())
        .isEqualByComparingTo("45");
    assertThat(second.engine.deployment("voice").usage(Instant.EPOCH, Instant.MAX)).hasSize(COUNT);
  }

  @Test
  void budgets_countWhatIsInPages() {
    EngineHarness first = filled();
    Instant since =
        first
            .time
            .instant()
            .atZone(ZoneOffset.UTC)
            .toLocalDate()
            .atStartOfDay(ZoneOffset.UTC)
            .toInstant();
    BigDecimal today =
        BigDecimal.valueOf(
            first.engine.deployment("voice").usage(since, Instant.MAX).stream()
                .mapToLong(usage -> Duration.between(max(since, usage), usage.endedAt()).toNanos())
                .sum(),
            9);

    for (Budget budget :
        List.of(
            Budget.money("1000", "USD").per(Budget.Period.DAY, ZoneOffset.UTC),
            Budget.gpuTime(Duration.ofDays(3)).per(Budget.Period.DAY, ZoneOffset.UTC))) {
      Deployment voice = first.deploy(b -> b.budget(budget));
      BigDecimal spent = budget.money() == null ? today : today.movePointLeft(3);
      assertThat(voice.budgetStatus().spent()).isEqualByComparingTo(spent);
    }
    Deployment voice = first.deploy(b -> b.budget(Budget.gpuTime(Duration.ofDays(3))));
    assertThat(voice.budgetStatus().spent()).isEqualByComparingTo("45000");
  }

  @Test
  void recompute_reachesIntervalsInPages() {
    EngineHarness first = filled();
    EngineHarness second = new EngineHarness(first);
    second.meter = CostMeter.perHour("7.20", "USD");
    second.start();

    List<CostChange> preview = second.engine.costs().recompute(Instant.MIN, Instant.MAX, false);
    assertThat(preview).hasSize(COUNT);
    assertThat(second.engine.costs().recompute(Instant.MIN, Instant.MAX, true)).isEqualTo(preview);
    assertThat(second.engine.deployment("voice").cost().total().amount())
        .isEqualByComparingTo("90");

    EngineHarness third = next(second);
    assertThat(third.engine.deployment("voice").cost().total().amount()).isEqualByComparingTo("90");
    assertThat(third.costs(Instant.EPOCH, Instant.MAX).total().values())
        .singleElement()
        .satisfies(money -> assertThat(money.amount()).isEqualByComparingTo("90"));
  }

  @Test
  void deploymentThatIsMadeAgain_beginsAtNothing_whileTheBooksKeepAll() {
    EngineHarness first = filled();
    first.engine.remove("voice");
    first.time.run();
    Deployment again = first.deploy();

    assertThat(again.cost().total().amount()).isEqualByComparingTo("0");
    assertThat(first.costs(Instant.EPOCH, Instant.MAX).total().values())
        .singleElement()
        .satisfies(money -> assertThat(money.amount()).isEqualByComparingTo("45"));
    assertThat(next(first).engine.deployment("voice").cost().total().amount())
        .isEqualByComparingTo("0");
  }

  @Test
  void pagesThatCannotBeRead_underABudget_loseNoLeaseNoTimerAndNoOtherDeployment() {
    EngineHarness first = filled();
    Deployment other = first.engine.deploy(DeploymentSpec.builder("after").port(8081).build());
    Deployment voice = first.deploy(b -> b.idleTimeout(Duration.ofMinutes(5)));
    Lease lease = first.acquire(voice);
    Lease others = first.acquire(other);
    first.store.beforeGet =
        name -> {
          throw new IllegalStateException("no database");
        };

    Budget budget = // of which the pages are a part: it began after the deployment was made
        Budget.gpuTime(Duration.ofDays(3)).per(Budget.Period.DAY, ZoneOffset.ofHours(EAST));
    first.engine.deploy(
        EngineHarness.voice(
            b ->
                b.idleTimeout(Duration.ofMinutes(5))
                    .budget(budget)
                    .pricePerHour(Money.of("9", "USD"))));
    lease.close();
    assertThat(voice.status().inFlight()).isZero();
    first.time.passSeconds(60);
    assertThat(first.store.lines(LedgerEntry.Used.class))
        .anyMatch(used -> used.instanceId().equals(others.instanceId()));
    others.close();
    first.time.passSeconds(301);
    assertThat(first.provider.running()).isEmpty();
    BigDecimal little = voice.budgetStatus().spent();

    first.store.beforeGet = name -> {};
    assertThat(voice.budgetStatus().spent()).isGreaterThan(little.add(BigDecimal.valueOf(1000)));
  }

  @Test
  void usage_hasAnInstanceThatEndsWhilePagesAreRead() {
    EngineHarness first = filled();
    Deployment voice = first.engine.deployment("voice");
    Lease lease = first.acquire(voice);
    first.time.passSeconds(10);
    AtomicInteger reads = new AtomicInteger();
    first.store.beforeGet =
        name -> {
          if (reads.getAndIncrement() == 0) {
            lease.close();
            voice.releaseNow();
            first.time.run();
          }
        };

    assertThat(voice.usage(Instant.EPOCH, Instant.MAX))
        .hasSize(COUNT + 1)
        .anyMatch(usage -> usage.instanceId().equals(lease.instanceId()));
    assertThat(first.provider.running()).isEmpty();
  }

  private static Instant max(Instant since, UsageInterval usage) {
    return usage.startRequestedAt().isBefore(since) ? since : usage.startRequestedAt();
  }

  private static EngineHarness next(EngineHarness before) {
    before.close();
    EngineHarness next = new EngineHarness(before);
    next.meter = before.meter;
    return next.start();
  }

  /** Returns an engine that has read the ledger; a second costs 0.001. */
  private EngineHarness filled() {
    h.meter = CostMeter.perHour("3.60", "USD");
    h.start();
    h.deploy();
    begin = h.time.instant();
    for (int i = 0; i < COUNT; i++) {
      Instant start = begin.plusSeconds(20L * i);
      h.store.append(
          new LedgerEntry.Released(
              UsageInterval.builder("voice", "voice-" + i, start)
                  .readyAt(start)
                  .endedAt(start.plusSeconds(10))
                  .build()));
    }
    h.time.passSeconds(20L * COUNT);
    h.close();
    EngineHarness next = new EngineHarness(h);
    next.meter = h.meter;
    return next.start();
  }
}
