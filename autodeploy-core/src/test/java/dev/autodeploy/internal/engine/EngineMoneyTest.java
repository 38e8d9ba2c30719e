package dev.autodeploy.internal.engine;

import static dev.autodeploy.internal.engine.EngineHarness.assertPartsAddUp;
import static dev.autodeploy.internal.engine.EngineHarness.cents;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Cost;
import dev.autodeploy.Deployment;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.Lease;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.LedgerEntry;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Currency;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Money runs from the start request to the verified release; it never shrinks. */
@Timeout(60)
final class EngineMoneyTest {
  private final EngineHarness h = new EngineHarness();

  @Test
  void cost_runsFromTheStartRequestToTheVerifiedRelease() {
    h.provider.ready = false;
    h.start();
    Deployment voice = h.deploy(b -> b.idleTimeout(Duration.ofSeconds(10)));
    CompletableFuture<Lease> lease = voice.acquireAsync();
    h.time.passSeconds(40);
    h.provider.ready = true;
    h.time.pass(Duration.ofMillis(200));
    lease.join();
    h.time.pass(Duration.ofMillis(59_800));
    lease.join().close();
    h.provider.releaseLies = true;
    h.time.passSeconds(15);
    h.provider.releaseLies = false;
    h.time.passSeconds(8);

    Cost cost = voice.cost();
    assertThat(voice.status().instances()).isEmpty();
    assertPartsAddUp(cost);
    UsageInterval usage = h.store.lines(LedgerEntry.Released.class).get(0).usage();
    assertThat(usage.duration()).isBetween(Duration.ofSeconds(115), Duration.ofSeconds(120));
    assertThat(usage.starting()).isBetween(Duration.ofSeconds(40), Duration.ofSeconds(41));
    assertThat(usage.busy().plus(usage.starting())).isEqualTo(Duration.ofSeconds(100));
    assertThat(usage.idle()).isEqualTo(Duration.ofSeconds(10));
    assertThat(usage.releasing()).isGreaterThanOrEqualTo(Duration.ofSeconds(5));
    // 3.60 an hour is a tenth of a cent a second.
    assertThat(cents(cost.total()))
        .isEqualByComparingTo(
            BigDecimal.valueOf(usage.duration().toNanos()).movePointLeft(12).setScale(9));
    assertThat(cents(cost.alwaysOn())).isGreaterThan(cents(cost.total()));
    assertThat(h.events(DeploymentEvent.InstanceReleased.class).get(0).totalCost())
        .isEqualTo(cost.total());
  }

  @Test
  void cost_neverDipsAndItsPartsAlwaysAddUp() {
    h.start();
    Deployment voice = h.deploy(b -> b.idleTimeout(Duration.ofSeconds(3)));
    BigDecimal last = BigDecimal.ZERO;
    for (int i = 0; i < 400; i++) {
      if (i % 40 == 0) {
        CompletableFuture<Lease> lease = voice.acquireAsync();
        lease.thenAccept(l -> h.time.schedule(Duration.ofSeconds(2), l::close));
      }
      if (i % 60 == 7) {
        voice.releaseNow();
      }
      h.time.stall(Duration.ofMillis(150));
      while (h.time.runOne()) {
        last = assertNoDip(last, voice.cost());
      }
      h.time.run();
      last = assertNoDip(last, voice.cost());
    }
    assertThat(h.provider.count("start")).isGreaterThan(5);
    h.time.passSeconds(10);
    h.assertNothingLeft(voice);
    Duration total =
        h.store.lines(LedgerEntry.Released.class).stream()
            .map(l -> l.usage().duration())
            .reduce(Duration.ZERO, Duration::plus);
    assertThat(cents(voice.cost().total()))
        .isEqualByComparingTo(BigDecimal.valueOf(total.toNanos()).movePointLeft(12).setScale(9));
  }

  private static BigDecimal assertNoDip(BigDecimal last, Cost cost) {
    assertPartsAddUp(cost);
    assertThat(cost.total().amount()).isGreaterThanOrEqualTo(last);
    return cost.total().amount();
  }

  @Test
  void ledgerLine_isWrittenBeforeTheProviderIsAskedAndAtTheRelease() {
    h.store.beforeAppend =
        entry -> h.provider.calls.add(entry.getClass().getSimpleName() + " " + entry.instanceId());
    h.start();
    Deployment voice = h.deploy();
    String id = h.acquire(voice).instanceId();
    voice.releaseNow();
    h.time.run();

    assertThat(h.provider.calls)
        .containsExactly(
            "Started " + id, "start " + id, "Used " + id, "release " + id, "Released " + id);
  }

  @Test
  void ledgerThatRefusesTheStart_startsNothingAndCostsNothing() {
    h.store.beforeAppend =
        entry -> {
          throw new IllegalStateException("disk full");
        };
    h.start();
    Deployment voice = h.deploy();
    CompletableFuture<Lease> lease = voice.acquireAsync();
    h.time.passSeconds(1);

    assertThat(lease).isCompletedExceptionally();
    assertThat(h.provider.calls).isEmpty();
    assertThat(voice.cost().total().amount()).isZero();
    assertThat(voice.status().instances()).isEmpty();
  }

  @Test
  void ledgerThatRefusesTheRelease_getsItLater() {
    h.start();
    Deployment voice = h.deploy();
    h.acquire(voice).close();
    h.store.beforeAppend =
        entry -> {
          throw new IllegalStateException("disk full");
        };
    CompletableFuture<Void> gone = voice.release();
    h.time.run();
    assertThat(gone).isCompleted();
    assertThat(h.store.lines(LedgerEntry.Released.class)).isEmpty();

    h.store.beforeAppend = entry -> {};
    h.time.passSeconds(30);

    h.assertNothingLeft(voice);
  }

  @Test
  void ledgerThatRefusesTheRelease_getsItOnClose() {
    h.start();
    Deployment voice = h.deploy();
    h.acquire(voice).close();
    h.store.beforeAppend =
        entry -> {
          throw new IllegalStateException("disk full");
        };
    voice.release();
    h.time.run();
    h.store.beforeAppend = entry -> {};

    h.close();

    h.assertNothingLeft(voice);
  }

  @Test
  void ledgerThatRefusesEvenOnClose_isAnErrorOnceAllElseIsClosed() {
    h.start();
    Deployment voice = h.deploy();
    String id = h.acquire(voice).instanceId();
    h.store.beforeAppend =
        entry -> {
          throw new IllegalStateException("disk full");
        };

    assertThatThrownBy(h::close)
        .isInstanceOf(AutoDeployException.class)
        .hasMessageContaining(id)
        .hasMessageContaining("disk full")
        .extracting(e -> ((AutoDeployException) e).code())
        .isEqualTo(ErrorCode.STATE_FAILED);

    assertThat(h.provider.running()).isEmpty();
    assertThat(h.provider.calls).last().isEqualTo("close");
    assertThat(h.store.closed).isTrue();
  }

  @Test
  void release_beforeTheStartWasAsked_costsNothingAndStartsNothing() {
    h.start();
    Deployment voice = h.deploy();
    voice.acquireAsync();
    h.time.stall(Duration.ofSeconds(5));
    assertThat(voice.cost().total().amount()).isZero();

    voice.releaseNow();
    h.time.run();

    assertThat(h.provider.calls).isEmpty();
    assertThat(voice.cost().total().amount()).isZero();
    assertThat(h.store.ledger()).isEmpty();
    assertThat(voice.status().instances()).isEmpty();
  }

  @Test
  void release_whileTheLedgerLineIsWritten_leavesNoOpenAccount() {
    h.start();
    Deployment voice = h.deploy();
    h.store.beforeAppend =
        entry -> {
          h.store.beforeAppend = e -> {};
          h.time.stall(Duration.ofSeconds(5));
          voice.releaseNow();
        };
    voice.acquireAsync();
    h.time.passSeconds(60);

    h.assertNothingLeft(voice);
    assertThat(h.provider.count("start")).isZero();
    assertThat(voice.cost().total().amount()).isZero();
    assertThat(h.store.lines(LedgerEntry.Released.class).get(0).usage().duration())
        .isEqualTo(Duration.ZERO);
  }

  @Test
  void meterThatThrows_losesNoEffect() {
    h.meter =
        new CostMeter() {
          @Override
          public Money cost(UsageInterval usage) {
            throw new IllegalStateException("no price");
          }

          @Override
          public Currency currency() {
            return Currency.getInstance("EUR");
          }
        };
    h.start();
    Deployment voice = h.deploy();
    h.acquire(voice).close();
    CompletableFuture<Void> gone = voice.release();
    CompletableFuture<Lease> next = voice.acquireAsync();
    h.time.run();

    assertThat(gone).isCompleted();
    assertThat(next).isCompleted();
    assertThat(voice.cost().total()).isEqualTo(Money.of("0", "EUR"));
    next.join().close();
    voice.release();
    h.time.run();
    h.assertNothingLeft(voice);
  }

  @Test
  void usage_ofAPeriod_isWhatTouchesIt() {
    h.start();
    Deployment voice = h.deploy(b -> b.idleTimeout(Duration.ofSeconds(1)));
    h.acquire(voice).close();
    h.time.passSeconds(100);
    h.acquire(voice);

    assertThat(voice.usage(FakeTime.START, FakeTime.START.plusSeconds(50))).hasSize(1);
    List<UsageInterval> all = voice.usage(FakeTime.START, h.time.instant().plusSeconds(1));
    assertThat(all).extracting(UsageInterval::open).containsExactly(false, true);
  }

  @Test
  void cost_ofAPeriod_countsTheParts_andPeriodsAddUpToTheTotal() {
    h.start();
    Deployment voice = h.deploy(b -> b.idleTimeout(Duration.ofSeconds(60)));
    h.acquire(voice).close();
    h.time.passSeconds(300);
    h.acquire(voice).close();
    h.time.passSeconds(30); // the second instance is still there
    Instant first = FakeTime.START.plusSeconds(20);
    Instant end = h.time.instant().plusSeconds(3600);

    // 3.60 an hour is a tenth of a cent a second.
    assertThat(voice.cost(first, first.plusSeconds(10)).rounded(6))
        .isEqualTo(Money.of("0.010000", "USD"));
    assertThat(voice.cost(FakeTime.START.plusSeconds(100), FakeTime.START.plusSeconds(200)))
        .isEqualTo(new Money(BigDecimal.ZERO, Money.of("0", "USD").currency()));
    Money parts = Money.of("0", "USD");
    for (Instant from = FakeTime.START; from.isBefore(end); from = from.plusSeconds(7)) {
      parts = parts.plus(voice.cost(from, from.plusSeconds(7)));
    }
    assertThat(parts.rounded(9)).isEqualTo(voice.cost().total().rounded(9));
    assertThat(voice.cost(Instant.EPOCH, end).rounded(9)).isEqualTo(parts.rounded(9));
    assertThatThrownBy(() -> voice.cost(end, first))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must end after it begins");
  }

  @Test
  void cost_ofAPeriod_byAMeterThatChargesBusyTime_isSpreadEvenlyAndAddsUp() {
    h.meter =
        new CostMeter() {
          @Override
          public Money cost(UsageInterval usage) {
            return new Money(BigDecimal.valueOf(usage.busy().toSeconds()), currency());
          }

          @Override
          public Currency currency() {
            return Currency.getInstance("USD");
          }
        };
    h.start();
    Deployment voice = h.deploy(b -> b.idleTimeout(Duration.ofSeconds(60)));
    Lease lease = h.acquire(voice);
    h.time.passSeconds(40);
    lease.close();
    h.time.passSeconds(300);

    Instant middle = FakeTime.START.plusSeconds(20);
    BigDecimal before = voice.cost(FakeTime.START, middle).amount();
    assertThat(before).isBetween(BigDecimal.valueOf(7), BigDecimal.valueOf(9)); // of 40 in 100 s
    assertThat(before.add(voice.cost(middle, h.time.instant()).amount()))
        .isEqualByComparingTo(voice.cost().total().amount());
  }

  @Test
  void update_ofThePrice_countsFromThenOn() {
    h.start();
    Deployment voice = h.deploy(b -> b.idleTimeout(Duration.ofSeconds(10)));
    h.acquire(voice).close();
    h.time.passSeconds(20);
    Lease lease = h.acquire(voice);
    h.time.passSeconds(10);
    BigDecimal before = voice.cost().total().amount();

    h.deploy(b -> b.idleTimeout(Duration.ofSeconds(10)).pricePerHour(Money.of("7.20", "USD")));
    assertThat(voice.cost().total().amount()).isEqualByComparingTo(before);
    h.time.passSeconds(10);
    assertThat(voice.cost().total().amount())
        .isEqualByComparingTo(before.add(new BigDecimal("0.02")));
    lease.close();
    h.time.passSeconds(20);

    LedgerEntry.Released last = h.store.lines(LedgerEntry.Released.class).get(1);
    assertThat(last.usage().billing().charges()).hasSize(2);
    assertThat(h.store.lines(LedgerEntry.Repriced.class)).hasSize(1);
    assertPartsAddUp(voice.cost());
  }

  @Test
  void orphanThatShowsBeforeTheLedgerHasItsEnd_isPaidForOnce() {
    List<Runnable> held = new ArrayList<>();
    AtomicBoolean holdsNext = new AtomicBoolean();
    Executor own = h.time.executor();
    h.providerExecutor =
        task -> {
          if (holdsNext.getAndSet(false)) {
            held.add(task);
          } else {
            own.execute(task);
          }
        };
    h.start();
    Deployment voice = h.deploy(b -> b.releaseGrace(Duration.ZERO));
    h.acquire(voice).close();
    h.time.passSeconds(100);
    h.provider.releaseLies = true;
    h.provider.hidesAll = () -> holdsNext.set(true); // the end is decided, and not yet written
    voice.releaseNow();
    h.time.run();
    assertThat(held).hasSize(1);
    h.provider.releaseLies = false;

    h.time.passSeconds(31); // orphans are looked for
    held.get(0).run();
    h.time.run();
    h.time.passSeconds(31);

    assertThat(h.provider.running()).isEmpty();
    List<UsageInterval> usage = voice.usage(Instant.EPOCH, h.time.instant().plusSeconds(1));
    for (int i = 1; i < usage.size(); i++) {
      assertThat(usage.get(i).startRequestedAt())
          .as("the intervals of one instance, %s", usage)
          .isAfterOrEqualTo(usage.get(i - 1).endedAt());
    }
    assertThat(usage.stream().map(UsageInterval::duration).reduce(Duration.ZERO, Duration::plus))
        .isLessThanOrEqualTo(Duration.ofSeconds(162));
  }
}
