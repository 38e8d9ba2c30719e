package dev.autodeploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.internal.ledger.CostBook;
import dev.autodeploy.internal.ledger.LedgerWriter;
import dev.autodeploy.internal.store.InMemoryStateStore;
import dev.autodeploy.spi.LedgerEntry;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Currency;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Costs of intervals of which most are in pages: the same as with all in memory, to the last digit,
 * over restarts, price changes, midnight and summer time.
 */
final class CostPagesTest {
  /** Three days before the clocks of Europe are set back, so that there is an hour twice. */
  private static final Instant BEGIN = Instant.parse("2026-10-22T21:17:03.123456789Z");

  private static final List<String> ZONES =
      List.of(
          "UTC",
          "Europe/Berlin",
          "America/New_York",
          "Asia/Kolkata",
          "Asia/Kathmandu",
          "Australia/Lord_Howe");

  private static final List<CostKey[]> GROUPINGS =
      List.of(
          new CostKey[] {},
          new CostKey[] {CostKey.DEPLOYMENT},
          new CostKey[] {CostKey.DAY, CostKey.DEPLOYMENT},
          new CostKey[] {CostKey.CALLER, CostKey.HOUR},
          new CostKey[] {CostKey.GPU_MODEL, CostKey.WEEK},
          new CostKey[] {CostKey.DEPLOYMENT, CostKey.MONTH, CostKey.CALLER, CostKey.GPU_MODEL});

  private static final int PAGE = 7;

  private final InMemoryStateStore store = new InMemoryStateStore();
  private final List<UsageInterval> all = new ArrayList<>();
  private LedgerWriter writer = opened();

  @RepeatedTest(40)
  void anyGroupingOfAnyPeriod_isThatOfTheIntervals(RepetitionInfo repetition) {
    Random random = new Random(repetition.getCurrentRepetition());
    fill(random, 60 + random.nextInt(100));
    assertThat(pages()).isNotEmpty();

    for (int i = 0; i < 12; i++) {
      Instant from = moment(random);
      Instant to = random.nextInt(4) == 0 ? from : moment(random);
      if (to.isBefore(from)) {
        Instant swapped = from;
        from = to;
        to = swapped;
      }
      ZoneId zone = ZoneId.of(ZONES.get(random.nextInt(ZONES.size())));
      CostKey[] keys = GROUPINGS.get(random.nextInt(GROUPINGS.size()));
      Costs costs = costs(from, to).in(zone);

      List<CostLine> lines = costs.by(keys);

      assertThat(lines).isEqualTo(Costs.of(all, from, to).in(zone).by(keys));
      assertThat(sum(lines)).isEqualTo(charged(from, to));
      assertThat(costs.usage())
          .containsExactlyInAnyOrderElementsOf(Costs.of(all, from, to).usage());
    }
  }

  @RepeatedTest(10)
  void periodsWithoutAGap_sumUpToTheWhole(RepetitionInfo repetition) {
    Random random = new Random(-repetition.getCurrentRepetition());
    fill(random, 150);
    Map<Currency, BigDecimal> parts = new HashMap<>();
    Instant from = BEGIN.minusSeconds(1);
    while (from.isBefore(BEGIN.plus(Duration.ofDays(50)))) {
      Instant to = from.plusMillis(1 + random.nextInt(400_000_000));
      sum(costs(from, to).by(CostKey.CALLER))
          .forEach((currency, amount) -> parts.merge(currency, amount, BigDecimal::add));
      from = to;
    }
    parts.replaceAll((currency, amount) -> amount.stripTrailingZeros());

    assertThat(parts).isEqualTo(charged(Instant.EPOCH, Instant.MAX));
  }

  @Test
  void rechargedIntervals_inPagesToo_keepTheSumsRight() {
    fill(new Random(1), 80);
    writer.recharge(
        Instant.MIN,
        Instant.MAX,
        CostPagesTest::twice,
        (before, after) -> all.replaceAll(one -> one.equals(before) ? after : one));

    assertThat(costs(Instant.EPOCH, Instant.MAX).by())
        .isEqualTo(Costs.of(all, Instant.EPOCH, Instant.MAX).by());
    writer = opened();
    assertThat(costs(Instant.EPOCH, Instant.MAX).by(CostKey.DEPLOYMENT, CostKey.HOUR))
        .isEqualTo(Costs.of(all, Instant.EPOCH, Instant.MAX).by(CostKey.DEPLOYMENT, CostKey.HOUR));
  }

  @Test
  void rechargedLines_ofIntervalsInPages_surviveAReplacedLedger() {
    fill(new Random(3), 80);
    UsageInterval first = twice(all.set(0, twice(all.get(0))));
    all.set(0, first);
    assertThat(writer.costs().recent())
        .noneMatch(usage -> usage.instanceId().equals(first.instanceId()));
    writer.append(new LedgerEntry.Recharged(first));
    int before = pages().size();
    Random random = new Random(4);
    for (int i = 80; pages().size() == before; i++) { // which replaces the ledger
      UsageInterval more = usage(random, i);
      all.add(more);
      writer.append(new LedgerEntry.Released(more));
      writer.costs().add(more);
      writer.archive();
    }

    writer = opened();

    assertThat(costs(Instant.EPOCH, Instant.MAX).by())
        .isEqualTo(Costs.of(all, Instant.EPOCH, Instant.MAX).by());
  }

  @Test
  void rechargedLinesOfAnOldLedger_reachIntervalsThatAreInPages() {
    Random random = new Random(7);
    for (int i = 0; i < 50; i++) {
      all.add(usage(random, i));
      store.append(new LedgerEntry.Released(all.get(i)));
    }
    UsageInterval first = twice(all.set(0, twice(all.get(0))));
    store.append(new LedgerEntry.Recharged(first));

    writer = opened();

    assertThat(pages()).hasSizeGreaterThan(4);
    assertThat(costs(Instant.EPOCH, Instant.MAX).by())
        .isEqualTo(Costs.of(all, Instant.EPOCH, Instant.MAX).by());
  }

  @Test
  void pageThatWasChanged_isNotBelieved() {
    fill(new Random(3), 60);
    List<String> lines = new ArrayList<>(store.pages().get("000001.jsonl"));
    lines.set(0, lines.get(0).replaceFirst("\"busy\":\"PT", "\"busy\":\"PT1"));
    store.pages().put("000001.jsonl", lines);

    assertThatThrownBy(() -> costs(Instant.EPOCH, Instant.MAX).usage())
        .isInstanceOf(AutoDeployException.class)
        .hasMessageContaining("000001.jsonl")
        .hasMessageContaining("changed");
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns"})
  void questionsAboutWholeDays_readNoIntervals(String name) {
    fill(new Random(5), 120);
    ZoneId zone = ZoneId.of(name);
    Instant from = LocalDate.of(2026, 10, 1).atStartOfDay(zone).toInstant();
    Instant to = LocalDate.of(2026, 11, 12).atStartOfDay(zone).toInstant();
    damage(".jsonl");
    if (name.equals("UTC")) {
      damage(".hours");
    }

    for (CostKey[] keys : GROUPINGS) {
      if (!(name.equals("UTC") && List.of(keys).contains(CostKey.HOUR))) {
        assertThat(costs(from, to).in(zone).by(keys))
            .isEqualTo(Costs.of(all, from, to).in(zone).by(keys));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTC", "Europe/Berlin", "Asia/Kolkata"})
  void allOfTime_isAPeriodToo(String name) {
    fill(new Random(6), 60);
    ZoneId zone = ZoneId.of(name);

    assertThat(costs(Instant.MIN, Instant.MAX).in(zone).by(CostKey.DAY))
        .isEqualTo(
            Costs.of(all, Instant.EPOCH, Instant.parse("2100-01-01T00:00:00Z"))
                .in(zone)
                .by(CostKey.DAY));
    assertThat(costs(Instant.MAX, Instant.MAX).in(zone).by(CostKey.DAY)).isEmpty();
  }

  private void damage(String kind) {
    for (LedgerEntry page : pages()) {
      for (String name : ((LedgerEntry.Page) page).names()) {
        if (name.endsWith(kind)) {
          store.pages().put(name, List.of("damaged"));
        }
      }
    }
  }

  @Test
  void pageThatIsMissing_isNoticedAtOnce() {
    fill(new Random(3), 60);
    store.pages().retain(List.of("000001.jsonl"));

    assertThatThrownBy(this::opened)
        .isInstanceOf(AutoDeployException.class)
        .hasMessageContaining("000001.days");
  }

  private void fill(Random random, int count) {
    for (int i = 0; i < count; i++) {
      UsageInterval usage = usage(random, i);
      all.add(usage);
      writer.append(
          new LedgerEntry.Started(
              usage.deployment(), usage.instanceId(), usage.gpu(), usage.startRequestedAt()));
      writer.append(new LedgerEntry.Released(usage));
      writer.costs().add(usage);
      if (random.nextInt(5) == 0) {
        writer.archive();
      }
      if (random.nextInt(30) == 0) {
        writer = opened();
      }
    }
    writer.archive();
  }

  private LedgerWriter opened() {
    LedgerWriter next = new LedgerWriter(store, PAGE);
    next.read(usage -> usage, Map.of());
    return next;
  }

  private List<LedgerEntry> pages() {
    return store.ledger().stream().filter(LedgerEntry.Page.class::isInstance).toList();
  }

  private Costs costs(Instant from, Instant to) {
    CostBook book = writer.costs();
    return new Costs(book.with(List.of(), from, to), from, to);
  }

  private Map<Currency, BigDecimal> charged(Instant from, Instant to) {
    Map<Currency, BigDecimal> sum = new HashMap<>();
    for (UsageInterval usage : all) {
      for (Currency currency : List.of(Currency.getInstance("USD"), Currency.getInstance("EUR"))) {
        BigDecimal before = usage.until(from).charged(currency).amount();
        BigDecimal after = usage.until(to).charged(currency).amount();
        sum.merge(currency, after.subtract(before), BigDecimal::add);
      }
    }
    sum.replaceAll((currency, amount) -> amount.stripTrailingZeros());
    sum.values().removeIf(amount -> amount.signum() == 0);
    return sum;
  }

  private static Map<Currency, BigDecimal> sum(List<CostLine> lines) {
    Map<Currency, BigDecimal> sum = new HashMap<>();
    lines.forEach(line -> sum.merge(line.currency(), line.total().amount(), BigDecimal::add));
    sum.replaceAll((currency, amount) -> amount.stripTrailingZeros());
    sum.values().removeIf(amount -> amount.signum() == 0);
    return sum;
  }

  private static UsageInterval twice(UsageInterval usage) {
    return usage.with(
        usage
            .billing()
            .charges(
                usage.billing().charges().stream()
                    .map(
                        it ->
                            new Charge(
                                it.from(),
                                it.rate(),
                                new Money(
                                    it.amount().amount().add(it.amount().amount()),
                                    it.amount().currency())))
                    .toList()));
  }

  private static Instant moment(Random random) {
    Instant moment = BEGIN.plusMillis(random.nextInt(600_000_000));
    return switch (random.nextInt(3)) {
      case 0 -> moment.truncatedTo(java.time.temporal.ChronoUnit.HOURS);
      case 1 -> moment.truncatedTo(java.time.temporal.ChronoUnit.DAYS);
      default -> moment;
    };
  }

  /** Returns an interval of up to some hours, one after the other over some days. */
  private static UsageInterval usage(Random random, int number) {
    Instant start = BEGIN.plusSeconds(number * 4000L).plusNanos(random.nextInt(1_000_000_000));
    long millis = 1L + random.nextInt(random.nextInt(5) == 0 ? 200_000_000 : 3_000_000);
    Instant end = start.plusMillis(millis);
    Instant ready = random.nextInt(5) == 0 ? null : start.plusMillis(random.nextLong(millis));
    Instant release = end.minusMillis(random.nextLong(1 + millis / 10));
    Duration busy = ready == null ? Duration.ZERO : Duration.ofMillis(random.nextLong(millis));
    Map<String, Duration> busyBy = new HashMap<>();
    if (random.nextBoolean()) {
      busyBy.put("alice", busy.dividedBy(2));
      busyBy.put("bob \"x\"", busy.dividedBy(3));
    }
    List<Charge> charges = new ArrayList<>();
    charges.add(charge(random, start, "USD"));
    if (random.nextInt(4) == 0) {
      Instant change = start.plusMillis(millis / 3);
      charges.add(charge(random, change, random.nextBoolean() ? "USD" : "EUR"));
    }
    @Nullable String model = random.nextBoolean() ? "A100 \u00e4" : null;
    Billing billing =
        new Billing(
            random.nextBoolean() ? "carol" : null,
            busyBy,
            model,
            model == null ? 0 : 2,
            charges,
            random.nextInt(10) == 0);
    String deployment = random.nextBoolean() ? "voice" : "image-" + random.nextInt(3);
    return UsageInterval.builder(deployment, deployment + "-" + number, start)
        .gpu(random.nextBoolean() ? GpuRequest.none() : GpuRequest.count(2))
        .readyAt(ready)
        .releaseRequestedAt(ready == null || !release.isBefore(ready) ? release : end)
        .endedAt(end)
        .busy(busy)
        .preparing(random.nextInt(4) == 0 ? Duration.ofMillis(millis / 5) : Duration.ZERO)
        .sleeps(ready == null ? List.of() : CostsTest.sleeps(random, ready, end))
        .billing(billing)
        .build();
  }

  private static Charge charge(Random random, Instant from, String currency) {
    BigDecimal amount = BigDecimal.valueOf(random.nextInt(1_000_000_007), 9);
    return new Charge(from, null, new Money(amount, Currency.getInstance(currency)));
  }
}
