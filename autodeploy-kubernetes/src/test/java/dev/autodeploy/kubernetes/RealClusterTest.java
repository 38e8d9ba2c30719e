package dev.autodeploy.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Mount;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceQuota;
import io.fabric8.kubernetes.api.model.ResourceQuotaBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The tests of what only a real cluster can show. */
@Tag("kubernetes")
@Timeout(240)
class RealClusterTest {
  private PodFixture fixture;

  @BeforeAll
  static void require() {
    RealCluster.require();
  }

  @AfterEach
  void close() {
    if (fixture != null) {
      fixture.close();
      try (KubernetesClient admin = RealCluster.admin()) {
        admin
            .configMaps()
            .inNamespace(RealCluster.NAMESPACE)
            .withName(Names.ofOwner(fixture.owner))
            .delete();
      }
    }
  }

  private PodFixture open(KubernetesInstanceProvider.Builder builder) {
    fixture = new PodFixture(builder);
    return fixture;
  }

  private static DeploymentSpec.Builder serving() {
    return Services.serving("voice");
  }

  private static void report(String what, long begunNanos) {
    System.err.printf(
        "%s: %d ms%n", what, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begunNanos));
  }

  @Test
  void instance_servesIsListedAndGoes_withinSeconds() throws Exception {
    open(RealCluster.provider());
    for (int i = 0; i < 5; i++) {
      long begun = System.nanoTime();
      ProviderInstance instance = fixture.ready(serving().build());
      report("start to ready", begun);
      assertThat(PodFixture.get(instance.endpoint())).contains("404");
      begun = System.nanoTime();
      fixture.release(instance);
      report("release verified", begun);
      begun = System.nanoTime();
      try (KubernetesClient admin = RealCluster.admin()) {
        PodFixture.await(
            Duration.ofSeconds(100),
            () ->
                admin
                        .pods()
                        .inNamespace(RealCluster.NAMESPACE)
                        .withName(Names.ofInstance(instance.instanceId()))
                        .get()
                    == null);
      }
      report("object gone after that", begun);
    }
  }

  @Test
  void portForward_reachesAPod() throws Exception {
    open(RealCluster.provider().reach(PodReach.PORT_FORWARD));
    ProviderInstance instance =
        fixture.ready(serving().startCommand("sleep 3; " + Services.SERVE).build());

    assertThat(instance.endpoint().getHost()).isEqualTo("127.0.0.1");
    for (int i = 0; i < 20; i++) {
      assertThat(PodFixture.get(instance.endpoint())).contains("404");
    }
  }

  @Test
  void image_thatDoesNotExist_failsAtOnce() {
    open(RealCluster.provider());
    long begun = System.nanoTime();

    InstanceStartException failure =
        fixture.failure(
            DeploymentSpec.builder("voice").image("127.0.0.1:1/missing:1").port(8080).build());

    report("missing image: " + failure.getMessage(), begun);
    assertThat(failure).hasMessageContaining("the image cannot be pulled");
  }

  @Test
  void reference_thatDoesNotExist_failsAtOnce() {
    open(
        RealCluster.provider()
            .customizer(
                (pod, spec, id) -> {
                  pod.getSpec()
                      .getContainers()
                      .get(0)
                      .setEnv(
                          List.of(
                              new EnvVarBuilder()
                                  .withName("X")
                                  .withNewValueFrom()
                                  .withNewSecretKeyRef("key", "no-such-secret", false)
                                  .endValueFrom()
                                  .build()));
                  return pod;
                }));
    long begun = System.nanoTime();

    InstanceStartException failure = fixture.failure(serving().build());

    report("missing secret: " + failure.getMessage(), begun);
    assertThat(failure)
        .hasMessageContaining("CreateContainerConfigError")
        .hasMessageContaining("no-such-secret");
  }

  @Test
  void command_thatDoesNotExist_isTold() {
    open(
        RealCluster.provider()
            .customizer(
                (pod, spec, id) -> {
                  pod.getSpec().getContainers().get(0).setCommand(List.of("/no/such/program"));
                  return pod;
                }));

    InstanceStartException failure = fixture.failure(serving().build());

    System.err.println("missing command: " + failure.getMessage());
    assertThat(failure).hasMessageContaining("/no/such/program");
  }

  @Test
  void gpus_beyondTheCluster_haveNoRoom_withTheSchedulersSentence() {
    open(RealCluster.provider());
    long begun = System.nanoTime();

    InstanceStartException failure =
        fixture.failure(
            serving().gpu(GpuRequest.count(100)).startTimeout(Duration.ofSeconds(2)).build());

    report("no room: " + failure.getMessage(), begun);
    assertThat(failure.isNoRoom()).isTrue();
    assertThat(failure).hasMessageContaining("Insufficient nvidia.com/gpu");
  }

  @Test
  void claim_thatDoesNotExist_isTold() {
    open(RealCluster.provider());

    InstanceStartException failure =
        fixture.failure(serving().mount(Mount.of("no-such-claim", "/models")).build());

    System.err.println("missing claim: " + failure.getMessage());
    assertThat(failure.isNoRoom()).isFalse();
    assertThat(failure).hasMessageContaining("no-such-claim");
  }

  @Test
  void runtimeClass_thatDoesNotExist_isRefusedInWords() {
    open(RealCluster.provider().runtimeClass("no-such-class"));

    InstanceStartException failure = fixture.failure(serving().build());

    System.err.println("missing runtime class: " + failure.getMessage());
    assertThat(failure).hasMessageContaining("no-such-class");
  }

  @Test
  void quota_thatIsUsedUp_isTold() {
    ResourceQuota quota =
        new ResourceQuotaBuilder()
            .withNewMetadata()
            .withName("autodeploy-test")
            .endMetadata()
            .withNewSpec()
            .addToHard("requests.nvidia.com/gpu", new Quantity("0"))
            .endSpec()
            .build();
    try (KubernetesClient admin = RealCluster.admin()) {
      admin.resourceQuotas().inNamespace(RealCluster.NAMESPACE).resource(quota).create();
      try {
        PodFixture.await(
            Duration.ofSeconds(10),
            () ->
                admin
                        .resourceQuotas()
                        .inNamespace(RealCluster.NAMESPACE)
                        .withName("autodeploy-test")
                        .get()
                        .getStatus()
                        .getHard()
                    != null);
        open(RealCluster.provider());

        InstanceStartException failure =
            fixture.failure(serving().gpu(GpuRequest.count(1)).build());

        System.err.println("quota: " + failure.getMessage());
        assertThat(failure).hasMessageContaining("quota is used up");
      } finally {
        admin
            .resourceQuotas()
            .inNamespace(RealCluster.NAMESPACE)
            .withName("autodeploy-test")
            .delete();
      }
    }
  }

  @Test
  void memory_thatIsNotEnough_isTold() {
    open(RealCluster.provider());
    ProviderInstance instance =
        fixture.start(
            serving()
                .memoryBytes(32L << 20)
                .startCommand("sleep 2; x=$(head -c 100000000 /dev/zero | tr '\\0' x); echo $x")
                .build());

    InstanceExit exit = fixture.exit(instance, Duration.ofSeconds(60));

    System.err.println("memory: " + exit.describe());
    assertThat(exit.outOfMemory()).isTrue();
  }

  @Test
  void pod_thatSomebodyDeletes_isTold_withItsLog() {
    open(RealCluster.provider());
    ProviderInstance instance = fixture.ready(serving().build());
    try (KubernetesClient admin = RealCluster.admin()) {
      admin
          .pods()
          .inNamespace(RealCluster.NAMESPACE)
          .withName(Names.ofInstance(instance.instanceId()))
          .delete();
    }

    assertThat(fixture.exit(instance, Duration.ofSeconds(60)).describe())
        .contains("deleted by somebody else");
  }

  @Test
  void environment_isLiteral_andGoesWithThePod() throws Exception {
    open(RealCluster.provider());
    ProviderInstance instance =
        fixture.ready(
            serving()
                .startCommand(
                    "echo \"$TOKEN $(echo $((1+1))) $$\" > /tmp/token;"
                        + " exec busybox httpd -f -p 8080 -h /tmp")
                .environment("TOKEN", "a $(x) $$ b")
                .build());

    assertThat(PodFixture.get(instance.endpoint().resolve("/token")))
        .matches("a \\$\\(x\\) \\$\\$ b 2 \\d+\n");
    fixture.release(instance);
    try (KubernetesClient admin = RealCluster.admin()) {
      Secret left =
          admin
              .secrets()
              .inNamespace(RealCluster.NAMESPACE)
              .withName(Names.ofInstance(instance.instanceId()))
              .get();
      assertThat(left).isNull();
    }
  }

  @Test
  void log_isFollowed_asItIsWritten() throws Exception {
    open(RealCluster.provider());
    DeploymentSpec spec =
        serving()
            .startCommand("sleep 1; echo model loaded; exec busybox httpd -f -p 8080")
            .readiness(ReadinessProbe.logLine("model loaded"))
            .build();
    ProviderInstance instance = fixture.ready(spec);

    assertThat(fixture.provider.logs(instance.instanceId(), 5).toCompletableFuture().join())
        .contains("model loaded");
  }

  @Test
  void heartbeat_reachesAPod_andItsEndEndsThePod() {
    open(RealCluster.provider().shortHeartbeatTimeout(Duration.ofSeconds(20)));
    // The beat is changed by hand here, with the pod's annotations, so that it arrives at once.
    ProviderInstance instance = fixture.ready(serving().build());
    String pod = Names.ofInstance(instance.instanceId());
    try (KubernetesClient admin = RealCluster.admin()) {
      for (int i = 0; i < 6; i++) {
        beat(admin, pod, "beat-" + i);
        PodFixture.await(Duration.ofSeconds(30), after(Duration.ofSeconds(7)));
        assertThat(fixture.exits).as("after %s beats", i + 1).isEmpty();
      }
    }
    long begun = System.nanoTime();

    InstanceExit exit = fixture.exit(instance, Duration.ofMinutes(2));

    report("ended without a beat", begun);
    assertThat(exit.describe()).contains("no heartbeat had reached it");
  }

  private static BooleanSupplier after(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    return () -> System.nanoTime() > end;
  }

  private void beat(KubernetesClient admin, String pod, String value) {
    ConfigMap map =
        admin
            .configMaps()
            .inNamespace(RealCluster.NAMESPACE)
            .withName(Names.ofOwner(fixture.owner))
            .patch(
                PatchContext.of(PatchType.JSON_MERGE),
                "{\"data\":{\"" + OwnerHeartbeat.KEY + "\":\"" + value + "\"}}");
    Pod touched =
        admin
            .pods()
            .inNamespace(RealCluster.NAMESPACE)
            .withName(pod)
            .patch(
                PatchContext.of(PatchType.JSON_MERGE),
                "{\"metadata\":{\"annotations\":{\"beat\":\"" + value + "\"}}}");
    assertThat(List.of(map, touched)).hasSize(2);
  }

  @Test
  void rights_thatAreMissing_areNamed() {
    String restricted = System.getenv("RESTRICTED_KUBECONFIG");
    assumeThat(restricted).isNotNull();
    KubernetesInstanceProvider provider =
        RealCluster.provider().kubeconfig(Path.of(restricted)).build();
    try {
      IllegalArgumentException failure =
          catchThrowableOfType(
              IllegalArgumentException.class, () -> provider.validate(serving().build()));

      System.err.println("rights: " + failure.getMessage());
      assertThat(failure)
          .hasMessageContaining("create pods")
          .hasMessageContaining("create secrets")
          .hasMessageNotContaining("list pods");
    } finally {
      provider.close();
    }
  }
}
