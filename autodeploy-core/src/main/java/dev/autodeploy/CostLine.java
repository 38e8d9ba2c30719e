package dev.autodeploy;

import java.time.Duration;
import java.time.Instant;
import java.util.Currency;
import org.jspecify.annotations.Nullable;

/**
 * The costs of one group, in one currency. Money and time of the five parts sum up to the whole, to
 * the last digit. Immutable.
 *
 * @param deployment the deployment's name, or null if not grouped by it
 * @param from the beginning of the group's period, not before that of the period asked for
 * @param to the end of the group's period, not after that of the period asked for
 * @param gpuModel the model of the GPUs, or null if not grouped by it, without one, or not known
 * @param caller the caller, or null if not grouped by it, or for what no caller with a name caused
 * @param currency the currency of the amounts
 * @param starting the cost of instances that were starting
 * @param busy the cost of instances with at least one lease open
 * @param idle the cost of ready instances without a lease
 * @param asleep the cost of instances that were asleep
 * @param releasing the cost of instances that were being released
 * @param startingTime for how long instances were starting, without preparation
 * @param busyTime for how long they had at least one lease open
 * @param idleTime for how long they were ready without a lease
 * @param asleepTime for how long they were asleep
 * @param releasingTime for how long they were being released
 * @param takenOver whether a part is from a ledger that kept no prices, charged at the prices of
 *     the day on which it was taken over
 */
public record CostLine(
    @Nullable String deployment,
    Instant from,
    Instant to,
    @Nullable String gpuModel,
    @Nullable String caller,
    Currency currency,
    Money starting,
    Money busy,
    Money idle,
    Money asleep,
    Money releasing,
    Duration startingTime,
    Duration busyTime,
    Duration idleTime,
    Duration asleepTime,
    Duration releasingTime,
    boolean takenOver) {

  /**
   * Returns the sum of the five parts.
   *
   * @return the money
   */
  public Money total() {
    return starting.plus(busy).plus(idle).plus(asleep).plus(releasing);
  }

  /**
   * Returns the sum of the five times.
   *
   * @return the time that instances existed
   */
  public Duration time() {
    return startingTime.plus(busyTime).plus(idleTime).plus(asleepTime).plus(releasingTime);
  }
}
