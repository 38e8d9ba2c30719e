/**
 * The decisions about one deployment: when an instance starts and is released, and who gets it.
 * Pure code: no I/O, no thread, no lock, no clock, and nothing of the packages that carry decisions
 * out. Events come in with their time, {@linkplain dev.autodeploy.internal.decision.Effect effects}
 * go out in order.
 *
 * <ul>
 *   <li>{@code DeploymentMachine} takes every event. Start reading there.
 *   <li>{@code RequestAdmission} decides on a request for a lease; {@code Callers} grants waiting
 *       requests, in the order of {@code WaitQueue}.
 *   <li>{@code StartPlanner} decides how many instances start; {@code StartProcess} makes the
 *       starts and deals with failed ones, which {@code StartBackoff} holds back.
 *   <li>{@code ReleaseProcess} drains and releases; {@code IdleDeadlines} decides when an instance
 *       has been idle for long enough, as {@code IdleTimeouts} hears from the idle policy.
 *   <li>{@code SleepProcess} puts instances to sleep and wakes them, by {@code Sleepers}.
 *   <li>{@code Allowance} says what a budget allows; {@code Declaration.mayStart} refuses starts by
 *       it, {@code DeploymentMachine} callers.
 *   <li>{@code Arbiter} decides about deployments that share GPUs: who gets room, and who makes it.
 *   <li>{@code Deadlines} does what is due, and sets the one timer.
 * </ul>
 *
 * <p>The state is in {@code Declaration}, {@code Instances} and {@code Callers}; it is changed
 * nowhere else.
 */
@NullMarked
package dev.autodeploy.internal.decision;

import org.jspecify.annotations.NullMarked;
