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
      add(cursor.plus(usage.asleep()), Part.ASLEEP, caller);
      Duration named = Duration.ZERO;
      for (Duration time : billing.busyBy().values()) {
        named = named.plus(time);
      }
      add(cursor.plus(positive(usage.busy().minus(named))), Part.BUSY, null);
      Instant busyEnd = ready(usage).plus(usage.asleep()).plus(usage.busy());
      for (Map.Entry<String, Duration> share : billing.busyBy().entrySet()) {
        Instant to = cursor.plus(share.getValue());
        add(to.isAfter(busyEnd) ? busyEnd : to, Part.BUSY, share.getKey());
      }
      add(release == null ? end : release, Part.IDLE, caller);
    }
    add(end, Part.RELEASING, caller);
    return blocks;
  }

  private Instant ready(UsageInterval of) {
    Instant ready = of.readyAt();
    return ready == null || ready.isBefore(of.startRequestedAt()) ? of.startRequestedAt() : ready;
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
