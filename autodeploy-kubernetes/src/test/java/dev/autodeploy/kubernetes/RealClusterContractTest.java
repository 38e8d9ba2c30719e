package dev.autodeploy.kubernetes;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.testing.InstanceProviderContract;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.ExecWatch;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** The provider keeps what every provider has to keep, on a real cluster. */
@Tag("kubernetes")
class RealClusterContractTest extends InstanceProviderContract {

  @BeforeAll
  static void require() {
    RealCluster.require();
  }

  @Override
  protected InstanceProvider provider() {
    return RealCluster.provider().build();
  }

  @Override
  protected Optional<InstanceProvider> another(InstanceProvider first) {
    return Optional.of(provider());
  }

  @Override
  protected DeploymentSpec.Builder serving(String name) {
    return Services.serving(name);
  }

  @Override
  protected DeploymentSpec.Builder exiting(String name, int exitCode, String line) {
    return Services.exiting(name, exitCode, line);
  }

  @Override
  protected boolean crash(InstanceProvider provider, ProviderInstance instance) {
    try (KubernetesClient admin = RealCluster.admin();
        ExecWatch exec =
            admin
                .pods()
                .inNamespace(RealCluster.NAMESPACE)
                .withName(Names.ofInstance(instance.instanceId()))
                .writingOutput(System.err)
                .exec("sh", "-c", "killall -9 busybox")) {
      return exec.exitCode().join() == 0;
    }
  }
}
