package dev.autodeploy.kubernetes;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.testing.InstanceProviderContract;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The provider keeps what every provider has to keep, on a cluster of local processes. */
class PodProviderContractTest extends InstanceProviderContract {
  @TempDir private static Path directory;
  private static FakeCluster cluster;

  @BeforeAll
  static void begin() {
    Services.require();
    cluster = new FakeCluster(directory);
  }

  @AfterAll
  static void end() {
    cluster.close();
  }

  @Override
  protected InstanceProvider provider() {
    return cluster.provider().build();
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
    return cluster.kubelet.crash(Names.ofInstance(instance.instanceId()));
  }
}
