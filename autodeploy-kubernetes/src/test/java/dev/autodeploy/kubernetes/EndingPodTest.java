package dev.autodeploy.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.ProviderInstance;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Pods that are being deleted when an engine finds them, and still run for their grace. */
@Timeout(600)
class EndingPodTest {
  /** Ends by force only. */
  private static final String STUBBORN = "trap '' TERM; " + Services.SERVE;

  @TempDir private static Path directory;
  private static FakeCluster cluster;

  private final String owner = "t" + UUID.randomUUID().toString().substring(0, 8);

  @BeforeAll
  static void begin() {
    Services.require();
    cluster = new FakeCluster(directory);
  }

  @AfterAll
  static void end() {
    cluster.close();
  }

  @Test
  void pod_thatIsBeingDeleted_fitsNoDeploymentOfTheNextEngine() {
    DeploymentSpec spec =
        DeploymentSpec.builder("voice").image("speech:1").port(8080).startCommand(STUBBORN).build();
    fitsNothing(cluster.provider(), cluster.provider(), spec);
  }

  @Test
  void podOfAnothersDeployment_thatIsBeingDeleted_fitsNoDeploymentOfTheNextEngine() {
    String scaled = "stubborn-" + owner;
    cluster.deployments.create(scaled, STUBBORN);
    fitsNothing(
        cluster.provider().scaling("voice", FakeCluster.NAMESPACE + "/" + scaled),
        cluster.provider().scaling("voice", FakeCluster.NAMESPACE + "/" + scaled),
        DeploymentSpec.builder("voice").port(8080).build());
  }

  private void fitsNothing(
      KubernetesInstanceProvider.Builder first,
      KubernetesInstanceProvider.Builder second,
      DeploymentSpec spec) {
    PodFixture fixture = new PodFixture(owner, first);
    ProviderInstance instance = fixture.ready(spec);
    fixture.provider.detach(instance.instanceId()).toCompletableFuture().join();
    fixture.close();
    List<String> pods =
        cluster.admin().pods().inNamespace(FakeCluster.NAMESPACE).list().getItems().stream()
            .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
            .map(pod -> pod.getMetadata().getName())
            .toList();
    pods.forEach(EndingPodTest::delete);

    PodFixture next = new PodFixture(owner, second);
    assertThat(next.list())
        .singleElement()
        .satisfies(
            found -> {
              assertThat(found.instanceId()).isEqualTo(instance.instanceId());
              assertThat(found.exit()).isNull();
              assertThat(found.fingerprint()).isEmpty();
            });
    pods.forEach(cluster.kubelet::crash);
    next.provider.release(instance.instanceId(), Duration.ZERO).toCompletableFuture().join();
    next.close();
  }

  private static void delete(String pod) {
    cluster
        .admin()
        .pods()
        .inNamespace(FakeCluster.NAMESPACE)
        .withName(pod)
        .withGracePeriod(Duration.ofMinutes(10).toMillis())
        .delete();
  }
}
