package dev.autodeploy.internal.ledger;

import static dev.autodeploy.internal.decision.Instance.NEVER;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Cost;
import dev.autodeploy.Costs;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.Rate;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.internal.decision.InstanceFixture;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.LedgerEntry;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Currency;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The use and cost of instances, at a dollar an hour and with the clock in hand. */
final class DeploymentLedgerTest {
  private static final Instant CREATED = Instant.parse("2026-01-01T00:00:00Z");
  private static final CostMeter DOLLAR = CostMeter.perHour("1", "USD");
  private static final long HOUR = Duration.ofHours(1).toNanos();

  private Instant clock = CREATED.plusSeconds(7200);
  private final CostBook costs = new CostBook(null);
  private final DeploymentLedger ledger =
      new DeploymentLedger("voice", CREATED, () -> clock, DOLLAR, costs);

  @Test
  void cost_ofAnOpenInstance_isSplitByWhatItDid() {
    open(paid(0).readyAt(HOUR / 4).idleSince(HOUR / 4).busy(HOUR / 2));

    Cost cost = cost(2 * HOUR);

    assertThat(cost.total().amount()).isEqualByComparingTo("2");
    assertThat(cost.starting().amount()).isEqualByComparingTo("0.25");
    assertThat(cost.busy().amount()).isEqualByComparingTo("0.5");
    assertThat(cost.idle().amount()).isEqualByComparingTo("1.25");
    assertThat(cost.releasing().amount()).isEqualByComparingTo("0");
    assertThat(cost.alwaysOn().amount()).isEqualByComparingTo("2");
    assertThat(cost.since()).isEqualTo(CREATED);
  }

  @Test
  void since_movesBackButNotForward() {
    assertThat(ledger.createdAt()).isEqualTo(CREATED);

    ledger.since(CREATED.plusSeconds(1));
    assertThat(ledger.createdAt()).isEqualTo(CREATED);

    ledger.since(CREATED.minusSeconds(1));
    assertThat(ledger.createdAt()).isEqualTo(CREATED.minusSeconds(1));
  }

  @Test
  void cost_goesOnWhileAnInstanceIsReleased() {
    open(paid(0).readyAt(0).releaseRequestedAt(HOUR));

    Cost cost = cost(4 * HOUR);

    assertThat(cost.total().amount()).isEqualByComparingTo("4");
    assertThat(cost.idle().amount()).isEqualByComparingTo("1");
    assertThat(cost.releasing().amount()).isEqualByComparingTo("3");
  }

  @Test
  void cost_ofAClosedAccount_staysAndOpenOnesAreAdded() {
    ledger.close(open(paid(0)), HOUR);
    assertThat(total()).isEqualByComparingTo("1");

    Instance second = open(paid(2 * HOUR));

    assertThat(cost(5 * HOUR).total().amount()).isEqualByComparingTo("4");
    ledger.drop(second);
    assertThat(total()).isEqualByComparingTo("1");
  }

  @Test
  void close_returnsTheUseItsCostAndTheTotal_inOneStep() {
    ledger.close(open(paid(0)), HOUR);
    open(paid(0));

    DeploymentLedger.Closed closed = ledger.close(open(paid(HOUR)), 3 * HOUR);

    assertThat(closed.usage().duration()).isEqualTo(Duration.ofHours(2));
    assertThat(closed.paid()).isTrue();
    assertThat(closed.cost()).isEqualTo(Money.of("2", "USD"));
    assertThat(closed.total().amount()).isEqualByComparingTo("6"); // 1 before, 2 here, 3 open
    assertThat(cost(3 * HOUR).total()).isEqualTo(closed.total());
  }

  @Test
  void unpaidInstance_costsNothingAndIsNotInTheUsage() {
    Instance unpaid = open(unpaid(0));

    assertThat(usage(CREATED, clock)).isEmpty();
    assertThat(cost(HOUR).total().amount()).isEqualByComparingTo("0");

    DeploymentLedger.Closed closed = ledger.close(unpaid, HOUR);

    assertThat(closed.paid()).isFalse();
    assertThat(closed.cost().amount()).isEqualByComparingTo("0");
    assertThat(closed.cost().currency()).isEqualTo(Currency.getInstance("USD"));
    assertThat(total()).isEqualByComparingTo("0");
    assertThat(usage(CREATED, clock)).isEmpty();
  }

  @Test
  void clockThatGoesBack_makesNoNegativeCost() {
    clock = CREATED.minusSeconds(60);
    assertThat(cost(0).alwaysOn().amount()).isEqualByComparingTo("0");
    assertThat(cost(0).total().amount()).isEqualByComparingTo("0");
  }

  @Test
  void instantWithoutLength_hasNoShares() {
    open(paid(0));
    assertThat(cost(0).total().amount()).isEqualByComparingTo("0");
    assertThat(cost(0).starting()).isEqualTo(Money.of("0", "USD"));
  }

  @Test
  void anotherMeter_countsFromThenOn() {
    ledger.close(open(paid(0)), HOUR);
    CostMeter euros = CostMeter.perHour("3", "EUR");
    ledger.meter(euros, HOUR);

    assertThat(ledger.meter()).isSameAs(euros);
    assertThat(total()).isEqualByComparingTo("0"); // of which nothing is in euros
    assertThat(cost(HOUR).total().currency()).isEqualTo(Currency.getInstance("EUR"));
  }

  @Test
  void priceThatChangesBeforeASleep_countsForNothingOfIt() {
    InstanceFixture one = withGpu(0).readyAt(0).asleepSince(2 * HOUR).wokenAt(3 * HOUR);
    open(one);
    ledger.meter(CostMeter.perHour("2", "USD"), 10 * HOUR);
    assertThat(cost(10 * HOUR).total().amount()).isEqualByComparingTo("9");

    one.asleepSince(10 * HOUR);
    assertThat(cost(15 * HOUR).total().amount()).isEqualByComparingTo("9");
    one.wokenAt(15 * HOUR);
    assertThat(cost(17 * HOUR).total().amount()).isEqualByComparingTo("13");

    ledger.meter(CostMeter.perHour("3", "USD"), 17 * HOUR);
    one.asleepSince(18 * HOUR);
    DeploymentLedger.Closed closed = ledger.close(one.instance(), 30 * HOUR);

    assertThat(closed.cost().amount()).isEqualByComparingTo("16");
    assertThat(closed.usage().paid()).isEqualTo(Duration.ofHours(12));
    assertThat(closed.usage().billing().charges())
        .extracting(charge -> charge.amount().amount().stripTrailingZeros().toPlainString())
        .containsExactly("9", "4", "3");
  }

  @Test
  void costOfAPeriod_staysWhatItWas_whileAnInstanceSleepsAfterIt() {
    Instance one = open(withGpu(0).readyAt(0).busy(HOUR).asleepSince(10 * HOUR));
    Instant midnight = ledger.instant(one, 24 * HOUR);
    for (int hour = 24; hour < 60; hour += 5) {
      UsageInterval usage = ledger.open(hour * HOUR).get(0);
      assertThat(usage.until(midnight).charged(usd()).amount()).isEqualByComparingTo("10");
      assertThat(usage.until(midnight).asleep()).isEqualTo(Duration.ofHours(14));
      Costs yesterday = Costs.of(List.of(usage), usage.startRequestedAt(), midnight);
      assertThat(yesterday.total().get(usd()).amount()).isEqualByComparingTo("10");
    }
  }

  private static InstanceFixture withGpu(long startRequestedAt) {
    return InstanceFixture.startRequestedAt(startRequestedAt, true, GpuRequest.count(1));
  }

  private static Currency usd() {
    return Currency.getInstance("USD");
  }

  @Test
  void meterThatFails_countsAsFreeInItsCurrency() {
    ledger.meter(
        new CostMeter() {
          @Override
          public Money cost(UsageInterval usage) {
            throw new IllegalStateException("no price");
          }

          @Override
          public Currency currency() {
            return Currency.getInstance("EUR");
          }
        },
        0);
    DeploymentLedger.Closed closed = ledger.close(open(paid(0)), HOUR);
    assertThat(closed.total()).isEqualTo(Money.of("0", "EUR"));
    assertThat(cost(0).total()).isEqualTo(Money.of("0", "EUR"));
  }

  @Test
  void meterThatNamesNoPrice_butFails_isTakenOverWithOpenInstances() {
    Instance open = open(paid(0));
    CostMeter failing =
        new CostMeter() {
          @Override
          public Money cost(UsageInterval usage) {
            return Money.of("1", "USD");
          }

          @Override
          public Currency currency() {
            return Currency.getInstance("USD");
          }

          @Override
          public Optional<Rate> rate(UsageInterval usage) {
            throw new IllegalStateException("no price");
          }
        };

    ledger.meter(failing, HOUR);

    assertThat(ledger.meter()).isSameAs(failing);
    assertThat(ledger.takeLines())
        .singleElement()
        .isInstanceOfSatisfying(
            LedgerEntry.Repriced.class, line -> assertThat(line.rate()).isNull());
    assertThat(ledger.rate(open)).isNull();
  }

  @Test
  void usage_ofAnEarlierDeploymentOfTheName_isNotCounted() {
    ledger.addClosed(List.of(closed(-1), closed(0), closed(1)));
    assertThat(total()).isEqualByComparingTo("2");
  }

  @Test
  void usage_isWhatThePeriodTouches() {
    ledger.close(open(paid(0)), HOUR); // 02:00 to 03:00, as the clock has it
    Instant start = clock;

    assertThat(usage(start.minusSeconds(10), start)).isEmpty();
    assertThat(usage(start.minusSeconds(10), start.plusNanos(1))).hasSize(1);
    assertThat(usage(start.plusSeconds(3600).minusNanos(1), start.plusSeconds(9000))).hasSize(1);
    assertThat(usage(start.plusSeconds(3600), start.plusSeconds(9000))).isEmpty();
  }

  @Test
  void usage_ofInstances_isClosedOrOpenWithItsMoments() {
    Instance instance = open(paid(HOUR).readyAt(2 * HOUR).releaseRequestedAt(3 * HOUR).busy(5));

    UsageInterval open = ledger.open(4 * HOUR).get(0);
    UsageInterval closed = ledger.close(instance, 4 * HOUR).usage();

    assertThat(open.open()).isTrue();
    assertThat(closed.open()).isFalse();
    assertThat(closed.startRequestedAt()).isEqualTo(clock);
    assertThat(closed.readyAt()).isEqualTo(clock.plusSeconds(3600));
    assertThat(closed.releaseRequestedAt()).isEqualTo(clock.plusSeconds(7200));
    assertThat(closed.endedAt()).isEqualTo(clock.plusSeconds(3 * 3600)).isEqualTo(open.endedAt());
    assertThat(closed.busy()).isEqualTo(Duration.ofNanos(5));
  }

  @Test
  void endThatTheProviderKnows_isTheEnd() {
    Instance instance = open(paid(0), clock.plusSeconds(1800));
    assertThat(ledger.close(instance, 4 * HOUR).usage().duration())
        .isEqualTo(Duration.ofMinutes(30));
  }

  @Test
  void moments_ofAnInstanceWithoutAnAccount_areThoseOfTheClock() {
    Instance instance = unpaid(0).instance();
    assertThat(ledger.instant(instance, HOUR)).isEqualTo(clock.plusSeconds(3600));
    assertThat(ledger.optionalInstant(instance, NEVER)).isNull();
    assertThat(ledger.optionalInstant(instance, 0)).isEqualTo(clock);
    assertThat(ledger.checkpoint(paid(0).readyAt(0).idleSince(0).instance(), HOUR)).isNull();
  }

  @Test
  void moments_areCountedFromTheStartRequest_howeverTheClockIsSetMeanwhile() {
    Instance instance = open(paid(HOUR));
    Instant start = clock;
    clock = clock.minusSeconds(86_400);
    assertThat(ledger.instant(instance, 2 * HOUR)).isEqualTo(start.plusSeconds(3600));
  }

  @Test
  void checkpoint_tellsTheLastUseOnce() {
    InstanceFixture fixture = paid(0);
    Instance instance = open(fixture);
    assertThat(ledger.checkpoint(instance, HOUR)).isNull();
    fixture.readyAt(HOUR);
    assertThat(ledger.checkpoint(instance, HOUR)).isNull();
    fixture.idleSince(2 * HOUR).busy(7);

    LedgerEntry.Used used = ledger.checkpoint(instance, 3 * HOUR);

    assertThat(used)
        .isEqualTo(
            new LedgerEntry.Used(
                "i-1", clock.plusSeconds(3600), clock.plusSeconds(7200), Duration.ofNanos(7)));
    assertThat(ledger.checkpoint(instance, 4 * HOUR)).isNull();
    ledger.notCheckpointed(instance);
    assertThat(ledger.checkpoint(instance, 4 * HOUR)).isEqualTo(used);
  }

  @Test
  void checkpoint_ofABusyInstance_isNow() {
    Instance instance = open(paid(0).readyAt(HOUR).idleSince(HOUR).busySince(HOUR));

    LedgerEntry.Used used = ledger.checkpoint(instance, 3 * HOUR);

    assertThat(used.lastUsedAt()).isEqualTo(clock.plusSeconds(3 * 3600));
    assertThat(used.busy()).isEqualTo(Duration.ofHours(2));
  }

  @Test
  void checkpoint_ofAnUnpaidInstance_isNone() {
    Instance instance = open(unpaid(0).readyAt(0).idleSince(0));
    assertThat(ledger.checkpoint(instance, HOUR)).isNull();
  }

  private Cost cost(long now) {
    return ledger.cost(GpuRequest.none(), now);
  }

  private BigDecimal total() {
    return cost(0).total().amount();
  }

  private List<UsageInterval> usage(Instant from, Instant to) {
    List<UsageInterval> usage = new ArrayList<>(costs.notClosed(ledger.open(0), from, to));
    costs.closed("voice", from, to, usage::add);
    return usage;
  }

  private Instance open(InstanceFixture fixture) {
    return open(fixture, null);
  }

  private Instance open(InstanceFixture fixture, @Nullable Instant foundEndedAt) {
    ledger.open(fixture.instance(), clock, foundEndedAt);
    return fixture.instance();
  }

  private static InstanceFixture paid(long startRequestedAt) {
    return InstanceFixture.startRequestedAt(startRequestedAt, true);
  }

  private static InstanceFixture unpaid(long startRequestedAt) {
    return InstanceFixture.startRequestedAt(startRequestedAt, false);
  }

  private static UsageInterval closed(long second) {
    Instant start = CREATED.plusSeconds(second);
    return UsageInterval.builder("voice", "i-" + second, start)
        .endedAt(start.plusSeconds(3600))
        .build();
  }
}
