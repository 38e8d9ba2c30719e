package dev.autodeploy.docker;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.ReadinessProbe;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** The provider keeps the contract with FastAPI under uvicorn, an image that starts by itself. */
@Tag("slow")
class FastApiImageContractTest extends DockerProviderContractTest {

  @BeforeAll
  static void requireImages() {
    DebianImages.require();
  }

  @Override
  protected DeploymentSpec.Builder serving(String name) {
    return DeploymentSpec.builder(name)
        .image(DebianImages.FASTAPI)
        .port(8080)
        .readiness(ReadinessProbe.http("/health"));
  }

  @Override
  protected DeploymentSpec.Builder exiting(String name, int exitCode, String line) {
    return DeploymentSpec.builder(name)
        .image(DebianImages.FASTAPI)
        .port(8080)
        .startCommand("echo '" + line + "'; sleep 1; exit " + exitCode);
  }
}
