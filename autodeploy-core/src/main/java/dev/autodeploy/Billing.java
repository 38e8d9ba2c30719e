package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.util.Arguments;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The part of an interval that says who pays for it, and by which price. Immutable.
 *
 * @param caller the caller whose request caused the start, or null if none did or it has no name:
 *     starting, idle and releasing time is theirs
 * @param busyBy the busy time by caller, of those that have a name; requests in flight at a time
 *     share it
 * @param gpuModel the model of the GPUs that the instance really got, or null if that is not known
 * @param gpus how many GPUs it really got; 0 if that is not known
 * @param charges what it was charged, by price, oldest first; empty if it was not charged yet
 * @param takenOver whether the interval is from a ledger that kept no prices, and was charged at
 *     the prices of the day on which that ledger was taken over
 */
public record Billing(
    @Nullable String caller,
    Map<String, Duration> busyBy,
    @Nullable String gpuModel,
    int gpus,
    List<Charge> charges,
    boolean takenOver) {

  /** Nothing is known, and nothing was charged yet. */
  public static final Billing NONE = new Billing(null, Map.of(), null, 0, List.of(), false);

  /**
   * Checks the values.
   *
   * @param caller the caller whose request caused the start, or null
   * @param busyBy the busy time by caller
   * @param gpuModel the model of the GPUs that the instance really got, or null
   * @param gpus how many GPUs it really got
   * @param charges what it was charged, by price, oldest first
   * @param takenOver whether it was charged when an old ledger was taken over
   */
  public Billing {
    requireNonNull(busyBy, "busyBy");
    busyBy = busyBy.isEmpty() ? Map.of() : Collections.unmodifiableMap(sorted(busyBy));
    charges = List.copyOf(charges);
    Arguments.atLeast("gpus", gpus, 0);
  }

  private static Map<String, Duration> sorted(Map<String, Duration> busyBy) {
    busyBy.forEach(
        (name, time) -> {
          if (requireNonNull(time, "busyBy").isNegative()) {
            throw new IllegalArgumentException("busyBy must not be negative, but was " + busyBy);
          }
        });
    return new TreeMap<>(busyBy);
  }

  /**
   * Returns this with other charges.
   *
   * @param newCharges what is charged, by price, oldest first
   * @return the changed copy
   */
  public Billing charges(List<Charge> newCharges) {
    return new Billing(caller, busyBy, gpuModel, gpus, newCharges, takenOver);
  }

  /**
   * Returns this as charged when an old ledger was taken over.
   *
   * @return the changed copy
   */
  public Billing asTakenOver() {
    return new Billing(caller, busyBy, gpuModel, gpus, charges, true);
  }
}
