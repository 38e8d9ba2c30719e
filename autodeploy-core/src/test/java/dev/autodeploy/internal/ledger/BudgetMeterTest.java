package dev.autodeploy.internal.ledger;

import static dev.autodeploy.internal.decision.Instance.NEVER;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Budget;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.internal.decision.Allowance;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.internal.decision.InstanceFixture;
import dev.autodeploy.spi.CostMeter;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The tests of what a budget allows, at a dollar a second: 3600 an hour. */
final class BudgetMeterTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  /** A release is reckoned to take one second, which is paid for, too. */
  private static final long RELEASE = Spending.RELEASE / 1_000_000_000;

  private final CostMeter dollars = CostMeter.perHour("3600", "USD");
  private final DeploymentLedger ledger =
      new DeploymentLedger("voice", START, () -> START, dollars, new CostBook(null));
  private final BudgetMeter meter = new BudgetMeter(ledger);

  private Allowance measure(@Nullable Budget budget, long second) {
    return measure(budget, GpuRequest.none(), second, 0);
  }

  private Allowance measure(
      @Nullable Budget budget, GpuRequest gpu, long second, long startSeconds) {
    DeploymentSpec spec = DeploymentSpec.builder("voice").port(1).gpu(gpu).budget(budget).build();
    return meter.measure(spec, second * SECOND, START.plusSeconds(second), startSeconds * SECOND);
  }

  private Instance open(long second) {
    Instance instance =
        InstanceFixture.startRequestedAt(second * SECOND, true).readyAt(second * SECOND).instance();
    ledger.open(instance, START.plusSeconds(second), null);
    return instance;
  }

  private static Budget dollars(int amount) {
    return Budget.money("" + amount, "USD");
  }

  @Test
  void withoutBudget_everythingIsAllowed() {
    open(0);
    assertThat(measure(null, 1000)).isEqualTo(Allowance.UNLIMITED);
  }

  @Test
  void spent_isWhatClosedAndOpenInstancesCost() {
    ledger.close(open(0), 5 * SECOND);
    open(10);

    Allowance allowance = measure(dollars(100), 20);

    assertThat(allowance.status().spent()).isEqualByComparingTo("15");
    assertThat(allowance.status().exhausted()).isFalse();
    assertThat(allowance.start()).isTrue();
    assertThat(allowance.over()).isFalse();
  }

  @Test
  void sleepOverTheReset_bringsNothingOfThePeriodBeforeIt() {
    Instance one =
        InstanceFixture.startRequestedAt(0, true, GpuRequest.count(1))
            .readyAt(0)
            .asleepSince(10 * SECOND)
            .instance();
    ledger.open(one, START, null);
    Budget daily = dollars(8).per(Budget.Period.DAY, ZoneOffset.UTC);
    int day = (int) Duration.ofDays(1).toSeconds();
    for (int second = day + 1; second < 2 * day; second += day / 5) {
      Allowance allowance = measure(daily, second);
      assertThat(allowance.status().spent()).isEqualByComparingTo("0");
      assertThat(allowance.over()).isFalse();
    }
  }

  @Test
  void end_comesWhenTheReleaseHasToBegin() {
    open(0);
    Budget budget = dollars(20);

    assertThat(measure(budget, 18).over()).isFalse();
    assertThat(measure(budget, 18).lookAt()).isEqualTo((20 - RELEASE) * SECOND);
    Allowance end = measure(budget, 20 - RELEASE);
    assertThat(end.over()).isTrue();
    assertThat(end.start()).isFalse();
    assertThat(end.status().exhausted()).isTrue();
    assertThat(end.lookAt()).isEqualTo(NEVER);
  }

  @Test
  void look_isAtLeastEveryMinuteWhileSomethingRuns() {
    open(0);
    assertThat(measure(dollars(1000), 5).lookAt()).isEqualTo(65 * SECOND);
  }

  @Test
  void start_needsItsTime_theMinimumOfUseAndTheRelease() {
    Budget budget = dollars(20).minimumUse(Duration.ofSeconds(4));

    assertThat(measure(budget, GpuRequest.none(), 0, 15).start()).isTrue(); // 15 + 4 + 1
    Allowance one = measure(budget, GpuRequest.none(), 0, 16);
    assertThat(one.start()).isFalse();
    assertThat(one.over()).isFalse();
    assertThat(one.status().exhausted()).as("nothing runs, nothing can").isTrue();
    assertThat(one.lookAt()).isEqualTo(NEVER);
  }

  @Test
  void start_isReckonedBesideWhatRunsOn() {
    open(0);
    Budget budget = dollars(20).minimumUse(Duration.ofSeconds(4));

    assertThat(measure(budget, 10).start()).isTrue(); // 10 spent, 5 by it, 5 by the next
    assertThat(measure(budget, 11).start()).isFalse();
    assertThat(measure(budget, 11).status().exhausted()).as("one runs").isFalse();
  }

  @Test
  void cut_isAsTheBudgetSays() {
    assertThat(measure(dollars(20).cut(), 0).cut()).isTrue();
    assertThat(measure(dollars(20).drain(), 0).cut()).isFalse();
  }

  @Test
  void period_countsOnlyWhatIsInIt() {
    Budget daily = dollars(20).per(Budget.Period.DAY, ZoneOffset.UTC);
    long midnight = Duration.ofDays(1).toSeconds();
    ledger.close(open(midnight - 100), (midnight - 90) * SECOND); // in the day before
    ledger.close(open(midnight - 10), (midnight + 3) * SECOND); // across midnight
    open(midnight + 5);

    Allowance allowance = measure(daily, midnight + 12);

    assertThat(allowance.status().spent()).isEqualByComparingTo("10"); // 3 and 7
    assertThat(allowance.status().resetsAt()).isEqualTo(START.plus(Duration.ofDays(2)));
  }

  @Test
  void period_thatIsAnother_isCountedAnew() {
    ledger.close(open(0), 10 * SECOND);
    long nextDay = Duration.ofDays(1).toSeconds() + 1;

    assertThat(measure(dollars(20), nextDay).status().spent()).isEqualByComparingTo("10");
    assertThat(measure(dollars(20), nextDay).status().spent()).isEqualByComparingTo("10");
    Budget daily = dollars(20).per(Budget.Period.DAY, ZoneOffset.UTC);
    assertThat(measure(daily, nextDay).status().spent()).isEqualByComparingTo("0");
    Budget time = Budget.gpuTime(Duration.ofSeconds(40));
    assertThat(measure(time, nextDay).status().spent()).isEqualByComparingTo("10");
  }

  @Test
  void gpuTime_countsByTheNumberOfGpus() {
    Instance two =
        InstanceFixture.startRequestedAt(0, true, GpuRequest.count(2)).readyAt(0).instance();
    ledger.open(two, START, null);
    Instance named =
        InstanceFixture.startRequestedAt(0, true, GpuRequest.ids("0", "1", "2"))
            .readyAt(0)
            .instance();
    ledger.open(named, START, null);
    open(0); // without GPUs, counts once

    Budget time = Budget.gpuTime(Duration.ofSeconds(1000));

    assertThat(measure(time, 10).status().spent()).isEqualByComparingTo("60");
  }

  @Test
  void gpuTime_ofAPeriod_countsOnlyWhatIsInIt() {
    long midnight = Duration.ofDays(1).toSeconds();
    ledger.close(open(midnight - 10), (midnight + 3) * SECOND);
    Budget daily = Budget.gpuTime(Duration.ofSeconds(100)).per(Budget.Period.DAY, ZoneOffset.UTC);

    assertThat(measure(daily, midnight + 12).status().spent()).isEqualByComparingTo("3");
  }

  @Test
  void exhausted_looksAgainAtTheResetAndAtLeastEveryQuarterOfAnHour() {
    ledger.close(open(0), 30 * SECOND);
    Budget daily = dollars(20).per(Budget.Period.DAY, ZoneOffset.UTC);
    long midnight = Duration.ofDays(1).toSeconds();

    assertThat(measure(daily, 100).lookAt()).isEqualTo((100 + 900) * SECOND);
    assertThat(measure(daily, midnight - 10).lookAt()).isEqualTo(midnight * SECOND);
    assertThat(measure(daily, midnight).start()).isTrue();
  }

  @Test
  void allowance_isFreshForATenthOfASecond_unlessSomethingChanged() {
    assertThat(meter.isFresh(0)).isFalse();
    assertThat(meter.last()).isNull();
    Allowance allowance = measure(dollars(20), 0);

    assertThat(meter.last()).isEqualTo(allowance);
    assertThat(meter.isFresh(SECOND / 10 - 1)).isTrue();
    assertThat(meter.isFresh(SECOND / 10)).isFalse();
    meter.changed();
    assertThat(meter.isFresh(1)).isFalse();
    assertThat(meter.last()).isNull();
  }

  @Test
  void allowance_isNotFreshOnceItsMomentHasCome() {
    open(0);
    Budget budget = Budget.money("2.05", "USD");
    measure(budget, 1); // over at 1.05 s

    assertThat(meter.isFresh(SECOND + SECOND / 20 - 1)).isTrue();
    assertThat(meter.isFresh(SECOND + SECOND / 20)).isFalse();
  }
}
