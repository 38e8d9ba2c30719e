/**
 * The events that listeners get: one record for every change of a deployment or of one of its
 * instances.
 *
 * <pre>{@code
 * AutoDeploy.Builder builder = AutoDeploy.builder().listener(event -> {
 *   if (event instanceof DeploymentEvent.StatusChanged change) {
 *     System.out.println(change.deployment() + ": " + change.from() + " to " + change.to());
 *   }
 * });
 * }</pre>
 *
 * <p>{@link dev.autodeploy.event.DeploymentEvent} lists them. More may be added: a listener leaves
 * alone what it does not know.
 */
@NullMarked
package dev.autodeploy.event;

import org.jspecify.annotations.NullMarked;
