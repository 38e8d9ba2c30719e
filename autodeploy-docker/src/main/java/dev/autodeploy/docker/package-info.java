/**
 * Runs instances as containers of a Docker daemon, with GPUs.
 *
 * <pre>{@code
 * try (DockerInstanceProvider provider = DockerInstanceProvider.builder()
 *         .pullPolicy(PullPolicy.MISSING)
 *         .gpus("0", "1")
 *         .build();
 *     AutoDeploy autoDeploy = AutoDeploy.builder().provider(provider).build()) {
 *   Deployment voice = autoDeploy.deploy(DeploymentSpec.builder("breezyvoice")
 *       .image("breezyvoice:latest")
 *       .gpu(GpuRequest.count(1))
 *       .port(8080)
 *       .build());
 * }
 * }</pre>
 *
 * <p>{@link dev.autodeploy.docker.DockerInstanceProvider} finds the daemon as Docker's own client
 * does. GPUs are given by id; how a container gets at it is a {@link
 * dev.autodeploy.docker.GpuAccess}. Inside, {@code ContainerStart} makes a start, and {@code
 * GpuAllocator} chooses the GPUs that the engine has not.
 */
@NullMarked
package dev.autodeploy.docker;

import org.jspecify.annotations.NullMarked;
