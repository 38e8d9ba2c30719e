package dev.autodeploy.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.Billing;
import dev.autodeploy.Charge;
import dev.autodeploy.CostChange;
import dev.autodeploy.CostKey;
import dev.autodeploy.CostLine;
import dev.autodeploy.Costs;
import dev.autodeploy.Deployment;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Lease;
import dev.autodeploy.Money;
import dev.autodeploy.Rate;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.LedgerEntry;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Currency;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The books of an engine: prices that stay, deployments that were removed, callers. */
@Timeout(60)
final class EngineCostsTest {
  private static final Currency USD = Currency.getInstance("USD");

  private final EngineHarness h = new EngineHarness();

  @Test
  void newPrice_afterARestart_leavesThePastAndCountsForARunningInstanceFromThenOn() {
    h.meter = CostMeter.perHour("3.60", "USD");
    h.start();
    h.acquire(h.deploy()).close();
    h.time.passSeconds(100);
    BigDecimal past = total(h);

    EngineHarness next = new EngineHarness(h);
    next.meter = CostMeter.perHour("36", "USD");
    next.start();

    assertThat(total(next)).isEqualByComparingTo(past);
    next.time.passSeconds(10);
    assertThat(total(next)).isEqualByComparingTo(past.add(new BigDecimal("0.1")));
    next.engine.deployment("voice").releaseNow();
    next.time.run();
    UsageInterval closed = next.store.lines(LedgerEntry.Released.class).get(0).usage();
    assertThat(closed.billing().charges())
        .extracting(charge -> charge.rate().perHour())
        .containsExactly(Money.of("3.60", "USD"), Money.of("36", "USD"));
    BigDecimal all = total(next);

    EngineHarness third = new EngineHarness(next);
    third.meter = CostMeter.perHour("1", "USD");
    third.start();
    assertThat(total(third)).isEqualByComparingTo(all);
    assertThat(third.engine.deployment("voice").cost().total().amount()).isEqualByComparingTo(all);
  }

  @Test
  void instanceThatVanishedBetweenTwoEngines_isChargedByThePriceThatItHad() {
    h.meter = CostMeter.perHour("3.60", "USD");
    h.start();
    h.acquire(h.deploy()).close();
    h.time.passSeconds(100);
    h.provider.hidesAll = () -> {};

    EngineHarness next = new EngineHarness(h);
    next.meter = CostMeter.perHour("360", "USD");
    next.start();

    UsageInterval closed = next.store.lines(LedgerEntry.Released.class).get(0).usage();
    assertThat(closed.billing().charges().get(0).rate()).isEqualTo(rate(Money.of("3.60", "USD")));
    assertThat(total(next)).isLessThan(BigDecimal.ONE);
  }

  @Test
  void instanceThatVanishedAfterAPriceThatCannotBeWritten_isChargedToItsEnd() {
    Instant start = h.time.instant().minusSeconds(7200);
    Charge first = new Charge(start, rate(Money.of("1", "USD")), Money.of("1", "USD"));
    h.store.append(new LedgerEntry.Started("voice", "voice-1", GpuRequest.none(), start));
    h.store.append(
        new LedgerEntry.Repriced(
            "voice-1", Billing.NONE.charges(List.of(first)), start.plusSeconds(3600), null));
    h.meter = CostMeter.perHour("3", "USD");

    h.start();

    assertThat(total(h)).isEqualByComparingTo("4");
  }

  @Test
  void newPriceOfAnInstanceThatIsReleasedAtOnce_isWrittenDown() {
    h.meter = CostMeter.perHour("3.60", "USD");
    h.start();
    h.acquire(h.deploy()).close();
    h.time.passSeconds(100);
    h.provider.releaseAnswer = new CompletableFuture<>();
    h.engine.remove("voice");
    h.time.run();

    EngineHarness next = new EngineHarness(h);
    next.meter = CostMeter.perHour("36", "USD");
    next.provider.releaseAnswer = new CompletableFuture<>();
    next.start();
    next.time.run();

    assertThat(next.store.lines(LedgerEntry.Repriced.class))
        .singleElement()
        .satisfies(line -> assertThat(line.rate()).isEqualTo(rate(Money.of("36", "USD"))));
  }

  @Test
  void removedDeployment_staysInTheBooks_alsoAfterARestart() {
    h.meter = CostMeter.perHour("3.60", "USD");
    h.start();
    h.acquire(h.deploy()).close();
    h.time.passSeconds(100);
    h.engine.remove("voice");
    h.time.passSeconds(10);
    BigDecimal paid = total(h);
    assertThat(h.engine.deployments()).isEmpty();
    assertThat(paid).isPositive();

    EngineHarness next = new EngineHarness(h);
    next.start();

    CostLine line = costs(next).by(CostKey.DEPLOYMENT).get(0);
    assertThat(line.deployment()).isEqualTo("voice");
    assertThat(line.total().amount()).isEqualByComparingTo(paid);
  }

  @Test
  void callers_shareBusyTime_andTheOneWhoCausedTheStartPaysForTheRest() {
    h.meter = CostMeter.perHour("3600", "USD"); // a dollar a second
    h.start();
    Deployment voice = h.deploy(b -> b.concurrency(4).idleTimeout(Duration.ofSeconds(20)));
    Lease ann = acquire(voice, "ann");
    h.time.passSeconds(10);
    Lease ben = acquire(voice, "ben");
    Lease nobody = h.acquire(voice);
    h.time.passSeconds(30);
    ann.close();
    ben.close();
    nobody.close();
    h.time.passSeconds(60);

    List<CostLine> lines = costs(h).by(CostKey.CALLER);

    assertThat(lines).extracting(CostLine::caller).containsExactly(null, "ann", "ben");
    assertThat(lines.get(0).total().rounded(6)).isEqualTo(Money.of("10.000000", "USD"));
    assertThat(lines.get(1).busy().rounded(6)).isEqualTo(Money.of("20.000000", "USD"));
    assertThat(lines.get(1).idle().rounded(6)).isEqualTo(Money.of("20.000000", "USD"));
    assertThat(lines.get(2).total().rounded(6)).isEqualTo(Money.of("10.000000", "USD"));
    BigDecimal sum =
        lines.stream().map(line -> line.total().amount()).reduce(BigDecimal.ZERO, BigDecimal::add);
    assertThat(sum).isEqualByComparingTo(total(h));
  }

  @Test
  void callers_areKnownAfterARestart() {
    h.meter = CostMeter.perHour("3600", "USD");
    h.start();
    Deployment voice = h.deploy();
    Lease ann = acquire(voice, "ann");
    h.time.passSeconds(10);
    ann.close();
    h.time.passSeconds(40); // by then the use is written

    EngineHarness next = new EngineHarness(h);
    next.meter = h.meter;
    next.start();
    next.engine.deployment("voice").releaseNow();
    next.time.run();

    UsageInterval closed = next.store.lines(LedgerEntry.Released.class).get(0).usage();
    assertThat(closed.billing().caller()).isEqualTo("ann");
    assertThat(closed.billing().busyBy()).containsEntry("ann", Duration.ofSeconds(10));
  }

  @Test
  void recompute_changesThePastOnlyWhenTold_andSaysWhat() {
    h.meter = CostMeter.perHour("3.60", "USD");
    h.start();
    Deployment voice = h.deploy();
    h.acquire(voice).close();
    h.time.passSeconds(100);
    voice.releaseNow();
    h.time.run();
    BigDecimal before = total(h);
    h.deploy(b -> b.pricePerHour(Money.of("7.20", "USD")));

    List<CostChange> preview = h.engine.costs().recompute(Instant.MIN, Instant.MAX, false);
    assertThat(preview).hasSize(1);
    assertThat(total(h)).isEqualByComparingTo(before);

    assertThat(h.engine.costs().recompute(Instant.MIN, Instant.MAX, true)).isEqualTo(preview);
    BigDecimal doubled = before.multiply(BigDecimal.valueOf(2));
    assertThat(total(h)).isEqualByComparingTo(doubled);
    assertThat(voice.cost().total().amount()).isEqualByComparingTo(doubled);
    assertThat(h.engine.costs().recompute(Instant.MIN, Instant.MAX, true)).isEmpty();

    EngineHarness next = new EngineHarness(h);
    next.start();
    assertThat(total(next)).isEqualByComparingTo(doubled);
  }

  @Test
  void ledgerWithoutPrices_isTakenOverOnceAtThePricesOfThatDay() {
    Instant start = h.time.instant().minusSeconds(3600);
    UsageInterval old =
        UsageInterval.builder("voice", "voice-1", start)
            .readyAt(start)
            .releaseRequestedAt(start.plusSeconds(100))
            .endedAt(start.plusSeconds(100))
            .busy(Duration.ofSeconds(50))
            .build();
    h.store.append(new LedgerEntry.Started("voice", "voice-1", GpuRequest.none(), start));
    h.store.append(new LedgerEntry.Released(old));
    h.meter = CostMeter.perHour("36", "USD");
    h.start();
    h.time.run();
    assertThat(total(h)).isEqualByComparingTo("1");
    assertThat(costs(h).by().get(0).takenOver()).isTrue();

    EngineHarness next = new EngineHarness(h);
    next.meter = CostMeter.perHour("72", "USD");
    next.start();
    assertThat(total(next)).isEqualByComparingTo("1");
  }

  @Test
  void instanceThatNeverRan_isNotTakenOver() {
    Instant at = h.time.instant().minusSeconds(3600);
    h.store.append(new LedgerEntry.Started("voice", "voice-1", GpuRequest.none(), at));
    h.store.append(
        new LedgerEntry.Released(
            UsageInterval.builder("voice", "voice-1", at)
                .releaseRequestedAt(at)
                .endedAt(at)
                .build()));
    h.start();
    h.time.run();

    assertThat(h.store.lines(LedgerEntry.Recharged.class)).isEmpty();
  }

  private static Rate rate(Money perHour) {
    return new Rate(perHour, Rate.Unit.INSTANCE, 1, Duration.ZERO, Duration.ZERO);
  }

  private Lease acquire(Deployment deployment, String caller) {
    var future =
        deployment.acquireAsync(AcquireRequest.within(Duration.ofMinutes(10)).caller(caller));
    h.time.run();
    return future.join();
  }

  private static Costs costs(EngineHarness of) {
    return of.costs(Instant.EPOCH, of.time.instant().plusSeconds(1));
  }

  private static BigDecimal total(EngineHarness of) {
    return costs(of).total().getOrDefault(USD, Money.of("0", "USD")).amount();
  }
}
