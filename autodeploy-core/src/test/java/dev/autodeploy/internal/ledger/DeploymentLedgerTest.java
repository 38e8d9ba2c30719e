package dev.autodeploy.internal.ledger;

import static dev.autodeploy.internal.decision.Instance.NEVER;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Cost;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.StartReason;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.LedgerEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.Currency;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What instances were used for and have cost, at a dollar an hour and with the clock in hand. */
final class DeploymentLedgerTest {
  private static final Instant CREATED = Instant.parse("2026-01-01T00:00:00Z");
  private static final CostMeter DOLLAR = CostMeter.perHour("1", "USD");
  private static final long HOUR = Duration.ofHours(1).toNanos();

  private Instant clock = CREATED.plusSeconds(7200);
  private final DeploymentLedger accounts =
      new DeploymentLedger("voice", CREATED, () -> clock, DOLLAR);

  @Test
  void cost_ofAnOpenInstance_isSplitByWhatItDid() {
    Instance instance = instance(0);
    instance.readyAt = HOUR / 4;
    instance.idleSince = HOUR / 4;
    instance.busyNanos = HOUR / 2;

    Cost cost = accounts.cost(GpuRequest.none(), List.of(instance), 2 * HOUR);

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
    assertThat(accounts.createdAt()).isEqualTo(CREATED);

    accounts.since(CREATED.plusSeconds(1));
    assertThat(accounts.createdAt()).isEqualTo(CREATED);

    accounts.since(CREATED.minusSeconds(1));
    assertThat(accounts.createdAt()).isEqualTo(CREATED.minusSeconds(1));
  }

  @Test
  void cost_goesOnWhileAnInstanceIsReleased() {
    Instance instance = instance(0);
    instance.readyAt = 0;
    instance.releaseRequestedAt = HOUR;

    Cost cost = accounts.cost(GpuRequest.none(), List.of(instance), 4 * HOUR);

    assertThat(cost.total().amount()).isEqualByComparingTo("4");
    assertThat(cost.idle().amount()).isEqualByComparingTo("1");
    assertThat(cost.releasing().amount()).isEqualByComparingTo("3");
  }

  @Test
  void cost_ofAClosedAccount_staysAndOpenOnesAreAdded() {
    accounts.close(instance(0), HOUR);
    assertThat(total()).isEqualByComparingTo("1");

    Cost both = accounts.cost(GpuRequest.none(), List.of(instance(2 * HOUR)), 5 * HOUR);

    assertThat(both.total().amount()).isEqualByComparingTo("4");
    assertThat(total()).isEqualByComparingTo("1");
  }

  @Test
  void unpaidInstance_costsNothingAndIsNotInTheUsage() {
    Instance unpaid = unpaid(0);
    accounts.close(unpaid, HOUR);
    UsageInterval usage = accounts.closedUsage(unpaid, HOUR);

    assertThat(accounts.cost(unpaid, usage).amount()).isEqualByComparingTo("0");
    assertThat(accounts.cost(unpaid, usage).currency()).isEqualTo(Currency.getInstance("USD"));
    assertThat(accounts.cost(instance(0), usage).amount()).isEqualByComparingTo("1");
    assertThat(accounts.usage(CREATED, clock, List.of(unpaid), HOUR)).isEmpty();
    assertThat(accounts.cost(GpuRequest.none(), List.of(unpaid), HOUR).total().amount())
        .isEqualByComparingTo("0");
  }

  @Test
  void clockThatGoesBack_makesNoNegativeCost() {
    clock = CREATED.minusSeconds(60);
    Cost cost = accounts.cost(GpuRequest.none(), List.of(), 0);
    assertThat(cost.alwaysOn().amount()).isEqualByComparingTo("0");
    assertThat(cost.total().amount()).isEqualByComparingTo("0");
  }

  @Test
  void instantWithoutLength_hasNoShares() {
    Cost cost = accounts.cost(GpuRequest.none(), List.of(instance(0)), 0);
    assertThat(cost.total().amount()).isEqualByComparingTo("0");
    assertThat(cost.starting()).isEqualTo(Money.of("0", "USD"));
  }

  @Test
  void anotherMeter_countsEverythingAnew() {
    accounts.close(instance(0), HOUR);
    CostMeter euros = CostMeter.perHour("3", "EUR");
    accounts.meter(euros);

    assertThat(accounts.meter()).isSameAs(euros);
    assertThat(total()).isEqualByComparingTo("3");
    assertThat(accounts.cost(GpuRequest.none(), List.of(), HOUR).total().currency())
        .isEqualTo(Currency.getInstance("EUR"));
  }

  @Test
  void meterThatFails_countsAsFreeInItsCurrency() {
    accounts.meter(
        new CostMeter() {
          @Override
          public Money cost(UsageInterval usage) {
            throw new IllegalStateException("no price");
          }

          @Override
          public Currency currency() {
            return Currency.getInstance("EUR");
          }
        });
    accounts.close(instance(0), HOUR);
    assertThat(accounts.cost(GpuRequest.none(), List.of(), HOUR).total())
        .isEqualTo(Money.of("0", "EUR"));
  }

  @Test
  void usage_ofAnEarlierDeploymentOfTheName_isNotCounted() {
    accounts.addClosed(List.of(closed(-1), closed(0), closed(1)));
    assertThat(total()).isEqualByComparingTo("2");
  }

  @Test
  void usage_isWhatThePeriodTouches() {
    accounts.close(instance(0), HOUR); // 02:00 to 03:00, as the clock has it
    Instant start = clock;

    assertThat(usage(start.minusSeconds(10), start)).isEmpty();
    assertThat(usage(start.minusSeconds(10), start.plusNanos(1))).hasSize(1);
    assertThat(usage(start.plusSeconds(3600), start.plusSeconds(9000))).hasSize(1);
    assertThat(usage(start.plusSeconds(3600).plusNanos(1), start.plusSeconds(9000))).isEmpty();
  }

  @Test
  void usage_ofInstances_isClosedOrOpenWithItsMoments() {
    Instance instance = instance(HOUR);
    instance.readyAt = 2 * HOUR;
    instance.releaseRequestedAt = 3 * HOUR;
    instance.busyNanos = 5;

    UsageInterval open =
        accounts.usage(CREATED, CREATED.plusSeconds(1_000_000), List.of(instance), 4 * HOUR).get(0);
    UsageInterval closed = accounts.closedUsage(instance, 4 * HOUR);

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
    Instance instance = instance(0);
    instance.foundEndedAt = clock.plusSeconds(1800);
    assertThat(accounts.closedUsage(instance, 4 * HOUR).duration())
        .isEqualTo(Duration.ofMinutes(30));
  }

  @Test
  void moments_ofAnInstanceThatWasNeverAskedFor_areThoseOfTheClock() {
    Instance instance = unpaid(0);
    instance.startRequestedInstant = null;
    assertThat(accounts.instant(instance, HOUR)).isEqualTo(clock.plusSeconds(3600));
    assertThat(accounts.optionalInstant(instance, NEVER)).isNull();
    assertThat(accounts.optionalInstant(instance, 0)).isEqualTo(clock);
  }

  @Test
  void moments_areCountedFromTheStartRequest_howeverTheClockIsSetMeanwhile() {
    Instance instance = instance(HOUR);
    Instant start = clock;
    clock = clock.minusSeconds(86_400);
    assertThat(accounts.instant(instance, 2 * HOUR)).isEqualTo(start.plusSeconds(3600));
  }

  @Test
  void checkpoint_tellsTheLastUseOnce() {
    Instance instance = instance(0);
    assertThat(accounts.checkpoint(instance, HOUR)).isNull();
    instance.readyAt = HOUR;
    assertThat(accounts.checkpoint(instance, HOUR)).isNull();
    instance.idleSince = 2 * HOUR;
    instance.busyNanos = 7;

    LedgerEntry.Used used = accounts.checkpoint(instance, 3 * HOUR);

    assertThat(used)
        .isEqualTo(
            new LedgerEntry.Used(
                "i-1", clock.plusSeconds(3600), clock.plusSeconds(7200), Duration.ofNanos(7)));
    assertThat(accounts.checkpoint(instance, 4 * HOUR)).isNull();
  }

  @Test
  void checkpoint_ofABusyInstance_isNow() {
    Instance instance = instance(0);
    instance.readyAt = HOUR;
    instance.idleSince = HOUR;
    instance.busySince = HOUR;
    instance.inFlight = 1;

    LedgerEntry.Used used = accounts.checkpoint(instance, 3 * HOUR);

    assertThat(used.lastUsedAt()).isEqualTo(clock.plusSeconds(3 * 3600));
    assertThat(used.busy()).isEqualTo(Duration.ofHours(2));
  }

  @Test
  void checkpoint_ofAnUnpaidInstance_isNone() {
    Instance instance = unpaid(0);
    instance.readyAt = 0;
    instance.idleSince = 0;
    assertThat(accounts.checkpoint(instance, HOUR)).isNull();
  }

  private List<UsageInterval> usage(Instant from, Instant to) {
    return accounts.usage(from, to, List.of(), 0);
  }

  private java.math.BigDecimal total() {
    return accounts.cost(GpuRequest.none(), List.of(), 0).total().amount();
  }

  private static UsageInterval closed(long second) {
    Instant start = CREATED.plusSeconds(second);
    return new UsageInterval(
        "voice",
        "i-" + second,
        GpuRequest.none(),
        start,
        null,
        null,
        start.plusSeconds(3600),
        false,
        Duration.ZERO);
  }

  private Instance instance(long startRequestedAt) {
    Instance instance = unpaid(startRequestedAt);
    instance.startCall.set(Instance.StartCall.MADE);
    return instance;
  }

  private Instance unpaid(long startRequestedAt) {
    DeploymentSpec spec = DeploymentSpec.builder("voice").port(1).build();
    Instance instance =
        new Instance("i-1", 0, StartReason.REQUEST, spec, "f", spec.gpu(), startRequestedAt, NEVER);
    instance.startRequestedInstant = clock;
    return instance;
  }
}
