package dev.autodeploy.docker;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.ReadinessProbe;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/**
 * The provider keeps the contract with an image that has an entrypoint, a user, a health check and
 * a volume.
 */
@Tag("slow")
class ServiceImageContractTest extends DockerProviderContractTest {

  @BeforeAll
  static void requireImages() {
    DebianImages.require();
  }

  @Override
  protected DeploymentSpec.Builder serving(String name) {
    return DeploymentSpec.builder(name)
        .image(DebianImages.SERVICE)
        .port(8080)
        .readiness(ReadinessProbe.http("/model"));
  }

  @Override
  protected DeploymentSpec.Builder exiting(String name, int exitCode, String line) {
    return DeploymentSpec.builder(name)
        .image(DebianImages.SERVICE)
        .port(8080)
        .startCommand("echo '" + line + "'; sleep 1; exit " + exitCode);
  }
}
