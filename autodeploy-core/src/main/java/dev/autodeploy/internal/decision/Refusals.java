package dev.autodeploy.internal.decision;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The rooms of which the provider has said that there is none at the moment, because others have
 * it. Each is tried again after a delay that doubles, or when one of ours has gone.
 */
final class Refusals {
  private static final Duration FIRST = Duration.ofSeconds(1);
  private static final Duration LAST = Duration.ofSeconds(10);

  private record Refusal(long until, int attempts) {}

  private final Map<String, Refusal> refusals = new HashMap<>();

  /** Notes a refusal. */
  void refused(long now, List<String> keys) {
    for (String key : keys) {
      Refusal last = refusals.get(key);
      int attempts = last == null ? 1 : last.attempts() + 1;
      long wait = StartBackoff.doubled(FIRST, LAST, attempts).toNanos();
      refusals.put(key, new Refusal(now + wait, attempts));
    }
  }

  /** There was room after all. */
  void accepted(List<String> keys) {
    keys.forEach(refusals::remove);
  }

  /** Something of ours has gone: what was refused may be tried at once. */
  void retry(long now) {
    refusals.replaceAll((key, refusal) -> new Refusal(now, refusal.attempts()));
  }

  /** Returns until when a room is not tried. */
  long until(String key) {
    Refusal refusal = refusals.get(key);
    return refusal == null ? Long.MIN_VALUE : refusal.until();
  }
}
