package dev.autodeploy.docker;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.testing.InstanceProviderContract;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;

/** The provider keeps what every provider has to keep, on a real daemon. */
class DockerProviderContractTest extends InstanceProviderContract {

  @BeforeAll
  static void require() {
    TestDaemon.require();
  }

  @Override
  protected InstanceProvider provider() {
    return DockerInstanceProvider.create();
  }

  @Override
  protected Optional<InstanceProvider> another(InstanceProvider first) {
    return Optional.of(DockerInstanceProvider.create());
  }

  @Override
  protected DeploymentSpec.Builder serving(String name) {
    return DeploymentSpec.builder(name)
        .image(TestDaemon.WEB)
        .port(8080)
        .startCommand(ProviderFixture.SERVE);
  }

  @Override
  protected DeploymentSpec.Builder exiting(String name, int exitCode, String line) {
    return DeploymentSpec.builder(name)
        .image(TestDaemon.WEB)
        .port(8080)
        .startCommand("echo '" + line + "'; sleep 1; exit " + exitCode);
  }

  @Override
  protected boolean crash(InstanceProvider provider, ProviderInstance instance) {
    try (DaemonClient client = TestDaemon.client()) {
      List<com.github.dockerjava.api.model.Container> containers =
          client.list(Map.of(Labels.INSTANCE, instance.instanceId()));
      return client.signal(containers.get(0).getId(), "KILL");
    }
  }
}
