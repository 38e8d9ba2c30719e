package dev.autodeploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Currency;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Parts sum up to the whole to the last digit, however costs are cut and grouped. */
final class CostsTest {
  private static final Currency USD = Currency.getInstance("USD");
  private static final Instant BEGIN = Instant.parse("2026-03-20T00:00:00Z");

  /** Zones whose clocks change within the weeks of the test, and some with odd offsets. */
  private static final List<ZoneId> ZONES =
      List.of(
          ZoneId.of("Europe/Berlin"),
          ZoneId.of("America/New_York"),
          ZoneId.of("Asia/Kolkata"),
          ZoneId.of("Australia/Lord_Howe"),
          ZoneId.of("UTC"));

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void groups_sumUpToTheWholeToTheLastDigit(long seed) {
    Random random = new Random(seed);
    List<UsageInterval> usage = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      usage.add(interval(random, i));
    }
    Instant from = at(random);
    Instant to = from.plusNanos(1 + random.nextLong(Duration.ofDays(12).toNanos()));
    Costs costs = Costs.of(usage, from, to);
    Map<Currency, BigDecimal> whole = sums(costs.by());
    Duration time = time(costs.by());

    for (ZoneId zone : ZONES) {
      for (CostKey[] keys : groupings()) {
        List<CostLine> lines = costs.in(zone).by(keys);
        assertThat(sums(lines)).as("%s by %s", zone, List.of(keys)).isEqualTo(whole);
        assertThat(time(lines)).isEqualTo(time);
      }
    }
    Instant middle = from.plus(Duration.between(from, to).dividedBy(3));
    List<CostLine> halves = new ArrayList<>(Costs.of(usage, from, middle).by());
    halves.addAll(Costs.of(usage, middle, to).by());
    assertThat(sums(halves)).isEqualTo(whole);
    assertThat(time(halves)).isEqualTo(time);
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13})
  void callers_ofDays_sumUpToThoseOfTheWhole(long seed) {
    Random random = new Random(seed);
    List<UsageInterval> usage = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      usage.add(interval(random, i));
    }
    Costs costs = Costs.of(usage, Instant.EPOCH, BEGIN.plus(Duration.ofDays(60)));
    Map<String, BigDecimal> whole = byCaller(costs.by(CostKey.CALLER));

    assertThat(byCaller(costs.in(ZONES.get(0)).by(CostKey.CALLER, CostKey.HOUR))).isEqualTo(whole);
    assertThat(byCaller(costs.in(ZONES.get(3)).by(CostKey.DAY, CostKey.CALLER))).isEqualTo(whole);
    Map<Currency, BigDecimal> charged = new HashMap<>();
    usage.forEach(
        u ->
            u.billing()
                .charges()
                .forEach(
                    c ->
                        charged.merge(
                            c.amount().currency(), c.amount().amount(), BigDecimal::add)));
    charged.replaceAll((currency, amount) -> amount.stripTrailingZeros());
    assertThat(sums(costs.by())).isEqualTo(charged);
  }

  @Test
  void days_haveTheHoursThatTheirZoneSays() {
    Instant start = Instant.parse("2026-03-28T12:00:00Z");
    UsageInterval usage = charged(start, start.plus(Duration.ofDays(2)), "48");
    List<CostLine> days =
        Costs.of(List.of(usage), start, usage.endedAt()).in(ZONES.get(0)).by(CostKey.DAY);

    assertThat(days)
        .extracting(line -> line.total().amount().intValueExact())
        .containsExactly(11, 23, 14); // the second one lost an hour
    assertThat(days.get(1).time()).isEqualTo(Duration.ofHours(23));
  }

  @Test
  void weeksAndMonths_beginWhereTheCalendarSays() {
    Instant start = Instant.parse("2026-03-29T12:00:00Z"); // a Sunday
    UsageInterval usage = charged(start, start.plus(Duration.ofDays(3)), "72");
    Costs costs = Costs.of(List.of(usage), start, usage.endedAt());

    assertThat(costs.by(CostKey.WEEK))
        .extracting(CostLine::from)
        .containsExactly(start, Instant.parse("2026-03-30T00:00:00Z"));
    assertThat(costs.by(CostKey.MONTH))
        .extracting(line -> line.total().amount().intValueExact())
        .containsExactly(60, 12);
  }

  @Test
  void twoKindsOfPeriods_areRefused() {
    Costs costs = Costs.of(List.of(), BEGIN, BEGIN);
    assertThatThrownBy(() -> costs.by(CostKey.DAY, CostKey.WEEK))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("one kind of period");
    assertThatThrownBy(() -> Costs.of(List.of(), BEGIN, BEGIN.minusSeconds(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must end after it begins");
  }

  @Test
  void minimumCharge_isSpreadOverTheTimeThatTheInstanceExisted() {
    Rate minute =
        new Rate(
            Money.of("60", "USD"),
            Rate.Unit.INSTANCE,
            1,
            Duration.ofSeconds(1),
            Duration.ofMinutes(1));
    assertThat(minute.cost(Duration.ofSeconds(2)).amount()).isEqualByComparingTo("1");
    assertThat(minute.cost(Duration.ofNanos(90_000_000_001L)).amount().doubleValue())
        .isEqualTo(91 / 60.0, offset(1e-12));
    assertThat(minute.cost(Duration.ZERO).amount()).isEqualByComparingTo("0");
  }

  private static CostKey[][] groupings() {
    return new CostKey[][] {
      {CostKey.DEPLOYMENT},
      {CostKey.HOUR},
      {CostKey.DAY},
      {CostKey.WEEK},
      {CostKey.MONTH},
      {CostKey.CALLER},
      {CostKey.GPU_MODEL},
      {CostKey.DEPLOYMENT, CostKey.DAY, CostKey.CALLER, CostKey.GPU_MODEL},
    };
  }

  private static Instant at(Random random) {
    return BEGIN.plusNanos(random.nextLong(Duration.ofDays(14).toNanos()));
  }

  private static UsageInterval charged(Instant from, Instant to, String amount) {
    Charge charge = new Charge(from, null, Money.of(amount, "USD"));
    return UsageInterval.builder("voice", "i", from)
        .readyAt(from)
        .endedAt(to)
        .build()
        .with(Billing.NONE.charges(List.of(charge)));
  }

  /** Returns an interval of any shape, with prices that change, in two currencies. */
  private static UsageInterval interval(Random random, int number) {
    Instant start = at(random);
    long length = 1 + random.nextLong(Duration.ofHours(random.nextInt(1, 90)).toNanos());
    Instant end = start.plusNanos(length);
    Instant ready = random.nextInt(4) == 0 ? null : start.plusNanos(random.nextLong(length));
    Instant release = random.nextBoolean() ? null : start.plusNanos(random.nextLong(length));
    Map<String, Duration> by = new TreeMap<>();
    Duration busy = Duration.ZERO;
    for (String name : List.of("ann", "ben", "eve").subList(0, random.nextInt(4))) {
      Duration share = Duration.ofNanos(random.nextLong(length) / 5);
      by.put(name, share);
      busy = busy.plus(share);
    }
    busy = busy.plusNanos(random.nextLong(length) / 7);
    List<Charge> charges = new ArrayList<>();
    Instant from = start;
    for (int i = random.nextInt(3); i >= 0 && from.isBefore(end); i--) {
      BigDecimal amount =
          new BigDecimal(random.nextInt(1, 99_999))
              .divide(new BigDecimal("7"), MathContext.DECIMAL64);
      charges.add(
          new Charge(
              from,
              null,
              new Money(amount, random.nextInt(5) == 0 ? Currency.getInstance("EUR") : USD)));
      from = from.plusNanos(random.nextLong(length));
    }
    return UsageInterval.builder("d" + random.nextInt(3), "i-" + number, start)
        .gpu(random.nextBoolean() ? GpuRequest.none() : GpuRequest.count(1))
        .readyAt(ready)
        .releaseRequestedAt(release)
        .endedAt(end)
        .busy(busy)
        .preparing(
            random.nextInt(3) == 0 ? Duration.ofNanos(random.nextLong(length) / 2) : Duration.ZERO)
        .sleeps(sleeps(random, ready == null ? start : ready, end))
        .billing(
            new Billing(
                random.nextBoolean() ? "ann" : null,
                by,
                random.nextBoolean() ? "T4" : null,
                0,
                charges,
                false))
        .build();
  }

  /** Returns up to three sleeps in a time, or two thirds of the time none. */
  static List<UsageInterval.Sleep> sleeps(Random random, Instant from, Instant to) {
    List<UsageInterval.Sleep> sleeps = new ArrayList<>();
    Instant at = from;
    for (int i = random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 0; i > 0; i--) {
      long left = Duration.between(at, to).toNanos();
      Instant begin = random.nextInt(4) == 0 ? at : at.plusNanos(random.nextLong(left / 2 + 1));
      at = begin.plusNanos(random.nextLong(Duration.between(begin, to).toNanos() + 1));
      sleeps.add(new UsageInterval.Sleep(begin, at));
    }
    return sleeps;
  }

  private static Map<Currency, BigDecimal> sums(List<CostLine> lines) {
    Map<Currency, BigDecimal> sums = new HashMap<>();
    for (CostLine line : lines) {
      sums.merge(line.currency(), line.total().amount(), BigDecimal::add);
    }
    sums.values().removeIf(amount -> amount.signum() == 0);
    sums.replaceAll((currency, amount) -> amount.stripTrailingZeros());
    return sums;
  }

  private static Map<String, BigDecimal> byCaller(List<CostLine> lines) {
    Map<String, BigDecimal> sums = new TreeMap<>();
    for (CostLine line : lines) {
      sums.merge(line.caller() + " " + line.currency(), line.total().amount(), BigDecimal::add);
    }
    sums.replaceAll((caller, amount) -> amount.stripTrailingZeros());
    return sums;
  }

  private static Duration time(List<CostLine> lines) {
    return lines.stream().map(CostLine::time).reduce(Duration.ZERO, Duration::plus);
  }
}
