package dev.autodeploy.kubernetes;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;

/**
 * The cluster of the current kubeconfig. Its nodes need the image of the system property {@code
 * autodeploy.kubernetes.image}, with a shell and busybox; {@code autodeploy.kubernetes.reach} says
 * how pods are reached from here.
 */
final class RealCluster {
  static final String NAMESPACE = System.getProperty("autodeploy.kubernetes.namespace", "default");

  private RealCluster() {}

  /** Skips the test where there is no kubeconfig. */
  static void require() {
    assumeTrue(
        System.getenv("KUBECONFIG") != null, "this test needs a cluster: set KUBECONFIG to use it");
  }

  static KubernetesInstanceProvider.Builder provider() {
    return KubernetesInstanceProvider.builder()
        .namespace(NAMESPACE)
        .reach(PodReach.valueOf(System.getProperty("autodeploy.kubernetes.reach", "PORT_FORWARD")));
  }

  /** Returns the second number of the cluster's version. */
  static int minor() {
    try (KubernetesClient admin = admin()) {
      return Integer.parseInt(admin.getKubernetesVersion().getMinor().replaceAll("\\D", ""));
    }
  }

  static KubernetesClient admin() {
    return ClusterAccess.client(Config.autoConfigure(null));
  }
}
