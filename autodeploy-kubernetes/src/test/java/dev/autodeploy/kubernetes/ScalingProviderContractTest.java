package dev.autodeploy.kubernetes;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.testing.InstanceProviderContract;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * The provider keeps what every provider has to keep, in the pods of a Deployment that it only
 * scales, on a cluster of local processes.
 */
class ScalingProviderContractTest extends InstanceProviderContract {
  private static final AtomicInteger NUMBERS = new AtomicInteger();

  @TempDir private static Path directory;
  private static FakeCluster cluster;

  private final String scaled = "voice-" + NUMBERS.incrementAndGet();

  @BeforeAll
  static void begin() {
    Services.require();
    cluster = new FakeCluster(directory);
  }

  @AfterAll
  static void end() {
    cluster.close();
  }

  @BeforeEach
  void deploy() {
    cluster.deployments.create(scaled, Services.SERVE);
  }

  @Override
  protected InstanceProvider provider() {
    return cluster.provider().scaling("voice", FakeCluster.NAMESPACE + "/" + scaled).build();
  }

  @Override
  protected Optional<InstanceProvider> another(InstanceProvider first) {
    return Optional.of(provider());
  }

  @Override
  protected DeploymentSpec.Builder serving(String name) {
    cluster.deployments.apply(scaled, Services.SERVE);
    return DeploymentSpec.builder(name).port(8080);
  }

  /** Another manifest of the same Deployment. */
  @Override
  protected DeploymentSpec.Builder exiting(String name, int exitCode, String line) {
    cluster.deployments.apply(scaled, "echo '" + line + "'; sleep 0.3; exit " + exitCode);
    return DeploymentSpec.builder(name).port(8080);
  }

  @Override
  protected boolean crash(InstanceProvider provider, ProviderInstance instance) {
    String host = instance.endpoint() == null ? "" : instance.endpoint().getHost();
    return cluster.deployments.pods(scaled).stream()
        .filter(pod -> host.equals(new PodState(pod).ip()))
        .findFirst()
        .map(pod -> cluster.kubelet.crash(pod.getMetadata().getName()))
        .orElse(false);
  }
}
