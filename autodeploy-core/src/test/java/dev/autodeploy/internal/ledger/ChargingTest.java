package dev.autodeploy.internal.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Charge;
import dev.autodeploy.Money;
import dev.autodeploy.Rate;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.CostMeter;
import java.time.Duration;
import java.time.Instant;
import java.util.Currency;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The charges of one hour, by prices of whole hours. */
final class ChargingTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final Instant HALF = START.plus(Duration.ofMinutes(30));
  private static final CostMeter TWO = CostMeter.perHour("2", "USD");
  private static final CostMeter FOUR = CostMeter.perHour("4", "USD");

  /** A meter that knows no prices by the hour. */
  private static class ByTheUse implements CostMeter {
    @Override
    public Money cost(UsageInterval usage) {
      return Money.of("7", "USD");
    }

    @Override
    public Currency currency() {
      return Currency.getInstance("USD");
    }
  }

  private static final CostMeter BROKEN =
      new ByTheUse() {
        @Override
        public Money cost(UsageInterval usage) {
          throw new IllegalStateException("no price list");
        }

        @Override
        public Optional<Rate> rate(UsageInterval usage) {
          throw new IllegalStateException("no price list");
        }
      };

  private static UsageInterval usage(Duration length) {
    return UsageInterval.builder("voice", "voice-1", START)
        .readyAt(START)
        .openUntil(START.plus(length))
        .build();
  }

  private static UsageInterval hour() {
    return usage(Duration.ofHours(1));
  }

  private static Rate rate(CostMeter meter) {
    return meter.rate(hour()).orElseThrow();
  }

  private static void assertCharge(Charge charge, Instant from, String dollars) {
    assertThat(charge.from()).isEqualTo(from);
    assertThat(charge.amount().amount()).isEqualByComparingTo(dollars);
  }

  @Test
  void due_isWhatExistedAndHasNoChargeYet() {
    assertThat(Charging.isDue(hour())).isTrue();
    assertThat(Charging.isDue(Charging.charged(hour(), TWO))).isFalse();
    assertThat(Charging.isDue(usage(Duration.ZERO))).isFalse();
  }

  @Test
  void whole_isChargedFromItsStart_withThePriceThatTheMeterNames() {
    List<Charge> charges = Charging.charged(hour(), TWO).billing().charges();
    assertThat(charges).hasSize(1);
    assertCharge(charges.get(0), START, "2");
    assertThat(charges.get(0).rate()).isEqualTo(rate(TWO));
    Charge byTheUse = Charging.charged(hour(), new ByTheUse()).billing().charges().get(0);
    assertCharge(byTheUse, START, "7");
    assertThat(byTheUse.rate()).isNull();
  }

  @Test
  void chargedAgain_isChargedOnce() {
    UsageInterval once = Charging.charged(hour(), TWO);
    List<Charge> charges = Charging.charged(once, FOUR).billing().charges();
    assertThat(charges).hasSize(1);
    assertCharge(charges.get(0), START, "4");
  }

  @Test
  void newPrice_countsFromItsMoment_afterTheChargesOfThePast() {
    List<Charge> past = List.of(new Charge(START, rate(TWO), Money.of("1", "USD")));
    List<Charge> byMeter = Charging.charged(hour(), past, HALF, FOUR).billing().charges();
    assertThat(byMeter).hasSize(2).startsWith(past.get(0));
    assertCharge(byMeter.get(1), HALF, "2");
    List<Charge> byRate = Charging.charged(hour(), past, HALF, rate(FOUR)).billing().charges();
    assertThat(byRate).hasSize(2).startsWith(past.get(0));
    assertCharge(byRate.get(1), HALF, "2");
  }

  @Test
  void recordedPrice_withoutAPast_countsForTheWhole() {
    List<Charge> charges =
        Charging.charged(hour(), List.of(), START, rate(FOUR)).billing().charges();
    assertThat(charges).hasSize(1);
    assertCharge(charges.get(0), START, "4");
    assertThat(charges.get(0).rate()).isEqualTo(rate(FOUR));
  }

  @Test
  void meterThatFails_leavesTheChargesOfThePast() {
    List<Charge> past = List.of(new Charge(START, null, Money.of("1", "USD")));
    assertThat(Charging.charged(hour(), past, HALF, BROKEN).billing().charges()).isEqualTo(past);
    assertThat(Charging.charged(hour(), BROKEN).billing().charges()).isEmpty();
  }

  @Test
  void price_isTold_unlessTheMeterNamesNone_orFails() {
    assertThat(Charging.rateIfTold(TWO, hour())).isEqualTo(rate(TWO));
    assertThat(Charging.rateIfTold(new ByTheUse(), hour())).isNull();
    assertThat(Charging.rateIfTold(BROKEN, hour())).isNull();
  }

  @Test
  void alike_areMetersThatAreTheSame_orNameTheSamePrice() {
    assertThat(Charging.alike(BROKEN, BROKEN, hour())).isTrue();
    assertThat(Charging.alike(TWO, CostMeter.perHour("2", "USD"), hour())).isTrue();
    assertThat(Charging.alike(TWO, FOUR, hour())).isFalse();
    assertThat(Charging.alike(TWO, BROKEN, hour())).isFalse();
    assertThat(Charging.alike(new ByTheUse(), new ByTheUse(), hour())).isFalse();
  }
}
