package dev.autodeploy;

import java.time.Instant;

/**
 * The cost of a deployment since it was made, including the instances that exist now.
 *
 * <p>Money runs from the start request of each instance to its verified release. The five parts add
 * up to {@code total}, apart from rounding in the last digit.
 *
 * @param total all money so far
 * @param starting the part for instances that were starting
 * @param busy the part for instances with at least one lease open
 * @param idle the part for ready instances without a lease
 * @param asleep the part for instances that were asleep
 * @param releasing the part for instances that were being released
 * @param alwaysOn the cost of one instance running the whole time
 * @param since the time at which the deployment was created
 */
public record Cost(
    Money total,
    Money starting,
    Money busy,
    Money idle,
    Money asleep,
    Money releasing,
    Money alwaysOn,
    Instant since) {}
