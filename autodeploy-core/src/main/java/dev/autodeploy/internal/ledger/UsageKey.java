package dev.autodeploy.internal.ledger;

import dev.autodeploy.UsageInterval;
import java.time.Instant;

/** The identity of a closed interval, whatever it was charged. */
record UsageKey(String instanceId, Instant from, Instant to) {

  static UsageKey of(UsageInterval usage) {
    return new UsageKey(usage.instanceId(), usage.startRequestedAt(), usage.endedAt());
  }
}
