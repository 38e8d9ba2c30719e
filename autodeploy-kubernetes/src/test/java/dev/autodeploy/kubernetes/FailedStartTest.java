package dev.autodeploy.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartProgress;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The faults of pods, which are told at once, by name, and in words. */
@Timeout(60)
class FailedStartTest {
  private static final String BROKEN = "broken:1";

  @TempDir private static Path directory;
  private static FakeCluster cluster;
  private PodFixture fixture;

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
    fixture = new PodFixture(cluster.provider());
  }

  @AfterEach
  void close() {
    fixture.close();
    cluster.refusal = null;
    cluster.denied.clear();
    cluster.kubelet.scripts.clear();
  }

  private static DeploymentSpec.Builder broken() {
    return DeploymentSpec.builder("voice").image(BROKEN).port(8080).startCommand("true");
  }

  @ParameterizedTest
  @CsvSource({
    "ErrImagePull,       the image cannot be pulled",
    "ImagePullBackOff,   the image cannot be pulled",
    "InvalidImageName,   the image's name is not valid",
    "ErrImageNeverPull,  the pull policy forbids",
    "CreateContainerConfigError, check what it refers to",
    "CreateContainerError, the container cannot be run",
    "RunContainerError,  the container cannot be run",
    "CrashLoopBackOff,   ends again and again"
  })
  void start_ofWhatTheKubeletCannotRun_failsAtOnceInItsWords(String reason, String words) {
    cluster.kubelet.scripts.put(BROKEN, status -> FakeKubelet.waiting(reason, "its own sentence"));

    InstanceStartException failure = fixture.failure(broken().build());

    assertThat(failure).hasMessageContaining(reason).hasMessageContaining(words);
    assertThat(failure).hasMessageContaining("its own sentence");
    assertThat(failure.isNoRoom()).isFalse();
    PodFixture.await(Duration.ofSeconds(5), () -> fixture.list().isEmpty());
  }

  @Test
  void start_beyondTheQuota_failsWithTheQuota() {
    cluster.refusal =
        "pods \"x\" is forbidden: exceeded quota: gpus, requested: requests.nvidia.com/gpu=1, used:"
            + " requests.nvidia.com/gpu=2, limited: requests.nvidia.com/gpu=2";

    assertThat(fixture.failure(broken().build()))
        .hasMessageContaining("quota is used up")
        .hasMessageContaining("limited: requests.nvidia.com/gpu=2");
  }

  @Test
  void start_refusedByAdmission_failsWithItsWords() {
    cluster.refusal =
        "admission webhook \"policy.example.org\" denied the request: no image from there";

    assertThat(fixture.failure(broken().build()))
        .hasMessageContaining("the cluster refused it")
        .hasMessageContaining("no image from there");
  }

  @Test
  void start_withoutARoomForIt_waitsForTheStartTimeout_thenThereIsNoRoom() {
    String sentence = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.";
    cluster.kubelet.scripts.put(BROKEN, status -> unschedulable(sentence));

    InstanceStartException failure =
        fixture.failure(
            broken().gpu(GpuRequest.count(1)).startTimeout(Duration.ofSeconds(1)).build());

    assertThat(failure.isNoRoom()).isTrue();
    assertThat(failure).hasMessageContaining(sentence);
    assertThat(fixture.progress)
        .anySatisfy(
            step -> {
              assertThat(step.step()).isEqualTo("waiting for a node");
              assertThat(step.detail()).isEqualTo(sentence);
              assertThat(step.preparing()).isTrue();
            });
  }

  @Test
  void start_withAClaimThatDoesNotExist_isNoMatterOfRoom() {
    cluster.kubelet.scripts.put(
        BROKEN, status -> unschedulable("persistentvolumeclaim \"weights\" not found"));

    InstanceStartException failure = fixture.failure(broken().build());

    assertThat(failure.isNoRoom()).isFalse();
    assertThat(failure).hasMessageContaining("claim that does not exist");
  }

  @Test
  void start_whileAnImageIsPulled_tellsSo() {
    cluster.kubelet.scripts.put(
        BROKEN,
        status -> {
          cluster.events.clear();
          return FakeKubelet.waiting("ContainerCreating", "");
        });
    Thread pull =
        new Thread(
            () -> {
              PodFixture.await(Duration.ofSeconds(10), () -> !pods().isEmpty());
              cluster.kubelet.event(pods().get(0), "Pulling", "Pulling image \"broken:1\"");
              PodFixture.await(
                  Duration.ofSeconds(20),
                  () ->
                      fixture.progress.stream()
                          .map(StartProgress::step)
                          .anyMatch("pulling"::equals));
              cluster.kubelet.status(
                  pods().get(0).getMetadata().getName(),
                  FakeKubelet.waiting("ErrImagePull", "manifest unknown"));
            });
    pull.start();

    assertThat(fixture.failure(broken().build())).hasMessageContaining("manifest unknown");
    assertThat(fixture.progress)
        .anySatisfy(
            step -> {
              assertThat(step.describe()).isEqualTo("pulling broken:1");
              assertThat(step.preparing()).isTrue();
            });
  }

  @Test
  void start_ofAPodThatIsNotMade_fails_whateverTheStartMayTake() {
    cluster.kubelet.scripts.put(BROKEN, status -> creating());
    try (PodFixture impatient =
        new PodFixture(cluster.provider().createTimeout(Duration.ofSeconds(3)))) {
      Thread mount = eventLater(impatient, "FailedMount", "no such volume");

      InstanceStartException failure = impatient.failure(broken().build());

      assertThat(failure)
          .hasMessage(
              "the pod was not made within 3 s (createTimeout): FailedMount: no such volume");
      assertThat(failure.isNoRoom()).isFalse();
      assertThat(impatient.progress)
          .isNotEmpty()
          .allSatisfy(step -> assertThat(step.phase()).isEqualTo(StartProgress.Phase.CREATING));
      mount.interrupt();
    }
  }

  @Test
  void start_whoseImageIsPulled_hasTheTimeForThat_andNoMore() {
    cluster.kubelet.scripts.put(BROKEN, status -> creating());
    try (PodFixture impatient =
        new PodFixture(
            cluster
                .provider()
                .createTimeout(Duration.ofSeconds(6))
                .pullTimeout(Duration.ofSeconds(7)))) {
      Thread pull = eventLater(impatient, "Pulling", "Pulling image \"broken:1\"");

      assertThat(impatient.failure(broken().build()))
          .hasMessage("the image was not pulled within 7 s (pullTimeout)");
      pull.interrupt();
    }
  }

  @Test
  void start_thatHasContainersBeforeItsOwn_isTimedByTheEngineMeanwhile() {
    cluster.kubelet.scripts.put(BROKEN, status -> initializing());
    try (PodFixture impatient =
        new PodFixture(cluster.provider().createTimeout(Duration.ofSeconds(5)))) {
      CompletableFuture<InstanceStartException> failure =
          CompletableFuture.supplyAsync(() -> impatient.failure(broken().build()));
      PodFixture.await(
          Duration.ofSeconds(20),
          () -> impatient.progress.stream().anyMatch(step -> step.step().equals("initializing")));
      PodFixture.await(Duration.ofSeconds(20), () -> seconds(pods(impatient).get(0)) > 7);
      assertThat(failure).isNotDone();
      assertThat(impatient.progress)
          .filteredOn(step -> step.step().equals("initializing"))
          .allSatisfy(step -> assertThat(step.phase()).isEqualTo(StartProgress.Phase.STARTING));
      cluster.kubelet.status(
          pods(impatient).get(0).getMetadata().getName(),
          FakeKubelet.waiting("ErrImagePull", "manifest unknown"));
      assertThat(failure.join()).hasMessageContaining("manifest unknown");
    }
  }

  @Test
  void start_whoseFirstContainersHaveEnded_hasItsTimeToItself() {
    cluster.kubelet.scripts.put(BROKEN, status -> initializing());
    try (PodFixture impatient = new PodFixture(cluster.provider())) {
      CompletableFuture<ProviderInstance> started =
          CompletableFuture.supplyAsync(() -> impatient.start(broken().build()));
      PodFixture.await(Duration.ofSeconds(20), () -> isLast(impatient, "initializing"));

      cluster.kubelet.status(
          pods(impatient).get(0).getMetadata().getName(),
          FakeKubelet.withState("Running", "127.0.0.1", FakeKubelet.started()));
      started.join();

      assertThat(isLast(impatient, "starting")).isTrue();
      assertThat(impatient.progress.get(impatient.progress.size() - 1).phase())
          .isEqualTo(StartProgress.Phase.CREATING);
    }
  }

  @Test
  void start_ofAPodBehindAGate_waitsForANode() {
    cluster.kubelet.scripts.put(
        BROKEN,
        status ->
            new PodStatusBuilder(unschedulable("1 gate is closed"))
                .editFirstCondition()
                .withReason("SchedulingGated")
                .endCondition()
                .build());
    try (PodFixture impatient =
        new PodFixture(cluster.provider().createTimeout(Duration.ofSeconds(5)))) {
      CompletableFuture<InstanceStartException> failure =
          CompletableFuture.supplyAsync(() -> impatient.failure(broken().build()));
      PodFixture.await(Duration.ofSeconds(20), () -> isLast(impatient, "waiting for a node"));
      PodFixture.await(
          Duration.ofSeconds(20), () -> seconds(pods(impatient).get(0)) > 7); // no limit of these

      assertThat(failure).isNotDone();
      cluster.kubelet.status(
          pods(impatient).get(0).getMetadata().getName(),
          FakeKubelet.waiting("ErrImagePull", "manifest unknown"));
      assertThat(failure.join()).hasMessageContaining("manifest unknown");
    }
  }

  private static long seconds(Pod pod) {
    Instant made = Instant.parse(pod.getMetadata().getCreationTimestamp());
    return Duration.between(made, Instant.now()).toSeconds();
  }

  private static boolean isLast(PodFixture of, String step) {
    List<StartProgress> all = List.copyOf(of.progress);
    return !all.isEmpty() && all.get(all.size() - 1).step().equals(step);
  }

  private static PodStatus initializing() {
    return new PodStatusBuilder(creating())
        .addNewInitContainerStatus()
        .withName("weights")
        .withNewState()
        .withNewRunning()
        .endRunning()
        .endState()
        .endInitContainerStatus()
        .build();
  }

  /** Returns the status of a pod that is being made on a node. */
  private static PodStatus creating() {
    return FakeKubelet.waiting("ContainerCreating", "");
  }

  private Thread eventLater(PodFixture of, String reason, String message) {
    Thread thread =
        new Thread(
            () -> {
              PodFixture.await(Duration.ofSeconds(10), () -> !pods(of).isEmpty());
              cluster.kubelet.event(pods(of).get(0), reason, message);
            });
    thread.start();
    return thread;
  }

  private List<Pod> pods() {
    return pods(fixture);
  }

  private static List<Pod> pods(PodFixture fixture) {
    return cluster
        .admin()
        .pods()
        .inNamespace(FakeCluster.NAMESPACE)
        .withLabels(PodLabels.selector(fixture.owner))
        .list()
        .getItems();
  }

  @Test
  void start_ofAServiceOutOfMemory_tellsIt() {
    cluster.kubelet.scripts.put(
        BROKEN,
        status ->
            FakeKubelet.withState("Failed", "127.0.0.1", FakeKubelet.terminated(137, "OOMKilled")));

    InstanceExit exit = fixture.failure(broken().build()).exit();

    assertThat(exit).isNotNull();
    assertThat(exit.outOfMemory()).isTrue();
    assertThat(exit.exitCode()).isEqualTo(137);
  }

  @ParameterizedTest
  @CsvSource({
    "Evicted,          its node evicted the pod (said so)",
    "Preempting,       the pod was preempted by one of higher priority (said so)",
    "NodeLost,         its node  is lost",
    "NodeShutdown,     is shutting down",
    "DeadlineExceeded, the pod's activeDeadline is over",
    "UnexpectedAdmissionError, UnexpectedAdmissionError (said so)"
  })
  void exit_byTheCluster_isToldByName(String reason, String words) {
    ProviderInstance instance = fixture.ready(Services.serving("voice").build());

    cluster.kubelet.status(
        Names.ofInstance(instance.instanceId()),
        new PodStatusBuilder()
            .withPhase("Failed")
            .withReason(reason)
            .withMessage("said so")
            .build());

    assertThat(fixture.exit(instance, Duration.ofSeconds(10)).describe()).contains(words);
  }

  @ParameterizedTest
  @CsvSource({
    "PreemptionByScheduler,  preempted by one of higher priority",
    "DeletionByTaintManager, is lost",
    "EvictionByEvictionAPI,  as when a node is drained"
  })
  void exit_byADisruption_isToldByItsCondition(String reason, String words) {
    ProviderInstance instance = fixture.ready(Services.serving("voice").build());

    cluster.kubelet.status(
        Names.ofInstance(instance.instanceId()),
        new PodStatusBuilder()
            .withPhase("Failed")
            .addNewCondition()
            .withType("DisruptionTarget")
            .withStatus("True")
            .withReason(reason)
            .endCondition()
            .build());

    assertThat(fixture.exit(instance, Duration.ofSeconds(10)).describe()).contains(words);
  }

  @Test
  void exit_ofAPodThatSomebodyDeleted_isTold() {
    ProviderInstance instance = fixture.ready(Services.serving("voice").build());

    cluster
        .admin()
        .pods()
        .inNamespace(FakeCluster.NAMESPACE)
        .withName(Names.ofInstance(instance.instanceId()))
        .delete();

    assertThat(fixture.exit(instance, Duration.ofSeconds(10)).describe())
        .contains("deleted by somebody else");
  }

  @Test
  void release_onALostNode_isNotVerified_andSaysWhy() {
    ProviderInstance instance = fixture.ready(Services.serving("voice").build());
    cluster.kubelet.lost = true;
    try {
      cluster.kubelet.status(
          Names.ofInstance(instance.instanceId()),
          new PodStatusBuilder(FakeKubelet.withState("Running", "127.0.0.1", FakeKubelet.started()))
              .addNewCondition()
              .withType("Ready")
              .withStatus("False")
              .endCondition()
              .build());
      assertThat(fixture.list()).hasSize(1);

      cluster
          .admin()
          .pods()
          .inNamespace(FakeCluster.NAMESPACE)
          .withName(Names.ofInstance(instance.instanceId()))
          .delete(); // as the cluster does after the node's time

      assertThat(fixture.exit(instance, Duration.ofSeconds(10)).describe()).contains("is lost");
      assertThat(fixture.list()).as("nobody knows whether it runs").hasSize(1);
    } finally {
      cluster.kubelet.lost = false;
      cluster.kubelet.delete(Names.ofInstance(instance.instanceId()), 0);
    }
  }

  @Test
  void release_isDoneWithTheContainers_notWithTheObject() {
    cluster.kubelet.slow = true;
    try {
      ProviderInstance instance = fixture.ready(Services.serving("voice").build());

      fixture.release(instance);

      assertThat(fixture.list()).isEmpty();
      assertThat(pods()).as("the object is still there").hasSize(1);
    } finally {
      cluster.kubelet.slow = false;
      cluster.kubelet.collect();
    }
  }

  @Test
  void environment_isInASecretAlone_whichGoesWithTheInstance() throws Exception {
    ProviderInstance instance =
        fixture.ready(
            Services.serving("voice")
                .startCommand("echo $TOKEN > token; exec busybox httpd -f -p $POD_IP:8080 -h .")
                .environment("TOKEN", "sesame-$(x)-$$")
                .build());
    assertThat(PodFixture.get(instance.endpoint().resolve("/token"))).isEqualTo("sesame-$(x)-$$\n");
    assertThat(pods().get(0).toString()).doesNotContain("sesame");
    assertThat(secrets()).hasSize(1);

    fixture.release(instance);

    assertThat(secrets()).isEmpty();
  }

  private List<Secret> secrets() {
    return cluster
        .admin()
        .secrets()
        .inNamespace(FakeCluster.NAMESPACE)
        .withLabels(PodLabels.selector(fixture.owner))
        .list()
        .getItems();
  }

  @Test
  void log_ofALineWithoutAnEnd_isReadInPart() throws Exception {
    ProviderInstance instance =
        fixture.ready(
            Services.serving("voice")
                .startCommand(
                    "head -c 9000000 /dev/zero | tr '\\0' x;"
                        + " exec busybox httpd -f -p $POD_IP:8080 -h /tmp")
                .build());

    List<String> lines =
        fixture.provider.logs(instance.instanceId(), 10).toCompletableFuture().join();

    assertThat(lines.stream().mapToLong(String::length).sum()).isBetween(1L, 5_000_000L);
  }

  @Test
  void validate_withoutARight_namesIt() {
    cluster.denied.add("delete pods");
    cluster.denied.add("get pods/log");

    assertThatThrownBy(() -> fixture.provider.validate(Services.serving("voice").build()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("namespace models")
        .hasMessageContaining("delete pods, get pods/log");

    cluster.denied.clear();
    fixture.provider.validate(Services.serving("voice").build());
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
}
