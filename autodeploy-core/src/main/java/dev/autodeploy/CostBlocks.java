package dev.autodeploy;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The time line of one interval, cut where its part, its caller or its price changes. The blocks
 * follow each other without a gap, so that what is cut anywhere sums up to the whole.
 */
final class CostBlocks {

  /** The parts of an interval, in their order. */
  enum Part {
    PREPARING,
    STARTING,
    ASLEEP,
    BUSY,
    IDLE,
    RELEASING
  }

  /** A stretch of one part that one caller pays for. */
  record Block(Instant from, Instant to, Part part, @Nullable String caller) {}

  private final UsageInterval usage;
  private final List<Block> blocks = new ArrayList<>();
  private Instant cursor;

  /** The number of its sleeps that are in blocks already. */
  private int sleeps;

  private CostBlocks(UsageInterval usage) {
    this.usage = usage;
    this.cursor = usage.startRequestedAt();
  }

  static List<Block> of(UsageInterval usage) {
    return new CostBlocks(usage).cut();
  }

  private List<Block> cut() {
    Billing billing = usage.billing();
    String caller = billing.caller();
    Instant end = usage.endedAt();
    Instant release = usage.releaseRequestedAt();
    Instant ready = usage.readyAt() != null ? usage.readyAt() : release;
    add(usage.startRequestedAt().plus(usage.preparing()), Part.PREPARING, caller);
    add(ready == null ? end : ready, Part.STARTING, caller);
    if (usage.readyAt() != null) {
      Instant last = release == null ? end : release;
      Duration named = Duration.ZERO;
      for (Duration time : billing.busyBy().values()) {
        named = named.plus(time);
      }
      Duration busy = usage.busy();
      busy = busy.minus(awake(positive(busy.minus(named)), last, Part.BUSY, null));
      for (Map.Entry<String, Duration> share : billing.busyBy().entrySet()) {
        Duration time = share.getValue().compareTo(busy) < 0 ? share.getValue() : busy;
        busy = busy.minus(awake(time, last, Part.BUSY, share.getKey()));
      }
      awake(positive(Duration.between(cursor, last)), last, Part.IDLE, caller);
    }
    add(end, Part.RELEASING, caller);
    return blocks;
  }

  /**
   * Adds a time in which it was awake, and the sleeps within it.
   *
   * @param last the end of all such time
   * @return the time
   */
  private Duration awake(Duration time, Instant last, Part part, @Nullable String caller) {
    Duration left = time;
    while (sleeps < usage.sleeps().size()) {
      UsageInterval.Sleep sleep = usage.sleeps().get(sleeps);
      if (sleep.from().isAfter(cursor.plus(left))) {
        break;
      }
      if (sleep.from().isAfter(cursor)) {
        left = left.minus(Duration.between(cursor, sleep.from()));
        add(earlier(sleep.from(), last), part, caller);
      }
      add(earlier(sleep.to(), last), Part.ASLEEP, usage.billing().caller());
      sleeps++;
    }
    add(earlier(cursor.plus(left), last), part, caller);
    return time;
  }

  private static Instant earlier(Instant a, Instant b) {
    return a.isBefore(b) ? a : b;
  }

  private static Duration positive(Duration duration) {
    return duration.isNegative() ? Duration.ZERO : duration;
  }

  private void add(Instant to, Part part, @Nullable String caller) {
    Instant end = to.isAfter(usage.endedAt()) ? usage.endedAt() : to;
    if (end.isAfter(cursor)) {
      blocks.add(new Block(cursor, end, part, caller));
      cursor = end;
    }
  }

  /** Returns what of a charge falls between two moments of its interval. */
  static BigDecimal between(UsageInterval usage, int charge, Instant from, Instant to) {
    return usage.spent(charge, to).subtract(usage.spent(charge, from));
  }
}
