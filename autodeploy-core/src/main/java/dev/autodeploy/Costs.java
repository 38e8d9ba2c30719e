package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.ledger.CostAlignment;
import dev.autodeploy.internal.ledger.CostChunk;
import dev.autodeploy.internal.ledger.CostSums;
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
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
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
  private static final long HOUR = 3600;

  private final List<CostChunk> chunks;
  private final Instant from;
  private final Instant to;
  private final ZoneId zone;

  Costs(List<CostChunk> chunks, Instant from, Instant to) {
    this(chunks, from, to, ZoneOffset.UTC);
  }

  private Costs(List<CostChunk> chunks, Instant from, Instant to, ZoneId zone) {
    this.chunks = List.copyOf(chunks);
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
    checkPeriod(from, to);
    return new Costs(List.of(CostChunk.of(usage)), from, to);
  }

  static void checkPeriod(Instant from, Instant to) {
    requireNonNull(from, "from");
    if (requireNonNull(to, "to").isBefore(from)) {
      throw new IllegalArgumentException(
          "the period must end after it begins, but is " + from + " to " + to);
    }
  }

  /**
   * Returns the same costs with hours, days, weeks and months of a time zone.
   *
   * @param newZone the time zone
   * @return the costs
   */
  public Costs in(ZoneId newZone) {
    return new Costs(chunks, from, to, requireNonNull(newZone, "zone"));
  }

  /**
   * Returns the intervals that the period touches, whole. Those that ended long ago are read from
   * the store.
   *
   * @return the intervals
   * @throws AutoDeployException with {@code STATE_FAILED} if they cannot be read
   */
  public List<UsageInterval> usage() {
    List<UsageInterval> usage = new ArrayList<>();
    for (CostChunk chunk : chunks) {
      chunk.usage((start, end) -> start.isBefore(to) && end.isAfter(from), usage::add);
    }
    return List.copyOf(usage);
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
   * @throws AutoDeployException with {@code STATE_FAILED} if the store cannot be read
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
    Map<Group, Sum> sums = new HashMap<>();
    PageSums pages = new PageSums(sums, wanted, period);
    chunks.forEach(pages::add);
    List<Group> groups = new ArrayList<>(sums.keySet());
    groups.sort(order(keys));
    List<CostLine> lines = new ArrayList<>(groups.size());
    groups.forEach(group -> lines.add(requireNonNull(sums.get(group)).line(group)));
    return lines;
  }

  /**
   * Groups the costs and writes them as CSV (RFC 4180): a line of names, then one for each group
   * and currency. Moments are written in the time zone; what a spreadsheet would take for a formula
   * in a name, also after a semicolon or a line break, gets an apostrophe in front.
   *
   * @param keys by what, as for {@link #by}
   * @return the text
   */
  public String toCsv(CostKey... keys) {
    return new CostText(by(keys), zone, Set.copyOf(List.of(keys))).csv();
  }

  /**
   * Groups the costs and writes them as JSON: an object with the period, the zone, and {@code
   * lines} with the same columns as the CSV. Amounts are text, so that no digit is lost.
   *
   * @param keys by what, as for {@link #by}
   * @return the text
   */
  public String toJson(CostKey... keys) {
    return new CostText(by(keys), zone, Set.copyOf(List.of(keys))).json(from, to, List.of(keys));
  }

  /**
   * The sums of parts by day, and by hour, as far as a day or an hour is in one group as a whole;
   * what is in other hours is summed up from the intervals.
   */
  private final class PageSums {
    private final Map<Group, Sum> sums;
    private final Set<CostKey> wanted;
    private final @Nullable CostKey period;
    private final CostAlignment alignment = CostAlignment.of(zone, from);
    private final Map<Instant, Instant[]> days = new HashMap<>();
    private final Map<Instant, Instant[]> hours = new HashMap<>();

    PageSums(Map<Group, Sum> sums, Set<CostKey> wanted, @Nullable CostKey period) {
      this.sums = sums;
      this.wanted = wanted;
      this.period = period;
    }

    void add(CostChunk chunk) {
      CostSums given = chunk.sums(alignment);
      if (given == null) {
        chunk.usage(
            (start, end) -> start.isBefore(to) && end.isAfter(from),
            usage -> Costs.this.add(sums, usage, wanted, period, from, to));
        return;
      }
      boolean byDay = period != CostKey.HOUR;
      NavigableSet<Instant> cut = byDay ? add(given.days(), days) : new TreeSet<>();
      if (byDay && cut.isEmpty()) {
        return;
      }
      Set<Long> cutDays = new HashSet<>();
      cut.forEach(day -> cutDays.add(day.getEpochSecond()));
      long first = from.getEpochSecond() - HOUR;
      long last = to.getEpochSecond();
      cut =
          add(
              given.hours(
                  hour ->
                      hour >= first
                          && hour <= last
                          && (!byDay || cutDays.contains(alignment.startOfDay(hour)))),
              hours);
      if (!cut.isEmpty()) {
        addCut(chunk, cut);
      }
    }

    /** Adds the lines that are in one group as a whole; returns the beginnings of the others. */
    private NavigableSet<Instant> add(List<CostLine> lines, Map<Instant, Instant[]> known) {
      NavigableSet<Instant> cut = new TreeSet<>();
      for (CostLine line : lines) {
        if (line.from().isBefore(to) && line.to().isAfter(from)) {
          Instant[] bounds = known.computeIfAbsent(line.from(), any -> boundsOf(line));
          if (bounds.length == 0) {
            cut.add(line.from());
          } else {
            sums.computeIfAbsent(group(line, bounds), any -> new Sum()).add(line);
          }
        }
      }
      return cut;
    }

    /** Returns the group's period of a line, or nothing if the line is not in one as a whole. */
    private Instant[] boundsOf(CostLine line) {
      if (line.from().isBefore(from) || line.to().isAfter(to)) {
        return new Instant[0];
      }
      Instant[] bounds = bounds(line.from(), period);
      return line.to().isAfter(bounds[1]) ? new Instant[0] : bounds;
    }

    private Group group(CostLine line, Instant[] bounds) {
      return new Group(
          wanted.contains(CostKey.DEPLOYMENT) ? line.deployment() : null,
          bounds[0],
          bounds[1],
          wanted.contains(CostKey.GPU_MODEL) ? line.gpuModel() : null,
          wanted.contains(CostKey.CALLER) ? line.caller() : null,
          line.currency());
    }

    private void addCut(CostChunk chunk, NavigableSet<Instant> cut) {
      chunk.usage(
          (start, end) -> {
            Instant first = cut.ceiling(hourOf(start));
            return first != null && first.isBefore(end);
          },
          usage -> addCut(usage, cut));
    }

    private void addCut(UsageInterval usage, NavigableSet<Instant> cut) {
      for (Instant hour : cut.tailSet(hourOf(usage.startRequestedAt()))) {
        if (!hour.isBefore(usage.endedAt())) {
          break;
        }
        Instant end = hour.plus(1, ChronoUnit.HOURS);
        Costs.this.add(sums, usage, wanted, period, later(hour, from), earlier(end, to));
      }
    }

    private Instant hourOf(Instant moment) {
      return Instant.ofEpochSecond(alignment.startOfHour(moment.getEpochSecond()));
    }
  }

  private void add(
      Map<Group, Sum> sums,
      UsageInterval interval,
      Set<CostKey> wanted,
      @Nullable CostKey period,
      Instant begin,
      Instant until) {
    List<Charge> charges = interval.billing().charges();
    for (CostBlocks.Block block : CostBlocks.of(interval)) {
      Instant cursor = later(block.from(), begin);
      Instant end = earlier(block.to(), until);
      while (cursor.isBefore(end)) {
        Instant[] bounds = bounds(cursor, period);
        Instant next = earlier(bounds[1], end);
        for (int i = chargeAt(charges, cursor); isCharged(charges, i, next); i++) {
          Group group = group(interval, block, charges.get(i), bounds, wanted);
          Sum sum = sums.computeIfAbsent(group, g -> new Sum());
          sum.money(
              block.part(), CostBlocks.between(interval, i, cursor, next), interval.billing());
          Instant paid = i == 0 ? cursor : later(cursor, charges.get(i).from());
          Instant last = i + 1 < charges.size() ? earlier(next, charges.get(i + 1).from()) : next;
          sum.time(block.part(), Duration.between(paid, later(paid, last)));
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
      if (!duration.isZero()) {
        time.merge(part, duration, Duration::plus);
      }
    }

    void add(CostLine line) {
      money(CostBlocks.Part.STARTING, line.starting());
      money(CostBlocks.Part.BUSY, line.busy());
      money(CostBlocks.Part.IDLE, line.idle());
      money(CostBlocks.Part.ASLEEP, line.asleep());
      money(CostBlocks.Part.RELEASING, line.releasing());
      time(CostBlocks.Part.STARTING, line.startingTime());
      time(CostBlocks.Part.BUSY, line.busyTime());
      time(CostBlocks.Part.IDLE, line.idleTime());
      time(CostBlocks.Part.ASLEEP, line.asleepTime());
      time(CostBlocks.Part.RELEASING, line.releasingTime());
      takenOver |= line.takenOver();
    }

    private void money(CostBlocks.Part part, Money more) {
      if (more.amount().signum() != 0) { // most lines have two or three of them
        money.merge(part, more.amount(), BigDecimal::add);
      }
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
