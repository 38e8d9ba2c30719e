package dev.autodeploy.kubernetes;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.testing.InstanceProviderContract;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInfo;

/** The provider keeps what every provider has to keep, in the pods of a real Deployment. */
@Tag("kubernetes")
class RealScalingContractTest extends InstanceProviderContract {
  private RealDeployment scaled;

  @BeforeAll
  static void require() {
    RealCluster.require();
  }

  @BeforeEach
  void deploy(TestInfo test) {
    boolean ofTwo = test.getTestMethod().orElseThrow().getName().contains("ofOneOfTwo");
    assumeTrue(
        !ofTwo || RealCluster.minor() >= 22, "a ReplicaSet is not told which pod goes before 1.22");
    scaled = new RealDeployment(Services.SERVE);
  }

  @AfterEach
  void remove() {
    if (scaled != null) {
      scaled.close();
    }
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
