package dev.autodeploy.kubernetes;

import dev.autodeploy.DeploymentSpec;
import io.fabric8.kubernetes.api.model.Pod;

/** Changes how the pod of an instance is created. Thread-safe. */
@FunctionalInterface
public interface PodCustomizer {

  /**
   * Changes a pod before it is created. What it throws fails the start, and is told as a failure of
   * the customizer.
   *
   * @param pod the pod as it would be created; name, labels and annotations by which the provider
   *     knows it, and its restart policy, stay what they are
   * @param spec the deployment's specification
   * @param instanceId the instance
   * @return the pod to create
   */
  Pod customize(Pod pod, DeploymentSpec spec, String instanceId);
}
