/**
 * All deployments of one engine. What one deployment does by itself is {@code deployment}'s.
 *
 * <ul>
 *   <li>{@code Engine} declares, updates and removes deployments. Start reading there.
 *   <li>{@code DeploymentRegistry} holds them, {@code DeploymentFactory} makes them, {@code
 *       DeploymentStore} saves them before anything is done.
 *   <li>{@code Recovery} settles what earlier processes left; {@code UnclaimedInstances} keeps what
 *       nobody has claimed yet.
 *   <li>{@code OrphanDetector} finds instances that no deployment knows, {@code OrphanReleaser}
 *       releases them.
 *   <li>{@code Maintenance} runs every half minute, {@code EngineShutdown} once.
 * </ul>
 */
@NullMarked
package dev.autodeploy.internal.engine;

import org.jspecify.annotations.NullMarked;
