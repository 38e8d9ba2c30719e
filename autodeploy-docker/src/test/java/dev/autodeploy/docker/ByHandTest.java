package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.ProviderInstance;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Containers of ours at which somebody else has a hand, and one that is found as it ends. */
class ByHandTest {
  private final String owner = "t" + UUID.randomUUID().toString().substring(0, 8);
  private final String image = "autodeploy/by-hand-" + owner + ":1";
  private DaemonClient client;

  @BeforeEach
  void connect() {
    TestDaemon.require();
    client = TestDaemon.client();
  }

  @AfterEach
  void removeAll() {
    client.list(Map.of(Labels.OWNER, owner)).forEach(c -> client.remove(c.getId()));
    client.removeImage(image);
    client.close();
  }

  @Test
  void container_thatSomebodyRenames_isStillListed_andReleased() {
    try (ProviderFixture docker = ProviderFixture.open(owner, b -> b)) {
      ProviderInstance instance = docker.ready(ProviderFixture.web().build());
      String container = container(instance);
      client.rename(container, "somebody-" + owner);

      assertThat(docker.list())
          .extracting(ProviderInstance::instanceId)
          .containsExactly(id(instance));
      docker.release(instance);

      assertThat(client.find(container)).isNull();
      assertThat(docker.list()).isEmpty();
    }
  }

  @Test
  void container_thatIsNoLongerWhereItWas_hasEnded() {
    try (ProviderFixture docker = ProviderFixture.open(owner, b -> b)) {
      ProviderInstance instance = docker.ready(ProviderFixture.web().build());
      var body = DaemonClient.JSON.createObjectNode();
      body.put("Container", container(instance)).put("Force", true);
      client.post(
          "taking it off its network",
          "/networks/" + InstanceNetwork.NAME + "/disconnect",
          body.toString().getBytes(StandardCharsets.UTF_8),
          Duration.ofSeconds(60));

      InstanceWatch watch = docker.provider.containers().watch();
      watch.check(watch.find(id(instance)));

      assertThat(docker.exits.get(id(instance)))
          .isNotNull()
          .extracting(InstanceExit::message)
          .asString()
          .contains("by somebody else");
      docker.end(instance);
    }
  }

  @Test
  void image_withAStopSignalThatThereIsNot_isReleased_andAskedByTheUsualOne() throws Exception {
    loadWithStopSignal("BOGUS");
    try (ProviderFixture docker = ProviderFixture.open(owner, b -> b)) {
      ProviderInstance instance =
          docker.ready(
              ProviderFixture.web()
                  .image(image)
                  .startCommand(
                      "trap 'echo asked; exit 0' TERM; httpd -f -p 8080 -h /www & wait $!")
                  .build());
      String container = container(instance);
      assertThat(ContainerState.stopSignal(client.inspect(container))).isEqualTo("BOGUS");

      docker.release(instance);

      assertThat(client.find(container)).isNull();
    }
  }

  @Test
  void container_thatIsAskedToEnd_fitsNoDeploymentOfTheNextProcess(@TempDir Path locks) {
    try (ProviderFixture docker = ProviderFixture.open(owner, b -> b)) {
      ProviderInstance instance =
          docker.ready(
              ProviderFixture.web()
                  .startCommand("trap '' TERM; httpd -f -p 8080 -h /www & while :; do wait; done")
                  .build());
      String container = container(instance);
      CompletableFuture<Void> release =
          Async.run(
              () ->
                  docker
                      .provider
                      .release(id(instance), Duration.ofMinutes(2))
                      .toCompletableFuture()
                      .join());
      ProviderFixture.await(
          Duration.ofSeconds(60), () -> client.inspect(container).getName().endsWith(".ending"));

      // The next process, which has a lock of its own here, as the first one still lives.
      ProviderFixture next = ProviderFixture.open(owner, b -> b.lockDirectory(locks));
      assertThat(next.list())
          .singleElement()
          .satisfies(
              found -> {
                assertThat(found.instanceId()).isEqualTo(id(instance));
                assertThat(found.fingerprint()).isNotEqualTo(instance.fingerprint());
                assertThat(found.exit()).isNull();
              });
      next.end(instance);
      assertThat(client.find(container)).isNull();
      release.join();
      next.provider.close();
    }
  }

  private static String id(ProviderInstance instance) {
    return instance.instanceId();
  }

  private String container(ProviderInstance instance) {
    return client.list(Map.of(Labels.INSTANCE, id(instance))).get(0).getId();
  }

  /** Loads an image as it may come from a registry: a build would refuse the signal. */
  private void loadWithStopSignal(String signal) throws Exception {
    byte[] layer = TestImages.tools().toByteArray();
    String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(layer));
    String config =
        """
        {"os":"linux","config":{"StopSignal":"SIGNAL","Env":["PATH=/bin"]},
         "rootfs":{"type":"layers","diff_ids":["sha256:DIGEST"]}}
        """
            .replace("SIGNAL", signal)
            .replace("DIGEST", digest);
    String manifest =
        """
        [{"Config":"config.json","RepoTags":["IMAGE"],"Layers":["layer.tar"]}]
        """
            .replace("IMAGE", image);
    byte[] archive =
        new Tar()
            .file("config.json", config, false)
            .file("layer.tar", layer, false)
            .file("manifest.json", manifest, false)
            .toByteArray();
    client.post("loading " + image, "/images/load", archive, Duration.ofSeconds(60));
  }
}
