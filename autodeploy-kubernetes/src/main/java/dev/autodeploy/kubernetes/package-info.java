/**
 * Runs instances as pods of a Kubernetes cluster, with GPUs.
 *
 * <pre>{@code
 * try (KubernetesInstanceProvider provider = KubernetesInstanceProvider.builder()
 *         .namespace("speech")
 *         .gpuNodes("A100", Map.of("nvidia.com/gpu.product", "NVIDIA-A100-SXM4-80GB"))
 *         .build();
 *     AutoDeploy autoDeploy = AutoDeploy.builder().provider(provider).build()) {
 *   Deployment voice = autoDeploy.deploy(DeploymentSpec.builder("breezyvoice")
 *       .image("registry.example.org/breezyvoice:1")
 *       .gpu(GpuRequest.count(1).model("A100"))
 *       .port(8080)
 *       .startCommand("cd /BreezyVoice && python api.py")
 *       .build());
 * }
 * }</pre>
 *
 * <p>{@link dev.autodeploy.kubernetes.KubernetesInstanceProvider} finds the cluster as {@code
 * kubectl} does, or by the service account of its own pod. Inside, {@code PodStart} makes a start,
 * {@code PodMaker} the pod, {@code PodState} says what has become of it, and {@code
 * PodProvider.list} finds pods again after a restart.
 */
@NullMarked
package dev.autodeploy.kubernetes;

import org.jspecify.annotations.NullMarked;
