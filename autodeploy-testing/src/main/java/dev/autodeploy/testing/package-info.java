/**
 * Virtual time, a simulated provider and the contract tests of the service interfaces.
 *
 * <p>An application that embeds the engine is tested in {@link dev.autodeploy.testing.ManualTime}
 * against a {@link dev.autodeploy.testing.SimulatedProvider}: a cold start of ten minutes takes no
 * time at all, and happens at the same moment in every run.
 *
 * <pre>{@code
 * ManualTime time = ManualTime.create();
 * SimulatedProvider provider = SimulatedProvider.on(time);
 * provider.plan(InstancePlan.readyAfter(Duration.ofMinutes(10)));
 * AutoDeploy autoDeploy = time.build(AutoDeploy.builder().provider(provider));
 * Deployment voice = autoDeploy.deploy(DeploymentSpec.builder("voice").port(8080).build());
 *
 * CompletableFuture<Lease> lease = voice.acquireAsync(AcquireRequest.within(Duration.ofMinutes(11)));
 * time.advance(Duration.ofMinutes(10));
 * assertThat(lease).isCompleted();
 *
 * time.close(autoDeploy);
 * }</pre>
 *
 * <p>Whoever implements an interface of {@link dev.autodeploy.spi} extends its contract test:
 * {@link dev.autodeploy.testing.InstanceProviderContract}, {@link
 * dev.autodeploy.testing.IdlePolicyContract}, {@link dev.autodeploy.testing.CostMeterContract},
 * {@link dev.autodeploy.testing.StateStoreContract}.
 */
@NullMarked
package dev.autodeploy.testing;

import org.jspecify.annotations.NullMarked;
