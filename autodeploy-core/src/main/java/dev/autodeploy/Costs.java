package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import java.math.BigDecimal;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Currency;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The costs of a period, to be grouped: what each interval was charged, clipped to the period. The
 * groups of any grouping sum up to the same whole, to the last digit. Immutable.
 *
 * <pre>{@code
 * Instant now = Instant.now();
 * Costs lately = autoDeploy.costs(now.minus(Duration.ofDays(30)), now)
 *     .in(ZoneId.of("Europe/Berlin"));
 * for (CostLine line : lately.by(CostKey.DEPLOYMENT, CostKey.DAY)) {
 *   System.out.println(line.deployment() + " " + line.from() + " " + line.total());
 * }
 * }</pre>
 *
 * <p>A charge is spread evenly over the time that it is for. Busy time is shared equally among the
 * requests in flight; when in the life of an instance it slept, and when each caller's time was, is
 * not known: its sleep counts as the first part of the time after it was ready, and then one caller
 * follows the other. Starting, idle, asleep and releasing time is the caller's whose request caused
 * the start.
 */
public final class Costs {
  private final List<UsageInterval> usage;
  private final Instant from;
  private final Instant to;
  private final ZoneId zone;

  private Costs(List<UsageInterval> usage, Instant from, Instant to, ZoneId zone) {
    this.usage = usage;
    this.from = from;
    this.to = to;
    this.zone = zone;
  }

  /**
   * Returns the costs of intervals in a period.
   *
   * @param usage the intervals; those that the period does not touch are left out
   * @param from the beginning of the period
   * @param to its end, exclusive
   * @return the costs, with periods by UTC
   * @throws IllegalArgumentException if the end is before the beginning
   */
  public static Costs of(Collection<UsageInterval> usage, Instant from, Instant to) {
    requireNonNull(from, "from");
    if (to.isBefore(from)) {
      throw new IllegalArgumentException(
          "the period must end after it begins, but is " + from + " to " + to);
    }
    return new Costs(List.copyOf(usage), from, to, ZoneOffset.UTC);
  }

  /**
   * Returns the same costs with hours, days, weeks and months of a time zone.
   *
   * @param newZone the time zone
   * @return the costs
   */
  public Costs in(ZoneId newZone) {
    return new Costs(usage, from, to, requireNonNull(newZone, "zone"));
  }

  /**
   * Returns the intervals that the period touches, whole.
   *
   * @return the intervals
   */
  public List<UsageInterval> usage() {
    return usage;
  }

  /**
   * Returns the sum of everything, by currency.
   *
   * @return the money; empty if nothing was charged
   */
  public Map<Currency, Money> total() {
    Map<Currency, Money> total = new LinkedHashMap<>();
    for (CostLine line : by()) {
      total.put(line.currency(), line.total());
    }
    return total;
  }

  /**
   * Groups the costs.
   *
   * @param keys by what; of hour, day, week and month at most one; none for the whole
   * @return a line for each group and currency, in the order of the keys given; amounts in
   *     different currencies are never added up
   * @throws IllegalArgumentException if two kinds of period are given
   */
  public List<CostLine> by(CostKey... keys) {
    CostKey period = null;
    for (CostKey key : keys) {
      if (key.isPeriod() && period != null && period != key) {
        throw new IllegalArgumentException(
            "costs are grouped by one kind of period, but "
                + period
                + " and "
                + key
                + " were given");
      }
      period = key.isPeriod() ? key : period;
    }
    Set<CostKey> wanted = EnumSet.noneOf(CostKey.class);
    wanted.addAll(List.of(keys));
    Map<Group, Sum> sums = new TreeMap<>(order(keys));
    for (UsageInterval interval : usage) {
      add(sums, interval, wanted, period);
    }
    List<CostLine> lines = new ArrayList<>(sums.size());
    sums.forEach((group, sum) -> lines.add(sum.line(group)));
    return lines;
  }

  private void add(
      Map<Group, Sum> sums, UsageInterval interval, Set<CostKey> wanted, @Nullable CostKey period) {
    List<Charge> charges = interval.billing().charges();
    for (CostBlocks.Block block : CostBlocks.of(interval)) {
      Instant cursor = later(block.from(), from);
      Instant end = earlier(block.to(), to);
      while (cursor.isBefore(end)) {
        Instant[] bounds = bounds(cursor, period);
        Instant next = earlier(bounds[1], end);
        for (int i = chargeAt(charges, cursor); isCharged(charges, i, next); i++) {
          Group group = group(interval, block, charges.get(i), bounds, wanted);
          Sum sum = sums.computeIfAbsent(group, g -> new Sum());
          sum.money(
              block.part(), CostBlocks.between(interval, i, cursor, next), interval.billing());
          Instant begin = i == 0 ? cursor : later(cursor, charges.get(i).from());
          Instant until = i + 1 < charges.size() ? earlier(next, charges.get(i + 1).from()) : next;
          sum.time(block.part(), Duration.between(begin, later(begin, until)));
        }
        cursor = next;
      }
    }
  }

  private static boolean isCharged(List<Charge> charges, int i, Instant end) {
    return i < charges.size() && (i == 0 || charges.get(i).from().isBefore(end));
  }

  /** Returns the charge that counts at a moment. */
  private static int chargeAt(List<Charge> charges, Instant moment) {
    int at = 0;
    while (at + 1 < charges.size() && !charges.get(at + 1).from().isAfter(moment)) {
      at++;
    }
    return at;
  }

  private static Group group(
      UsageInterval interval,
      CostBlocks.Block block,
      Charge charge,
      Instant[] bounds,
      Set<CostKey> wanted) {
    return new Group(
        wanted.contains(CostKey.DEPLOYMENT) ? interval.deployment() : null,
        bounds[0],
        bounds[1],
        wanted.contains(CostKey.GPU_MODEL) ? model(interval) : null,
        wanted.contains(CostKey.CALLER) ? block.caller() : null,
        charge.amount().currency());
  }

  private static @Nullable String model(UsageInterval interval) {
    String got = interval.billing().gpuModel();
    return got != null ? got : interval.gpu().model();
  }

  /** Returns the period around a moment, clipped to the period asked for. */
  private Instant[] bounds(Instant moment, @Nullable CostKey period) {
    if (period == null) {
      return new Instant[] {from, to};
    }
    if (period == CostKey.HOUR) {
      return clipped(hour(moment), hour(moment).plus(1, ChronoUnit.HOURS));
    }
    ZonedDateTime day = moment.atZone(zone).toLocalDate().atStartOfDay(zone);
    return switch (period) {
      case WEEK -> {
        LocalDate monday =
            day.toLocalDate().with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
        yield clipped(start(monday), start(monday.plusWeeks(1)));
      }
      case MONTH -> {
        LocalDate first = day.toLocalDate().withDayOfMonth(1);
        yield clipped(start(first), start(first.plusMonths(1)));
      }
      default -> clipped(day.toInstant(), start(day.toLocalDate().plusDays(1)));
    };
  }

  private Instant hour(Instant moment) {
    Duration offset = Duration.ofSeconds(zone.getRules().getOffset(moment).getTotalSeconds());
    return moment.plus(offset).truncatedTo(ChronoUnit.HOURS).minus(offset);
  }

  private Instant start(LocalDate day) {
    return day.atStartOfDay(zone).toInstant();
  }

  private Instant[] clipped(Instant begin, Instant end) {
    return new Instant[] {later(begin, from), earlier(end, to)};
  }

  private static Instant later(Instant a, Instant b) {
    return a.isAfter(b) ? a : b;
  }

  private static Instant earlier(Instant a, Instant b) {
    return a.isBefore(b) ? a : b;
  }

  private static Comparator<Group> order(CostKey... keys) {
    Comparator<Group> order = Comparator.comparing(Group::from);
    for (int i = keys.length - 1; i >= 0; i--) {
      order = comparator(keys[i]).thenComparing(order);
    }
    return order
        .thenComparing(comparator(CostKey.DEPLOYMENT))
        .thenComparing(comparator(CostKey.GPU_MODEL))
        .thenComparing(comparator(CostKey.CALLER))
        .thenComparing(group -> group.currency().getCurrencyCode());
  }

  private static Comparator<Group> comparator(CostKey key) {
    Comparator<@Nullable String> text = Comparator.nullsFirst(Comparator.naturalOrder());
    return switch (key) {
      case DEPLOYMENT -> Comparator.comparing(Group::deployment, text);
      case GPU_MODEL -> Comparator.comparing(Group::gpuModel, text);
      case CALLER -> Comparator.comparing(Group::caller, text);
      default -> Comparator.comparing(Group::from);
    };
  }

  private record Group(
      @Nullable String deployment,
      Instant from,
      Instant to,
      @Nullable String gpuModel,
      @Nullable String caller,
      Currency currency) {}

  /** The sums of one group. */
  private static final class Sum {
    private final Map<CostBlocks.Part, BigDecimal> money = new EnumMap<>(CostBlocks.Part.class);
    private final Map<CostBlocks.Part, Duration> time = new EnumMap<>(CostBlocks.Part.class);
    private boolean takenOver;

    void money(CostBlocks.Part part, BigDecimal amount, Billing billing) {
      money.merge(part, amount, BigDecimal::add);
      takenOver |= billing.takenOver();
    }

    void time(CostBlocks.Part part, Duration duration) {
      time.merge(part, duration, Duration::plus);
    }

    CostLine line(Group group) {
      return new CostLine(
          group.deployment(),
          group.from(),
          group.to(),
          group.gpuModel(),
          group.caller(),
          group.currency(),
          money(group, CostBlocks.Part.PREPARING).plus(money(group, CostBlocks.Part.STARTING)),
          money(group, CostBlocks.Part.BUSY),
          money(group, CostBlocks.Part.IDLE),
          money(group, CostBlocks.Part.ASLEEP),
          money(group, CostBlocks.Part.RELEASING),
          time(CostBlocks.Part.STARTING),
          time(CostBlocks.Part.BUSY),
          time(CostBlocks.Part.IDLE),
          time(CostBlocks.Part.ASLEEP),
          time(CostBlocks.Part.RELEASING),
          takenOver);
    }

    private Duration time(CostBlocks.Part part) {
      return time.getOrDefault(part, Duration.ZERO);
    }

    private Money money(Group group, CostBlocks.Part part) {
      BigDecimal amount = money.getOrDefault(part, BigDecimal.ZERO);
      return new Money(
          amount.signum() == 0 ? BigDecimal.ZERO : amount.stripTrailingZeros(), group.currency());
    }
  }
}
