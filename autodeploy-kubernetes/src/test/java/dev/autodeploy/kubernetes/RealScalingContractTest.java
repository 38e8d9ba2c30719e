package dev.autodeploy.kubernetes;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.testing.InstanceProviderContract;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;

/** The provider keeps what every provider has to keep, in the pods of a real Deployment. */
@Tag("kubernetes")
class RealScalingContractTest extends InstanceProviderContract {
  private RealDeployment scaled;

  @BeforeAll
  static void require() {
    RealCluster.require();
  }

  @BeforeEach
  void deploy() {
    scaled = new RealDeployment(Services.SERVE);
  }

  @AfterEach
  void remove() {
    scaled.close();
  }

  @Override
  protected InstanceProvider provider() {
    return RealCluster.provider().scaling("voice", scaled.target()).build();
  }

  @Override
  protected Optional<InstanceProvider> another(InstanceProvider first) {
    return Optional.of(provider());
  }

  @Override
  protected DeploymentSpec.Builder serving(String name) {
    scaled.apply(Services.SERVE);
    return DeploymentSpec.builder(name).port(8080);
  }

  @Override
  protected DeploymentSpec.Builder exiting(String name, int exitCode, String line) {
    scaled.apply("echo '" + line + "'; sleep 0.3; exit " + exitCode);
    return DeploymentSpec.builder(name).port(8080);
  }
}
