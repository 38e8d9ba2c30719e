/**
 * The decisions about one deployment: when an instance starts and is released, and who gets it.
 * Pure code: no I/O, no thread, no lock, no clock, and nothing of the packages that carry the
 * decisions out. Events come in with their time, effects go out in order.
 *
 * <p>Start reading at {@link dev.autodeploy.internal.decision.DeploymentMachine}.
 */
@NullMarked
package dev.autodeploy.internal.decision;

import org.jspecify.annotations.NullMarked;
