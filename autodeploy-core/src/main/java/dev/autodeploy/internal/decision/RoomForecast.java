package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.internal.decision.RoomTable.Holding;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The time at which those in line can expect their room: an estimate, for people. */
final class RoomForecast {
  private final Map<String, Long> freeAt = new HashMap<>();

  /**
   * Returns when room is free.
   *
   * @param inTheWay who has it
   */
  static long freeAt(long now, List<Holding> inTheWay) {
    long at = now;
    for (Holding holding : inTheWay) {
      at = Math.max(at, holding.at());
    }
    return at;
  }

  /** Returns when room is free for one of which those before it in line need all that there is. */
  long freeAfterOthers() {
    return freeAt.values().stream().mapToLong(Long::longValue).min().orElse(NEVER);
  }

  /** Somebody in line gets GPUs first, and has them until a moment. */
  void claimed(List<String> keys, long until) {
    keys.forEach(key -> freeAt.put(key, until));
  }
}
