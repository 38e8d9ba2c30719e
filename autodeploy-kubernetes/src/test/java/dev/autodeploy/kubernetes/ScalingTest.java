package dev.autodeploy.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v1.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.autoscaling.v1.HorizontalPodAutoscalerBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Instances in the pods of a Deployment that somebody else owns, which is only scaled. */
@Timeout(90)
class ScalingTest {
  private static final AtomicInteger NUMBERS = new AtomicInteger();

  @TempDir private static Path directory;
  private static FakeCluster cluster;

  private final String scaled = "speech-" + NUMBERS.incrementAndGet();
  private final String owner = "t" + UUID.randomUUID().toString().substring(0, 8);
  private PodFixture fixture;
  private Cluster access;

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
  void open() {
    cluster.deployments.create(scaled, Services.SERVE);
    access = cluster.connect();
    fixture = new PodFixture(owner, provider());
  }

  @AfterEach
  void close() {
    fixture.close();
    cluster.refusal = null;
    cluster.minor = "30";
    cluster.denied.clear();
    cluster.kubelet.scripts.clear();
  }

  private KubernetesInstanceProvider.Builder provider() {
    return cluster.provider().scaling("voice", FakeCluster.NAMESPACE + "/" + scaled);
  }

  private static DeploymentSpec.Builder voice() {
    return DeploymentSpec.builder("voice").port(8080);
  }

  private void awaitReplicas(int replicas) {
    PodFixture.await(
        Duration.ofSeconds(10),
        () ->
            cluster.deployments.replicas(scaled) == replicas
                && cluster.deployments.pods(scaled).size() == replicas);
  }

  @Test
  void instances_areReplicas_andNothingElseOfTheDeploymentIsChanged() {
    var template = cluster.deployments.find(scaled).getSpec().getTemplate();

    ProviderInstance instance = fixture.ready(voice().build());

    assertThat(cluster.deployments.replicas(scaled)).isEqualTo(1);
    fixture.release(instance);
    assertThat(cluster.deployments.replicas(scaled)).isZero();
    assertThat(cluster.deployments.find(scaled).getSpec().getTemplate()).isEqualTo(template);
  }

  @Test
  void instance_ofADetachedEngine_isTheSameForTheNext() {
    ProviderInstance instance = fixture.ready(voice().build());
    fixture.provider.detach(instance.instanceId());
    fixture.close();

    fixture = new PodFixture(owner, provider());

    assertThat(fixture.list())
        .singleElement()
        .satisfies(
            found -> {
              assertThat(found.instanceId()).isEqualTo(instance.instanceId());
              assertThat(found.endpoint()).isEqualTo(instance.endpoint());
              assertThat(found.exit()).isNull();
            });
    fixture.release(instance);
    awaitReplicas(0);
  }

  @Test
  void pods_thatNoInstanceIs_areListedForTheirRelease() {
    cluster.deployments.scale(scaled, 2);
    awaitReplicas(2);

    assertThat(fixture.list())
        .hasSize(2)
        .allSatisfy(
            found -> {
              assertThat(found.deployment()).isEqualTo("voice");
              assertThat(found.fingerprint()).isEmpty();
            });
    fixture.list().forEach(fixture::release);

    awaitReplicas(0);
    assertThat(fixture.list()).isEmpty();
  }

  @Test
  void pod_thatIsThereAlready_isTheNextInstance() {
    cluster.deployments.scale(scaled, 1);
    awaitReplicas(1);

    ProviderInstance instance = fixture.ready(voice().build());

    assertThat(cluster.deployments.pods(scaled)).hasSize(1);
    assertThat(fixture.list())
        .singleElement()
        .satisfies(it -> assertThat(it.instanceId()).isEqualTo(instance.instanceId()));
    fixture.release(instance);
  }

  @Test
  void pod_thatHasTheLabelsOnly_isNeitherAnInstanceNorTouched() {
    String job = cluster.deployments.createBeside(scaled, Services.SERVE).getMetadata().getName();
    PodFixture.await(Duration.ofSeconds(10), this::areAllReady);
    assertThat(fixture.list()).isEmpty();

    ProviderInstance instance = fixture.ready(voice().maxInstances(2).build());

    assertThat(bindings().all().get(instance.instanceId()).pod()).isNotEqualTo(job);
    ProviderInstance second = fixture.ready(voice().maxInstances(2).build());
    fixture.release(instance); // marks the one to go
    fixture.release(second);
    Pod left = cluster.admin().pods().inNamespace(FakeCluster.NAMESPACE).withName(job).get();
    assertThat(left.getMetadata().getDeletionTimestamp()).isNull();
    assertThat(String.valueOf(left.getMetadata().getAnnotations())).doesNotContain("cost");
    assertThat(fixture.list()).isEmpty();
  }

  @Test
  void surplus_besideAnInstance_isTakenBackWithoutIt() {
    ProviderInstance instance = fixture.ready(voice().build());
    cluster.deployments.scale(scaled, 2);
    PodFixture.await(Duration.ofSeconds(10), () -> fixture.list().size() == 2);
    PodFixture.await(Duration.ofSeconds(10), this::areAllReady);

    fixture.list().stream()
        .filter(it -> !it.instanceId().equals(instance.instanceId()))
        .forEach(fixture::release);

    assertThat(fixture.list())
        .singleElement()
        .satisfies(it -> assertThat(it.endpoint()).isEqualTo(instance.endpoint()));
    assertThat(fixture.exits).isEmpty();
    fixture.release(instance);
  }

  private boolean areAllReady() {
    return cluster.deployments.pods(scaled).stream().allMatch(it -> new PodState(it).isReady());
  }

  @Test
  void surplus_whereNobodyCanChoose_staysAsLongAsTheInstance() {
    cluster.denied.add("patch pods");
    ProviderInstance instance = fixture.ready(voice().build());
    cluster.deployments.scale(scaled, 2);
    PodFixture.await(Duration.ofSeconds(10), () -> fixture.list().size() == 2);
    PodFixture.await(Duration.ofSeconds(10), this::areAllReady);

    // What a release asks for first, without waiting as long as that would.
    ScaleTarget target = new ScaleTarget(FakeCluster.NAMESPACE, scaled);
    assertThat(new ScaledDeployment("voice", target, access, bindings()).lower(false))
        .contains("the ReplicaSet would take pod")
        .contains("the right to patch pods");

    assertThat(cluster.deployments.replicas(scaled)).isEqualTo(2);
    fixture.release(instance);
    awaitReplicas(0);
  }

  private PodBindings bindings() {
    OwnerHeartbeat heartbeats =
        new OwnerHeartbeat(access, new KubernetesThreads(), new HostObject());
    heartbeats.open(owner);
    return new PodBindings(access, heartbeats);
  }

  @Test
  void instance_whosePodSomebodyElseTakes_isTold() {
    ProviderInstance instance = fixture.ready(voice().build());

    cluster.deployments.scale(scaled, 0);

    assertThat(fixture.exit(instance, Duration.ofSeconds(10)).describe())
        .contains("deleted by somebody else");
    fixture.release(instance);
    assertThat(fixture.list()).isEmpty();
  }

  @Test
  void instances_afterTheirConfigMapWasDeleted_areKnownAsBefore() {
    ProviderInstance instance = fixture.ready(voice().build());
    cluster
        .admin()
        .configMaps()
        .inNamespace(FakeCluster.NAMESPACE)
        .withName(Names.ofOwner(owner))
        .delete();

    assertThat(fixture.list())
        .singleElement()
        .satisfies(it -> assertThat(it.instanceId()).isEqualTo(instance.instanceId()));
    fixture.release(instance);
    awaitReplicas(0);
  }

  @Test
  void release_ofOneBesideAStart_waitsUntilTheOtherIsReady() {
    cluster.deployments.apply(scaled, "sleep 1; " + Services.SERVE);
    ProviderInstance first = fixture.ready(voice().maxInstances(2).build());
    cluster.deployments.stopped = true;
    Thread second = new Thread(() -> fixture.ready(voice().maxInstances(2).build()));
    second.start();
    PodFixture.await(Duration.ofSeconds(10), () -> cluster.deployments.replicas(scaled) == 2);
    Thread release = new Thread(() -> fixture.release(first));
    release.start();
    PodFixture.await(Duration.ofSeconds(10), () -> isReleasing(first));

    cluster.deployments.stopped = false;
    join(second);
    join(release);

    assertThat(fixture.exits).isEmpty();
    assertThat(fixture.list())
        .singleElement()
        .satisfies(it -> assertThat(it.instanceId()).isNotEqualTo(first.instanceId()));
    fixture.list().forEach(fixture::release);
  }

  private boolean isReleasing(ProviderInstance instance) {
    return bindings().all().get(instance.instanceId()).releasing();
  }

  private static void join(Thread thread) {
    try {
      thread.join(Duration.ofSeconds(60).toMillis());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    assertThat(thread.isAlive()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "ErrImagePull,       the image cannot be pulled",
    "CreateContainerConfigError, check what it refers to",
    "CrashLoopBackOff,   ends again and again"
  })
  void start_ofWhatTheKubeletCannotRun_failsAtOnce_andIsTakenBack(String reason, String words) {
    cluster.kubelet.scripts.put(
        Services.IMAGE, status -> FakeKubelet.waiting(reason, "its own sentence"));

    assertThat(fixture.failure(voice().build()))
        .hasMessageContaining(reason)
        .hasMessageContaining(words)
        .hasMessageContaining("its own sentence");

    awaitReplicas(0);
  }

  @Test
  void start_beyondTheQuota_failsWithTheQuota() {
    cluster.refusal =
        "pods \"x\" is forbidden: exceeded quota: gpus, requested: requests.nvidia.com/gpu=1, used:"
            + " requests.nvidia.com/gpu=2, limited: requests.nvidia.com/gpu=2";

    assertThat(fixture.failure(voice().build()))
        .hasMessageContaining("quota is used up")
        .hasMessageContaining("limited: requests.nvidia.com/gpu=2");

    awaitReplicas(0);
  }

  @Test
  void start_refusedByAdmission_failsWithItsWords() {
    cluster.refusal = "admission webhook \"policy.example.org\" denied the request: not from there";

    assertThat(fixture.failure(voice().build()))
        .hasMessageContaining("the cluster refused it")
        .hasMessageContaining("not from there");
  }

  @Test
  void start_withoutARoomForIt_isNoRoom() {
    String sentence = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.";
    cluster.kubelet.scripts.put(Services.IMAGE, status -> unschedulable(sentence));

    InstanceStartException failure =
        fixture.failure(voice().startTimeout(Duration.ofSeconds(1)).build());

    assertThat(failure.isNoRoom()).isTrue();
    assertThat(failure).hasMessageContaining(sentence);
  }

  private static PodStatus unschedulable(String sentence) {
    return new PodStatusBuilder()
        .withPhase("Pending")
        .addNewCondition()
        .withType("PodScheduled")
        .withStatus("False")
        .withReason("Unschedulable")
        .withMessage(sentence)
        .endCondition()
        .build();
  }

  private void assertRefused(DeploymentSpec spec, String... words) {
    assertThatThrownBy(() -> fixture.provider.validate(spec))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(words);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "get deployments",
        "get deployments/scale",
        "update deployments/scale",
        "watch pods",
        "get pods/log",
        "list events",
        "patch configmaps"
      })
  void validate_withoutARight_namesIt(String right) {
    cluster.denied.add(right);

    assertRefused(voice().build(), "lacks the right to " + right);
  }

  @Test
  void validate_ofWhatTheManifestSays_namesIt() {
    assertRefused(
        voice().image("x:1").startCommand("run").environment("A", "b").build(),
        "sets image, startCommand, environment",
        "leave that out");
  }

  @Test
  void validate_ofADeploymentThatIsNotMapped_saysHow() {
    assertRefused(
        DeploymentSpec.builder("other").port(1).build(),
        "scaling(\"other\", \"namespace/deployment\")");
  }

  @Test
  void validate_ofADeploymentThatIsNotThere_saysSo() {
    fixture.close();
    fixture =
        new PodFixture(owner, cluster.provider().scaling("voice", FakeCluster.NAMESPACE + "/no"));

    assertRefused(voice().build(), "which is not there");
    assertThat(fixture.list()).isEmpty();
  }

  @Test
  void validate_ofSeveralInstances_needsAWayToChoose() {
    fixture.provider.validate(voice().maxInstances(2).build());
    fixture.close();
    cluster.denied.add("patch pods");
    fixture = new PodFixture(owner, provider());

    assertRefused(voice().maxInstances(2).build(), "the right to patch pods", "maxInstances(1)");
    fixture.provider.validate(voice().build());

    fixture.close();
    cluster.denied.clear();
    cluster.minor = "20+";
    fixture = new PodFixture(owner, provider());
    assertRefused(voice().maxInstances(2).build(), "on Kubernetes 1.22 or newer");
  }

  @Test
  void validate_ofGpusThatThePodsDoNotHave_saysHowMany() {
    assertRefused(
        voice().gpu(GpuRequest.count(1)).build(), "has 0 nvidia.com/gpu", "leave gpu(...) out");
  }

  @Test
  void validate_besideAnAutoscaler_namesIt() {
    HorizontalPodAutoscaler autoscaler =
        new HorizontalPodAutoscalerBuilder()
            .withNewMetadata()
            .withName("by-load")
            .endMetadata()
            .withNewSpec()
            .withMaxReplicas(3)
            .withNewScaleTargetRef()
            .withKind("Deployment")
            .withName(scaled)
            .endScaleTargetRef()
            .endSpec()
            .build();
    var made =
        cluster
            .admin()
            .autoscaling()
            .v1()
            .horizontalPodAutoscalers()
            .inNamespace(FakeCluster.NAMESPACE)
            .resource(autoscaler);
    made.create();

    assertRefused(voice().build(), "HorizontalPodAutoscaler 'by-load'");

    made.delete();
  }

  @Test
  void builder_refusesWhatDoesNotGoTogether() {
    assertThatThrownBy(() -> provider().reach(PodReach.NODE_PORT).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("POD_IP or PORT_FORWARD");
    assertThatThrownBy(() -> cluster.provider().scaling("voice", "no-namespace"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("speech/breezyvoice");
    assertThatThrownBy(() -> provider().scaling("other", FakeCluster.NAMESPACE + "/" + scaled))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("for two deployments");
  }
}
