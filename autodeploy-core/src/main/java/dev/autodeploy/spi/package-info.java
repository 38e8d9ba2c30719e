/**
 * The interfaces that others implement: where instances run, when they are idle, what they cost,
 * when they are ready, where state is kept, and what time it is.
 *
 * <ul>
 *   <li>{@link dev.autodeploy.spi.InstanceProvider} starts, lists and releases instances
 *   <li>{@link dev.autodeploy.spi.IdlePolicy} says how long one is kept without a request
 *   <li>{@link dev.autodeploy.spi.CostMeter} says what one costs
 *   <li>{@link dev.autodeploy.spi.ReadinessProbe} says whether one can serve
 *   <li>{@link dev.autodeploy.spi.StateStore} keeps deployments and ledger
 *   <li>{@link dev.autodeploy.spi.Ticker} and {@link dev.autodeploy.spi.Scheduler} are the time
 * </ul>
 *
 * <p>Most come with implementations of ours, and an idle policy is one method:
 *
 * <pre>{@code
 * IdlePolicy longerForSlowStarters = history -> {
 *   boolean slow = history.recentStartDurations().stream()
 *       .anyMatch(start -> start.compareTo(Duration.ofMinutes(1)) > 0);
 *   return Optional.of(slow ? Duration.ofMinutes(30) : IdlePolicy.DEFAULT_TIMEOUT);
 * };
 * AutoDeploy.Builder builder = AutoDeploy.builder()
 *     .idlePolicy(longerForSlowStarters)
 *     .costMeter(CostMeter.perHour("0.49", "USD"));
 * }</pre>
 *
 * <p>The module {@code dev.autodeploy.testing} has a contract test for each of the larger ones.
 */
@NullMarked
package dev.autodeploy.spi;

import org.jspecify.annotations.NullMarked;
