package dev.autodeploy.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.spi.ProviderInstance;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One engine at a time acts on the pods of an owner. */
@Timeout(60)
class OwnerHoldTest {
  private static final String HOLDER = "autodeploy.dev/holder";

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
  void close_afterAFailedStart_leavesPodsThatItOnlyListed() {
    PodFixture first = new PodFixture(owner, cluster.provider());
    ProviderInstance instance = first.ready(Services.serving("voice").build());
    first.provider.detach(instance.instanceId());
    first.close();

    PodFixture failed = new PodFixture(owner, cluster.provider());
    assertThat(failed.list()).hasSize(1);
    failed.close();

    try (PodFixture next = new PodFixture(owner, cluster.provider())) {
      assertThat(next.list()).singleElement().matches(it -> it.endpoint() != null);
      next.release(instance);
      assertThat(next.list()).isEmpty();
    }
  }

  @Test
  void close_withPodsThatItStarted_endsThem() {
    PodFixture fixture = new PodFixture(owner, cluster.provider());
    ProviderInstance instance = fixture.ready(Services.serving("voice").build());
    assertThat(fixture.list()).hasSize(1);

    fixture.close();

    assertThat(pod(instance).get()).isNull();
  }

  @Test
  void owner_takenBySomebodyElse_isActedOnNoLonger() {
    PodFixture fixture = new PodFixture(owner, cluster.provider());
    ProviderInstance instance = fixture.ready(Services.serving("voice").build());
    ProviderInstance other = fixture.ready(Services.serving("other").build());
    map()
        .edit(
            it ->
                new ConfigMapBuilder(it)
                    .editMetadata()
                    .addToAnnotations(HOLDER, "elsewhere 1 - x")
                    .endMetadata()
                    .build());
    fixture.provider.detach(other.instanceId()); // sends a heartbeat

    assertThatThrownBy(() -> fixture.release(instance))
        .isInstanceOfSatisfying(
            AutoDeployException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OWNER_IN_USE));
    assertThatThrownBy(() -> fixture.start(Services.serving("late").build()))
        .isInstanceOfSatisfying(
            AutoDeployException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OWNER_IN_USE));
    fixture.close();

    assertThat(pod(instance).get()).isNotNull();
    assertThat(OwnerHeartbeat.holderOf(map().get())).isEqualTo("elsewhere 1 - x");
    pod(instance).delete();
    pod(other).delete();
  }

  @Test
  void configMap_deletedBySomebody_isMadeAnew_andTheOwnerIsNotLost() {
    PodFixture fixture = new PodFixture(owner, cluster.provider());
    ProviderInstance instance = fixture.ready(Services.serving("voice").build());
    ProviderInstance other = fixture.ready(Services.serving("other").build());
    map().delete();
    fixture.provider.detach(other.instanceId());

    fixture.release(instance);
    fixture.release(other);
    fixture.close();

    assertThat(map().get()).isNotNull();
  }

  @Test
  void configMap_ofSomebodyElse_isLeftAlone() {
    ConfigMap foreign =
        cluster
            .admin()
            .configMaps()
            .inNamespace(FakeCluster.NAMESPACE)
            .resource(
                new ConfigMapBuilder()
                    .withNewMetadata()
                    .withName(Names.ofOwner(owner))
                    .endMetadata()
                    .withData(Map.of("settings", "mine"))
                    .build())
            .create();

    assertThatThrownBy(() -> new PodFixture(owner, cluster.provider()))
        .isInstanceOf(AutoDeployException.class)
        .hasMessageContaining("is not ours");

    assertThat(map().get()).isEqualTo(foreign);
  }

  @ParameterizedTest
  @ValueSource(strings = {"fake-host 999999999 -", "pod/of-another-namespace 1 -"})
  void holder_thatCannotBeSeenFromHere_isAskedForASignOfLife(String process) throws Exception {
    new PodFixture(owner, cluster.provider()).close();
    map()
        .edit(
            it ->
                new ConfigMapBuilder(it)
                    .editMetadata()
                    .addToAnnotations(HOLDER, process + " " + UUID.randomUUID())
                    .endMetadata()
                    .build());
    Thread lives =
        new Thread(
            () -> {
              while (!Thread.currentThread().isInterrupted()) {
                map()
                    .edit(
                        it ->
                            new ConfigMapBuilder(it)
                                .addToData(OwnerHeartbeat.KEY, UUID.randomUUID().toString())
                                .build());
                try {
                  TimeUnit.MILLISECONDS.sleep(300);
                } catch (InterruptedException e) {
                  return;
                }
              }
            });
    lives.start();
    try {
      assertThatThrownBy(() -> new PodFixture(owner, cluster.provider()).close())
          .isInstanceOfSatisfying(
              AutoDeployException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.OWNER_IN_USE));
    } finally {
      lives.interrupt();
      lives.join();
    }
  }

  @Test
  void service_thatHasEndedBesideASidecar_isToldAndListedAsEnded() {
    try (PodFixture fixture = new PodFixture(owner, cluster.provider())) {
      ProviderInstance instance = fixture.ready(Services.serving("voice").build());

      cluster.kubelet.status(
          Names.ofInstance(instance.instanceId()),
          FakeKubelet.withSidecar(
              FakeKubelet.withState("Running", "127.0.0.1", FakeKubelet.terminated(3, "Error"))));

      assertThat(fixture.exit(instance, Duration.ofSeconds(10)).exitCode()).isEqualTo(3);
      assertThat(fixture.list()).singleElement().satisfies(it -> assertThat(it.exit()).isNotNull());
    }
  }

  private static Resource<Pod> pod(ProviderInstance instance) {
    return cluster
        .admin()
        .pods()
        .inNamespace(FakeCluster.NAMESPACE)
        .withName(Names.ofInstance(instance.instanceId()));
  }

  private Resource<ConfigMap> map() {
    return cluster
        .admin()
        .configMaps()
        .inNamespace(FakeCluster.NAMESPACE)
        .withName(Names.ofOwner(owner));
  }
}
