/**
 * One deployment: the lock around its decisions, and what carries their effects out. Nothing is
 * decided here; that is {@code decision}. What concerns several deployments is {@code engine}.
 *
 * <p>Start reading at {@link dev.autodeploy.internal.deployment.DeploymentController}.
 */
@NullMarked
package dev.autodeploy.internal.deployment;

import org.jspecify.annotations.NullMarked;
