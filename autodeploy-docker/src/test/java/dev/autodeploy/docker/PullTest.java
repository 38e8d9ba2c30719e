package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.dockerjava.api.model.Image;
import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AcquireTimeoutException;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.InstanceInfo;
import dev.autodeploy.Lease;
import dev.autodeploy.Preparation;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartProgress;
import dev.autodeploy.spi.StartRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real pulls by the real daemon from a registry on this machine. */
@Tag("slow")
class PullTest {
  private static final int MEGABYTE = 1 << 20;
  private final TestRegistry registry = new TestRegistry();

  @AfterEach
  void close() {
    registry.close();
    try (DaemonClient client = TestDaemon.client()) {
      for (Image image : client.images()) {
        for (String name : names(image)) {
          if (name.startsWith(registry.host())) {
            client.removeImage(name);
          }
        }
      }
    }
  }

  @Test
  void missingImage_isPulled_andTheProgressIsTold() throws Exception {
    registry.push("1", 4 * MEGABYTE);
    registry.blobDelayMillis.set(100);
    try (ProviderFixture docker = ProviderFixture.open()) {
      ProviderInstance instance = docker.ready(spec("app:1"));
      assertThat(ProviderFixture.get(instance.endpoint().resolve("/"))).isEqualTo("ok\n");

      List<StartProgress> pulling =
          docker.progress.stream().filter(p -> p.step().equals("pulling")).toList();
      assertThat(pulling).anySatisfy(p -> assertThat(p.total()).isGreaterThan(4 * MEGABYTE));
      assertThat(pulling).anyMatch(p -> p.current() > 0 && p.current() < p.total());
      docker.release(instance);

      int before = registry.requests.size();
      docker.release(docker.start(spec("app:1")));
      assertThat(registry.requests).as("it is there now").hasSize(before);
    }
  }

  @Test
  void policyAlways_noticesAMovedTag_andNever_asksNobody() {
    registry.push("1", 1000);
    try (ProviderFixture docker = ProviderFixture.open()) {
      docker.release(docker.start(spec("app:1")));
    }
    registry.push("1", 1000);
    int before = registry.requests.size();
    try (ProviderFixture docker = ProviderFixture.open(b -> b.pullPolicy(PullPolicy.ALWAYS))) {
      docker.release(docker.start(spec("app:1")));
    }
    assertThat(registry.requests.subList(before, registry.requests.size()))
        .anyMatch(r -> r.contains("/blobs/"));
    assertThatThrownBy(() -> start(spec("app:2"), b -> b.pullPolicy(PullPolicy.NEVER)))
        .satisfies(e -> assertThat(problem(e)).isEqualTo(DockerProblem.IMAGE_MISSING));
    assertThat(registry.requests).noneMatch(r -> r.endsWith("/manifests/2"));
  }

  @Test
  void digest_pinsTheImage() {
    String first = registry.push("1", 1000);
    registry.push("1", 1000);
    try (ProviderFixture docker = ProviderFixture.open(b -> b.pullPolicy(PullPolicy.ALWAYS))) {
      docker.release(docker.start(spec("app@" + first)));
      int before = registry.requests.size();
      docker.release(docker.start(spec("app@" + first)));
      assertThat(registry.requests).as("a pinned image cannot change").hasSize(before);
    }
    try (DaemonClient client = TestDaemon.client()) {
      assertThat(client.findImage(registry.host() + "/app@" + first).getRepoDigests())
          .containsExactly(registry.host() + "/app@" + first);
    }
    assertThatThrownBy(() -> start(spec("app@sha256:" + "0".repeat(64)), b -> b))
        .satisfies(e -> assertThat(problem(e)).isEqualTo(DockerProblem.IMAGE_UNKNOWN));
  }

  @Test
  void unknownTag_isToldSo() {
    registry.push("1", 1000);
    assertThatThrownBy(() -> start(spec("app:nope"), b -> b))
        .satisfies(e -> assertThat(problem(e)).isEqualTo(DockerProblem.IMAGE_UNKNOWN));
  }

  @Test
  void credentials_areShownToTheirRegistry() {
    registry.push("1", 1000);
    registry.login = "me:secret";
    assertThatThrownBy(() -> start(spec("app:1"), b -> b))
        .satisfies(e -> assertThat(problem(e)).isEqualTo(DockerProblem.REGISTRY_AUTH));
    assertThatThrownBy(
            () -> start(spec("app:1"), b -> b.registryCredentials(registry.host(), "me", "wrong")))
        .satisfies(e -> assertThat(problem(e)).isEqualTo(DockerProblem.REGISTRY_AUTH))
        .hasMessageNotContaining("wrong");
    start(spec("app:1"), b -> b.registryCredentials(registry.host(), "me", "secret"));
  }

  @Test
  void rateLimit_isToldSo() {
    registry.push("1", 1000);
    registry.limits = true;
    assertThatThrownBy(() -> start(spec("app:1"), b -> b))
        .satisfies(e -> assertThat(problem(e)).isEqualTo(DockerProblem.RATE_LIMIT));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void registry_thatFails_isToldSo(boolean atTheManifest) {
    registry.push("1", 20_000);
    registry.fails = atTheManifest ? "/manifests/" : "/blobs/";
    assertThatThrownBy(() -> start(spec("app:1"), b -> b))
        .satisfies(e -> assertThat(problem(e)).isEqualTo(DockerProblem.REGISTRY_FAILED));
  }

  @Test
  void registry_thatIsDown_isToldSo() {
    registry.push("1", 1000);
    registry.close();
    assertThatThrownBy(() -> start(spec("app:1"), b -> b))
        .satisfies(e -> assertThat(problem(e)).isEqualTo(DockerProblem.REGISTRY_DOWN));
  }

  @Test
  void registry_withoutAnAddress_isToldSo() {
    assertThatThrownBy(
            () ->
                start(
                    ProviderFixture.web().image("no-such-registry.invalid/app:1").build(), b -> b))
        .satisfies(e -> assertThat(problem(e)).isEqualTo(DockerProblem.REGISTRY_DOWN));
  }

  @Test
  void damagedLayer_isToldSo() {
    registry.push("1", 2 * MEGABYTE);
    registry.corrupts = true;
    assertThatThrownBy(() -> start(spec("app:1"), b -> b))
        .satisfies(e -> assertThat(problem(e)).isEqualTo(DockerProblem.IMAGE_CORRUPT));
  }

  @Test
  void stalledPull_isGivenUp() {
    registry.push("1", 4 * MEGABYTE);
    registry.stalls = true;
    long begun = System.nanoTime();
    assertThatThrownBy(() -> start(spec("app:1"), b -> b.pullStallTimeout(Duration.ofSeconds(2))))
        .satisfies(e -> assertThat(problem(e)).isEqualTo(DockerProblem.PULL_STALLED));
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(12));
  }

  @Test
  void silence_whileAllLayersAreUnpacked_isNoStall_howeverLongItIs() throws Exception {
    registry.push("1", MEGABYTE);
    List<StartProgress> during = new ArrayList<>();
    try (DaemonProxy daemon = new DaemonProxy();
        ProviderFixture docker =
            ProviderFixture.open(
                b -> b.dockerHost(daemon.uri()).pullStallTimeout(Duration.ofMillis(700)))) {
      daemon.set(
          call ->
              call.is("POST", "/images/create")
                  && call.relay(
                      line -> {
                        if (line.contains("Download complete")) {
                          TimeUnit.SECONDS.sleep(3);
                          during.add(docker.progress.get(docker.progress.size() - 1));
                        }
                      }));

      docker.release(docker.ready(spec("app:1")));

      assertThat(during).singleElement().matches(p -> p.step().equals("unpacking"));
    }
  }

  @Test
  void connectionThatBreaks_isContinuedByTheDaemon_whereItWas() {
    registry.push("1", 4 * MEGABYTE);
    registry.breaks = true;
    start(spec("app:1"), b -> b);

    assertThat(registry.ranges).singleElement().asString().matches("bytes=[0-9]{6,}-");
  }

  @Test
  void slowPull_isNotTakenForAStalledOne() {
    registry.push("1", 2 * MEGABYTE);
    registry.blobDelayMillis.set(400); // 20 times: twice as long as it may stand still
    start(spec("app:1"), b -> b.pullStallTimeout(Duration.ofSeconds(4)));
  }

  @Test
  void startTimeout_runsFromTheContainersStart_howeverLongThePullTakes() throws Exception {
    registry.push("1", 4 * MEGABYTE);
    registry.blobDelayMillis.set(250); // 20 times: 5 s
    try (AutoDeploy autoDeploy = engine()) {
      Deployment slow = autoDeploy.deploy(slow());

      slow.acquire(Duration.ofSeconds(40)).close();

      assertThat(blobs()).as("one download").isEqualTo(1);
    }
  }

  @Test
  void layer_of6Megabytes_at100KilobytesASecond_isUpInOneTry_andTellsItsProgress()
      throws Exception {
    registry.push("1", 5_000_000); // and the tools: 6 MB
    registry.blobDelayMillis.set(3000); // 20 pieces of 300 kB: a minute
    try (AutoDeploy autoDeploy = engine()) {
      Deployment slow =
          autoDeploy.deploy(
              slow().toBuilder().startTimeout(Duration.ofSeconds(20)).maxInstances(1).build());
      CompletableFuture<Lease> patient =
          slow.acquireAsync(AcquireRequest.within(Duration.ofSeconds(150)));
      assertThatThrownBy(() -> slow.acquire(Duration.ofSeconds(12)))
          .isInstanceOfSatisfying(
              AcquireTimeoutException.class,
              e -> {
                assertThat(e.progress().step()).isEqualTo("pulling");
                assertThat(e.progress().current()).isBetween(600_000L, 6_000_000L);
                assertThat(e.progress().parts())
                    .singleElement()
                    .matches(part -> part.state() == StartProgress.PartState.DOWNLOADING);
                assertThat(e).hasMessageMatching("(?s).* of 6\\.\\d MB, 0 of 1 layers: \\d+ %.*");
              });

      patient.join().close();

      assertThat(blobs()).as("one download").isEqualTo(1);
      InstanceInfo instance = slow.status().instances().get(0);
      assertThat(instance.preparing()).isGreaterThan(Duration.ofSeconds(50));
      assertThat(slow.status().startFailures()).isZero();
    }
  }

  @Test
  void registry_thatIsSlowToAnswer_isPartOfThePull_notOfTheStart() {
    StartProgress waiting = PullProgress.waiting("app:1");

    assertThat(waiting.preparing()).isTrue();
    assertThat(waiting.describe()).isEqualTo("pulling app:1, waiting for its registry");
  }

  @Test
  void unpacking_isToldWhenItBegins_evenIfNothingIsHeardOfIt() {
    List<StartProgress> told = new ArrayList<>();
    PullProgress progress = new PullProgress("pulling", "app:1", told::add);
    for (String layer : List.of("a", "b")) {
      progress.accept(line("Pulling fs layer", layer));
      progress.accept(amount("Downloading", layer, 500_000, 1_000_000));
    }
    progress.accept(line("Download complete", "a"));
    progress.accept(line("Download complete", "b"));

    StartProgress last = told.get(told.size() - 1);
    assertThat(last.step()).isEqualTo("unpacking");
    assertThat(last.parts()).allMatch(p -> p.state() == StartProgress.PartState.UNPACKING);
    assertThat(last.describe()).isEqualTo("unpacking app:1, 0.0 of 2.0 MB, 0 of 2 layers: 0 %");
  }

  @Test
  void layers_thatAreThereAlready_areDone_andAreNotWaitedFor() {
    List<StartProgress> told = new ArrayList<>();
    PullProgress progress = new PullProgress("pulling", "app:1", told::add);
    progress.accept(line("Already exists", "a"));
    progress.accept(line("Pulling fs layer", "b"));
    assertThat(progress.isDownloaded()).isFalse();
    progress.accept(line("Download complete", "b"));
    progress.accept(line("Pull complete", "b"));
    progress.accept(line("Status: Downloaded newer image for app:1", ""));

    assertThat(progress.isDownloaded()).isTrue();
    assertThat(told.get(told.size() - 1).parts())
        .allMatch(p -> p.state() == StartProgress.PartState.DONE);
  }

  private static ObjectNode amount(String status, String layer, long current, long total) {
    ObjectNode line = line(status, layer);
    line.putObject("progressDetail").put("current", current).put("total", total);
    return line;
  }

  @Test
  void pull_thatOutlivesItsRequest_goesOn_andTheNextRequestJoinsIt() throws Exception {
    registry.push("1", 4 * MEGABYTE);
    registry.blobDelayMillis.set(250);
    try (AutoDeploy autoDeploy = engine()) {
      Deployment slow = autoDeploy.deploy(slow());
      assertThatThrownBy(() -> slow.acquire(Duration.ofSeconds(2)))
          .isInstanceOf(AcquireTimeoutException.class);

      slow.acquire(Duration.ofSeconds(40)).close();

      assertThat(blobs()).as("one download").isEqualTo(1);
    }
  }

  @Test
  void prepare_fetchesAhead_withProgress_andTheStartPullsNothing() throws Exception {
    registry.push("1", 4 * MEGABYTE);
    registry.blobDelayMillis.set(100);
    try (AutoDeploy autoDeploy = engine()) {
      Deployment slow =
          autoDeploy.deploy(slow().toBuilder().startTimeout(Duration.ofSeconds(60)).build());
      Preparation preparation = slow.prepare();
      ProviderFixture.await(
          Duration.ofSeconds(20),
          () -> preparation.progress().filter(p -> p.current() > 0).isPresent());
      assertThat(slow.status().preparation().parts()).hasSize(1);
      assertThat(preparation.result().get(60, TimeUnit.SECONDS)).isTrue();
      assertThat(slow.status().instances()).isEmpty();

      slow.acquire(Duration.ofSeconds(40)).close();

      assertThat(blobs()).as("one download").isEqualTo(1);
      assertThat(slow.status().instances().get(0).preparing()).isZero();
      assertThat(slow.prepare().result().get(60, TimeUnit.SECONDS)).as("it is there").isFalse();
    }
  }

  @Test
  void prepare_thatIsCancelled_endsThePull_unlessAStartWaitsForIt() throws Exception {
    registry.push("1", 4 * MEGABYTE);
    registry.blobDelayMillis.set(300);
    try (AutoDeploy autoDeploy = engine()) {
      Deployment slow =
          autoDeploy.deploy(slow().toBuilder().startTimeout(Duration.ofSeconds(60)).build());
      Preparation first = slow.prepare();
      ProviderFixture.await(Duration.ofSeconds(10), () -> blobs() == 1);
      first.cancel();
      TimeUnit.SECONDS.sleep(1);
      Preparation second = slow.prepare();
      ProviderFixture.await(Duration.ofSeconds(20), () -> blobs() == 2); // it had ended
      CompletableFuture<Lease> lease =
          slow.acquireAsync(AcquireRequest.within(Duration.ofSeconds(60)));
      TimeUnit.SECONDS.sleep(1);
      second.cancel();

      lease.get(60, TimeUnit.SECONDS).close();

      assertThat(blobs()).as("the start went on with it").isEqualTo(2);
    }
  }

  @Test
  void pull_goesOnWithoutItsStart_andTheNextStartJoinsIt() throws Exception {
    registry.push("1", 4 * MEGABYTE);
    registry.blobDelayMillis.set(200);
    try (ProviderFixture docker = ProviderFixture.open()) {
      StartRequest first = docker.request(spec("app:1"));
      CompletableFuture<ProviderInstance> start =
          CompletableFuture.supplyAsync(() -> docker.start(first));
      ProviderFixture.await(Duration.ofSeconds(10), () -> blobs() > 0);
      docker.provider.release(first.instanceId(), Duration.ZERO).toCompletableFuture().join();
      assertThatThrownBy(start::join).hasCauseInstanceOf(InstanceStartException.class);

      docker.release(docker.start(spec("app:1")));

      assertThat(blobs()).as("one download").isEqualTo(1);
    }
  }

  @Test
  void pull_isEndedByItsOwnTimeout() {
    registry.push("1", 4 * MEGABYTE);
    registry.blobDelayMillis.set(1000);
    assertThatThrownBy(
            () ->
                start(
                    spec("app:1"),
                    b ->
                        b.pullTimeout(Duration.ofSeconds(3))
                            .pullStallTimeout(Duration.ofSeconds(5))))
        .satisfies(e -> assertThat(problem(e)).isEqualTo(DockerProblem.PULL_STALLED))
        .hasMessageContaining("pullTimeout");
  }

  @Test
  void silence_afterAllLayersAreThere_isNoStall() {
    PullProgress progress = new PullProgress("pulling", "image", p -> {});
    for (String layer : List.of("a", "b")) {
      progress.accept(line("Pulling fs layer", layer));
    }
    progress.accept(line("Download complete", "a"));
    assertThat(progress.isDownloaded()).isFalse();
    progress.accept(line("Download complete", "b"));
    assertThat(progress.isDownloaded()).isTrue();
  }

  private static ObjectNode line(String status, String layer) {
    return DaemonClient.JSON.createObjectNode().put("status", status).put("id", layer);
  }

  private long blobs() {
    return registry.requests.stream()
        .filter(r -> r.startsWith("GET") && r.endsWith("/blobs/" + registry.layer()))
        .count();
  }

  private AutoDeploy engine() {
    TestDaemon.require();
    return AutoDeploy.builder()
        .provider(DockerInstanceProvider.create())
        .owner("p" + UUID.randomUUID().toString().substring(0, 8))
        .build();
  }

  private DeploymentSpec slow() {
    return spec("app:1").toBuilder()
        .startTimeout(Duration.ofSeconds(3))
        .releaseGrace(Duration.ZERO)
        .build();
  }

  @Test
  void release_endsTheWaitForAPull() {
    registry.push("1", 4 * MEGABYTE);
    registry.stalls = true;
    try (ProviderFixture docker = ProviderFixture.open()) {
      StartRequest request = docker.request(spec("app:1"));
      CompletableFuture<ProviderInstance> start =
          CompletableFuture.supplyAsync(() -> docker.start(request));
      ProviderFixture.await(
          Duration.ofSeconds(10),
          () -> registry.requests.stream().anyMatch(r -> r.contains("/blobs/")));
      long begun = System.nanoTime();
      docker.provider.release(request.instanceId(), Duration.ZERO).toCompletableFuture().join();
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
      assertThatThrownBy(start::join).hasCauseInstanceOf(InstanceStartException.class);
    }
  }

  @Test
  void names_areTakenApartAsDockerDoes() {
    assertThat(ImageName.parse("ubuntu")).isEqualTo(new ImageName("docker.io", "ubuntu", "latest"));
    assertThat(ImageName.parse("me/app:2")).isEqualTo(new ImageName("docker.io", "me/app", "2"));
    assertThat(ImageName.parse("localhost:5000/app"))
        .isEqualTo(new ImageName("localhost:5000", "localhost:5000/app", "latest"));
    assertThat(ImageName.parse("r.example/a/b:1@sha256:ab"))
        .isEqualTo(new ImageName("r.example", "r.example/a/b", "sha256:ab"));
  }

  private void start(DeploymentSpec spec, UnaryOperator<DockerInstanceProvider.Builder> settings) {
    try (ProviderFixture docker = ProviderFixture.open(settings)) {
      docker.release(docker.start(spec));
    }
  }

  private DeploymentSpec spec(String image) {
    return ProviderFixture.web().image(registry.host() + "/" + image).build();
  }

  private static List<String> names(Image image) {
    List<String> tags = image.getRepoTags() == null ? List.of() : List.of(image.getRepoTags());
    List<String> digests =
        image.getRepoDigests() == null ? List.of() : List.of(image.getRepoDigests());
    return tags.stream().anyMatch(t -> !t.startsWith("<none>")) ? tags : digests;
  }

  private static DockerProblem problem(Throwable e) {
    assertThat(e).isInstanceOf(InstanceStartException.class);
    assertThat(e.getCause()).isInstanceOf(DockerDaemonException.class);
    return ((DockerDaemonException) e.getCause()).problem();
  }
}
