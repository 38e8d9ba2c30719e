package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.dockerjava.api.model.Container;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.Mount;
import dev.autodeploy.StartFailedException;
import dev.autodeploy.event.DeploymentEvent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Somebody cleans up on the Docker host, which is a daemon of this test's own. */
@Tag("slow")
class HousekeepingTest {
  private static final Duration SOON = Duration.ofSeconds(15);
  private static final String NETWORK = "housekeeping";
  private static final String VOLUME = "weights";

  private static OwnDaemon daemon;
  private static DaemonClient client;
  private final List<DeploymentEvent> events = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void start() {
    daemon = OwnDaemon.start();
    client = daemon.client();
  }

  @AfterAll
  static void stop() {
    if (daemon != null) {
      client.close();
      daemon.close();
    }
  }

  @AfterEach
  void removeAll() {
    client.list(Map.of()).forEach(container -> client.remove(container.getId()));
    prune();
    TestImages.make(client);
  }

  @Test
  void imagesVolumesAndNetworks_ofDeploymentsAtRest_surviveASystemPrune() throws Exception {
    post("/networks/create", "{\"Name\":\"" + NETWORK + "\",\"Driver\":\"bridge\"}");
    try (AutoDeploy autoDeploy = open(null, b -> b.network(NETWORK))) {
      Deployment deployment = autoDeploy.deploy(spec());
      deployment.acquire(Duration.ofSeconds(30)).close();
      deployment.releaseNow();
      await(() -> holders().size() == 1 && isHeld(VOLUME));
      assertThat(downloads(deployment)).isEqualTo("downloaded\n");
      deployment.releaseNow();

      prune();

      assertThat(client.findImage(TestDaemon.WEB)).isNotNull();
      assertThat(client.findImage(TestDaemon.BARE)).as("nobody needs it").isNull();
      assertThat(client.volumes()).contains(VOLUME);
      assertThat(client.networks()).anyMatch(network -> network.getName().equals(NETWORK));
      assertThat(deployment.status().degraded()).isNull();
      assertThat(downloads(deployment)).as("still one download").isEqualTo("downloaded\n");

      autoDeploy.remove(deployment.name()).get();
      await(() -> holders().isEmpty());
    }
  }

  @Test
  void whatIsRemovedAllTheSame_isToldBeforeARequestNeedsIt() throws Exception {
    post("/networks/create", "{\"Name\":\"" + NETWORK + "\",\"Driver\":\"bridge\"}");
    try (AutoDeploy autoDeploy = open(null, b -> b.network(NETWORK).keepResources(false))) {
      Deployment deployment = autoDeploy.deploy(spec());
      deployment.acquire(Duration.ofSeconds(30)).close();
      String snapshot = deployment.snapshot("warm").get();
      autoDeploy.deploy(spec("other").toBuilder().snapshot(snapshot).build());
      deployment.releaseNow();
      await(() -> client.list(Map.of(Labels.MANAGED, "true")).isEmpty());
      assertThat(holders()).as("as it was switched off").isEmpty();

      prune();

      await(
          () ->
              degraded(deployment).contains("network '" + NETWORK + "'")
                  && degraded(deployment).contains("volume '" + VOLUME + "' was removed")
                  && degraded(deployment).contains("the next start pulls it again"));
      await(() -> degraded(autoDeploy.deployment("other")).contains("there is no snapshot"));
      await(
          () ->
              List.copyOf(events).stream()
                  .anyMatch(e -> e instanceof DeploymentEvent.Degraded d && d.reason() != null));

      TestImages.make(client);
      assertThatThrownBy(() -> deployment.acquire(Duration.ofSeconds(30)))
          .isInstanceOf(StartFailedException.class)
          .hasMessageContaining("the Docker host has no such network")
          .hasMessageContaining("docker network create");
      assertThatThrownBy(() -> autoDeploy.deployment("other").acquire(Duration.ofSeconds(30)))
          .isInstanceOf(StartFailedException.class)
          .hasMessageContaining("there is no snapshot '" + snapshot + "' on this Docker host");
      post("/networks/create", "{\"Name\":\"" + NETWORK + "\",\"Driver\":\"bridge\"}");
      post("/volumes/create", "{\"Name\":\"" + VOLUME + "\"}");
      autoDeploy.update(deployment.spec().toBuilder().description("again").build());
      await(() -> deployment.status().degraded() == null);
      assertThat(downloads(deployment)).as("on the network that is back").contains("downloaded");
    }
  }

  @Test
  void holders_holdNoGpuAndNoProcess_andLeaveWithTheEngine(@TempDir Path state) throws Exception {
    try (AutoDeploy autoDeploy = open(null, b -> b)) {
      autoDeploy.deploy(spec());
      autoDeploy.deploy(DeploymentSpec.builder("bare").image(TestDaemon.BARE).port(8080).build());
      await(() -> holders().size() == 2);
      await(() -> holders().stream().anyMatch(each -> each.getState().equals("running")));
      assertThat(holders())
          .as("an image without a shell is held by a container that does not run")
          .anyMatch(each -> each.getState().equals("created"));
    }
    assertThat(holders()).isEmpty();

    try (AutoDeploy autoDeploy = open(state, b -> b)) {
      autoDeploy.deploy(spec());
      await(() -> holders().stream().anyMatch(each -> each.getState().equals("running")));
    }
    assertThat(holders()).singleElement().extracting(Container::getState).isEqualTo("exited");
    try (AutoDeploy autoDeploy = open(state, b -> b)) {
      await(() -> holders().stream().anyMatch(each -> each.getState().equals("running")));
      autoDeploy.remove("speech").get();
      await(() -> holders().isEmpty());
    }
  }

  @Test
  void snapshotThatIsHeld_canBeDeleted() throws Exception {
    try (AutoDeploy autoDeploy = open(null, b -> b)) {
      Deployment deployment = autoDeploy.deploy(spec());
      String snapshot = deployment.snapshot("held").get();
      autoDeploy.update(deployment.spec().toBuilder().snapshot(snapshot).build());
      String id = client.findImage(snapshot).getId();
      await(() -> isHeldImage(id));
      deployment.releaseNow();
      await(() -> client.list(Map.of(Labels.MANAGED, "true")).isEmpty());
      prune();
      deployment.acquire(Duration.ofSeconds(30)).close();
      deployment.releaseNow();
      await(() -> client.list(Map.of(Labels.MANAGED, "true")).isEmpty());

      autoDeploy.deleteSnapshot(snapshot).get();

      await(() -> degraded(deployment).contains("there is no snapshot"));
      assertThatThrownBy(() -> deployment.acquire(Duration.ofSeconds(30)))
          .isInstanceOf(StartFailedException.class)
          .hasMessageContaining("there is no snapshot '" + snapshot + "' on this Docker host");
    }
  }

  @Test
  void volumesOfSeveralDeployments_areAllHeld_whicheverImageTheyShare() throws Exception {
    try (AutoDeploy autoDeploy = open(null, b -> b)) {
      for (String name : List.of("first", "second")) {
        Deployment deployment = autoDeploy.deploy(spec(name, name));
        assertThat(downloads(deployment)).isEqualTo("downloaded\n");
        deployment.releaseNow();
      }
      await(() -> holders().size() == 1 && isHeld("first") && isHeld("second"));

      prune();

      assertThat(client.volumes()).contains("first", "second");
      autoDeploy.remove("first").get();
      await(() -> holders().size() == 1 && holders().get(0).getMounts().size() == 1);
      await(
          () -> {
            prune(); // a daemon lets go of a volume a moment after its container is gone
            return !client.volumes().contains("first");
          });
      assertThat(client.volumes()).contains("second");
      assertThat(downloads(autoDeploy.deployment("second"))).isEqualTo("downloaded\n");
    }
  }

  @Test
  void volumeWhoseImageIsNotThereYet_isHeldByAnother_andByItsOwnAsSoonAsThatIsThere()
      throws Exception {
    String image = "autodeploy/late:1";
    post("/volumes/create", "{\"Name\":\"early\"}");
    try (AutoDeploy autoDeploy = open(null, b -> b)) {
      autoDeploy.deploy(DeploymentSpec.builder("web").image(TestDaemon.WEB).port(8080).build());
      Deployment late =
          autoDeploy.deploy(
              DeploymentSpec.builder("late")
                  .image(image)
                  .port(8080)
                  .mount(Mount.of("early", "/data"))
                  .build());
      await(() -> holders().size() == 1 && isHeld("early"));
      prune();
      assertThat(client.volumes()).contains("early");

      TestImages.load(client, image, TestImages.tools().toByteArray(), TestImages.serve());
      assertThat(late.prepare().result().join()).as("nothing had to be fetched").isFalse();
      String id = client.findImage(image).getId();
      await(() -> isHeldImage(id));
      autoDeploy.remove("web").get();
      await(() -> holders().size() == 1 && isHeld("early"));
      prune();
      assertThat(client.volumes()).contains("early");
    }
  }

  private static boolean isHeldImage(String id) {
    return holders().stream()
        .anyMatch(each -> each.getState().equals("running") && each.getImageId().equals(id));
  }

  /** A prune removes a holder that does not run, and then what it holds. */
  private static boolean isHeld(String volume) {
    return holders().stream()
        .filter(each -> each.getState().equals("running"))
        .flatMap(each -> each.getMounts().stream())
        .anyMatch(mount -> volume.equals(mount.getName()));
  }

  /** Starts an instance, and returns what is in its volume: a line for each time it was empty. */
  private static String downloads(Deployment deployment) throws Exception {
    try (Lease lease = deployment.acquire(Duration.ofSeconds(30))) {
      return ProviderFixture.get(lease.endpoint().resolve("/weights"));
    }
  }

  private AutoDeploy open(
      Path state, java.util.function.UnaryOperator<DockerInstanceProvider.Builder> settings) {
    AutoDeploy.Builder builder =
        AutoDeploy.builder()
            .provider(
                settings
                    .apply(
                        DockerInstanceProvider.builder()
                            .dockerHost(daemon.uri())
                            .network(OwnDaemon.KEPT))
                    .build());
    return (state == null ? builder : builder.stateDirectory(state)).listener(events::add).build();
  }

  private static DeploymentSpec spec() {
    return spec("speech");
  }

  private static DeploymentSpec spec(String name) {
    return spec(name, VOLUME);
  }

  private static DeploymentSpec spec(String name, String volume) {
    return DeploymentSpec.builder(name)
        .image(TestDaemon.WEB)
        .port(8080)
        .startCommand(
            "[ -e /weights/model ] || echo downloaded >> /weights/model;"
                + " cat /weights/model > /www/weights; "
                + ProviderFixture.SERVE)
        .mount(Mount.of(volume, "/weights"))
        .releaseGrace(Duration.ZERO)
        .build();
  }

  private static String degraded(Deployment deployment) {
    return String.valueOf(deployment.status().degraded());
  }

  private static List<Container> holders() {
    return client.list(Map.of()).stream()
        .filter(container -> container.getNames()[0].startsWith("/autodeploy-hold-"))
        .toList();
  }

  /** Does what docker system prune --all --volumes does, in its order. */
  private static void prune() {
    post("/containers/prune", "");
    post("/networks/prune", "");
    post("/volumes/prune", "");
    post("/images/prune?filters=" + DaemonClient.encode("{\"dangling\":[\"false\"]}"), "");
  }

  private static JsonNode post(String path, String body) {
    return client.post(
        "test",
        path,
        body.isEmpty() ? null : body.getBytes(StandardCharsets.UTF_8),
        Duration.ofSeconds(30));
  }

  private static void await(java.util.function.BooleanSupplier condition) {
    ProviderFixture.await(SOON, condition);
  }
}
