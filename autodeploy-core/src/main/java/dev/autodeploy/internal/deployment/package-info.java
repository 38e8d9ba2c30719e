/**
 * One deployment: the lock around its decisions, and what carries their effects out. Nothing is
 * decided here; that is {@code decision}'s. What concerns several deployments is {@code engine}'s.
 *
 * <ul>
 *   <li>{@code DeploymentController} is the lock: every event and every reading goes through it.
 *       Start reading there; {@code DefaultDeployment} is what the users of a deployment see of it.
 *   <li>{@code EffectRunner} keeps effects in order until they are carried out, {@code
 *       EffectHandler} carries one out: with {@code InstanceStarter}, {@code InstanceReleaser},
 *       {@code DeploymentTimer} and {@code AccountWriter}.
 *   <li>{@code InstanceReports} turns what they find out into events, and {@code SecretMask} masks
 *       it.
 *   <li>{@code RunningInstance} is an instance as the provider, the ledger and its leases see it;
 *       what decisions depend on is {@code decision.Instance}.
 * </ul>
 */
@NullMarked
package dev.autodeploy.internal.deployment;

import org.jspecify.annotations.NullMarked;
