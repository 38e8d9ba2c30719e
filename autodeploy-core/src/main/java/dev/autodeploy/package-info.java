/**
 * The API of AutoDeploy: scale-to-zero endpoints inside a Java application.
 *
 * <p>{@link dev.autodeploy.AutoDeploy} is the entry point. A host application hands it a few {@link
 * dev.autodeploy.DeploymentSpec deployments}; the first {@link
 * dev.autodeploy.Deployment#acquireAsync() acquire} starts an instance through an {@link
 * dev.autodeploy.spi.InstanceProvider}, is held until the instance is ready, and gets a {@link
 * dev.autodeploy.Lease}. When no lease was open for the idle timeout the instance is released.
 *
 * <pre>{@code
 * try (AutoDeploy autoDeploy = AutoDeploy.builder()
 *     .provider(LocalProcessProvider.create())
 *     .stateDirectory(Path.of("autodeploy-state"))
 *     .build()) {
 *   Deployment voice = autoDeploy.deploy(DeploymentSpec.builder("breezyvoice")
 *       .startCommand("cd /BreezyVoice && python api.py")
 *       .port(8080)
 *       .build());
 *   try (Lease lease = voice.acquire(Duration.ofMinutes(10))) {
 *     call(lease.endpoint());
 *   } catch (StartFailedException e) {
 *     System.err.println(e.getMessage());
 *   }
 *   System.out.println(voice.status().state() + ", cost " + voice.cost().total());
 * }
 * }</pre>
 *
 * <p>A {@link dev.autodeploy.event.DeploymentListener} gets the events; the interfaces in {@link
 * dev.autodeploy.spi} decide where instances run, how long they are kept and what they cost. A
 * failure at run time is an {@link dev.autodeploy.AutoDeployException}; a setting that is not valid
 * is an {@link IllegalArgumentException}. Exceptions of a provider that is asked for logs,
 * snapshots or its catalog are passed on: {@link UnsupportedOperationException} for what it cannot
 * do, {@link IllegalArgumentException} for a name that it refuses.
 */
@NullMarked
package dev.autodeploy;

import org.jspecify.annotations.NullMarked;
