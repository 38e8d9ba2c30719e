package dev.autodeploy.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Instances in the pods of a real Deployment, which real controllers make and take away. */
@Tag("kubernetes")
@Timeout(240)
class RealScalingTest {
  private final String owner = "t" + UUID.randomUUID().toString().substring(0, 8);
  private RealDeployment scaled;
  private PodFixture fixture;

  @BeforeAll
  static void require() {
    RealCluster.require();
  }

  @BeforeEach
  void deploy() {
    scaled = new RealDeployment(Services.SERVE);
    fixture = new PodFixture(owner, provider());
  }

  @AfterEach
  void close() {
    fixture.close();
    scaled.close();
    try (KubernetesClient admin = RealCluster.admin()) {
      admin.configMaps().inNamespace(RealCluster.NAMESPACE).withName(Names.ofOwner(owner)).delete();
    }
  }

  private KubernetesInstanceProvider.Builder provider() {
    return RealCluster.provider().scaling("voice", scaled.target());
  }

  private static DeploymentSpec.Builder voice() {
    return DeploymentSpec.builder("voice").port(8080);
  }

  private static void report(String what, long begunNanos) {
    System.err.printf(
        "%s: %d ms%n", what, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begunNanos));
  }

  @Test
  void instance_isAReplica_andNothingElseOfTheDeploymentIsChanged() throws Exception {
    PodTemplateSpec template = scaled.get().getSpec().getTemplate();
    for (int i = 0; i < 3; i++) {
      long begun = System.nanoTime();
      ProviderInstance instance = fixture.ready(voice().build());
      report("scaled to ready", begun);
      assertThat(PodFixture.get(instance.endpoint())).contains("404");
      assertThat(scaled.replicas()).isEqualTo(1);

      begun = System.nanoTime();
      fixture.release(instance);
      report("release verified", begun);

      assertThat(scaled.replicas()).isZero();
      assertThat(fixture.list()).isEmpty();
    }
    assertThat(scaled.get().getSpec().getTemplate()).isEqualTo(template);
  }

  @Test
  void instance_ofADetachedEngine_isTheSameForTheNext() throws Exception {
    ProviderInstance instance = fixture.ready(voice().build());
    fixture.provider.detach(instance.instanceId()).toCompletableFuture().join();
    fixture.close();

    fixture = new PodFixture(owner, provider());

    assertThat(fixture.list())
        .singleElement()
        .satisfies(found -> assertThat(found.instanceId()).isEqualTo(instance.instanceId()));
    assertThat(PodFixture.get(fixture.list().get(0).endpoint())).contains("404");
    fixture.release(instance);
    scaled.awaitPods(0);
  }

  @Test
  void pods_thatTheirOwnerScaledUp_areListed_andReleased() {
    scaled.scale(2);
    scaled.awaitPods(2);

    assertThat(fixture.list()).hasSize(2);
    fixture.list().forEach(fixture::release);

    scaled.awaitPods(0);
    assertThat(fixture.list()).isEmpty();
  }

  @Test
  void instance_whosePodsTheirOwnerTakes_isTold() {
    ProviderInstance instance = fixture.ready(voice().build());

    scaled.scale(0);

    assertThat(fixture.exit(instance, Duration.ofSeconds(60)).describe())
        .contains("deleted by somebody else");
    fixture.release(instance);
    assertThat(fixture.list()).isEmpty();
  }

  @Test
  void start_ofAnImageThatDoesNotExist_failsAtOnce_andIsTakenBack() {
    scaled.edit(
        it ->
            it.getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .get(0)
                .setImage("127.0.0.1:1/missing:1"));
    long begun = System.nanoTime();

    InstanceStartException failure = fixture.failure(voice().build());

    report("missing image: " + failure.getMessage(), begun);
    assertThat(failure).hasMessageContaining("the image cannot be pulled");
    scaled.awaitPods(0);
  }

  @Test
  void start_ofACommandThatEnds_isTold_andIsTakenBack() {
    scaled.apply("echo 'no model there'; sleep 1; exit 3");

    ProviderInstance instance = null;
    InstanceStartException failure = null;
    try {
      instance = fixture.start(voice().build());
    } catch (RuntimeException e) {
      failure = (InstanceStartException) e.getCause();
    }

    if (instance != null) {
      InstanceExit exit = fixture.exit(instance, Duration.ofSeconds(100));
      assertThat(exit.describe()).contains("code 3");
      assertThat(exit.logTail()).contains("no model there");
      fixture.release(instance);
    } else {
      assertThat(failure).hasMessageContaining("no model there");
    }
    scaled.awaitPods(0);
  }

  @Test
  void rights_ofTheManifest_areEnough_andMissingOnesAreNamed() {
    String restricted = System.getenv("RESTRICTED_KUBECONFIG");
    assumeThat(restricted).isNotNull();
    try (KubernetesInstanceProvider provider = provider().kubeconfig(Path.of(restricted)).build()) {

      assertThatThrownBy(() -> provider.validate(voice().build()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("patch configmaps")
          .hasMessageNotContaining("deployments/scale")
          .satisfies(e -> System.err.println("rights: " + e.getMessage()));
    }
  }
}
