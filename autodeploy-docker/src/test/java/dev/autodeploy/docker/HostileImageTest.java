package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.model.HostConfig;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.SnapshotRequest;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Images that bear our labels, and what else an image may bring along, on a real daemon. */
class HostileImageTest {
  private final String owner = "t" + UUID.randomUUID().toString().substring(0, 8);
  private final String image = "autodeploy/hostile-" + owner + ":1";
  private final List<String> foreign = new ArrayList<>();
  private DaemonClient client;

  @BeforeEach
  void connect() {
    TestDaemon.require();
    client = TestDaemon.client();
  }

  @AfterEach
  void removeAll() {
    removeForeign();
    client.list(Map.of(Labels.OWNER, owner)).forEach(c -> client.remove(c.getId()));
    client.removeImage(image);
    client.close();
  }

  @Test
  void foreignContainer_ofAnImageWithOurLabels_isNoInstance() {
    String name = "somebody-" + owner;
    make(labels(name, "web-1", owner));
    String container = foreign(name);

    try (ProviderFixture docker = ProviderFixture.open(owner, b -> b)) {
      assertThat(docker.list()).isEmpty();
      docker.provider.release("web-1", Duration.ZERO).toCompletableFuture().join();
      assertThat(docker.provider.logs("web-1", 10).toCompletableFuture().join()).isEmpty();
      assertThatThrownBy(() -> docker.provider.snapshot("web-1", SnapshotRequest.named("s")))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(new ContainerState(client.inspect(container)).isRunning()).isTrue();
      removeForeign();
    }
  }

  @Test
  void foreignContainer_ofAnImageWithTheLabelOfAProbe_isNotRemoved() {
    make(List.of("LABEL " + Labels.PROBE + "=" + owner));
    String container = foreign("somebody-" + owner);

    ProviderFixture.open(owner, b -> b).provider.close();

    assertThat(new ContainerState(client.inspect(container)).isRunning()).isTrue();
  }

  @Test
  void ownContainer_ofAnImageWithTheLabelOfAProbe_isNotRemovedAsOne() {
    make(List.of("LABEL " + Labels.PROBE + "=" + owner));
    try (ProviderFixture docker = ProviderFixture.open(owner, b -> b)) {
      ProviderInstance instance = docker.ready(spec().build());

      docker.provider.containers().inventory().removeLeftovers(owner);

      assertThat(docker.list()).extracting(ProviderInstance::exit).containsOnlyNulls();
      docker.release(instance);
    }
  }

  @Test
  void foreignContainer_thatClaimsToHaveComeTooLate_isNotRemoved() {
    try (ProviderFixture docker = ProviderFixture.open(owner, b -> b)) {
      ProviderInstance released = docker.start(ProviderFixture.web().build());
      docker.release(released);
      make(labels("somebody-" + owner, released.instanceId(), owner));

      String container = foreign("somebody-" + owner);
      // What comes too late is removed at once, so a second event shows that the first is dealt
      // with.
      ProviderFixture.await(
          Duration.ofSeconds(10), () -> new ContainerState(client.inspect(container)).isRunning());
      docker.release(docker.start(ProviderFixture.web().build()));

      assertThat(client.find(container)).isNotNull();
      removeForeign();
    }
  }

  @Test
  @DaemonsGpus
  void foreignContainer_thatClaimsGpus_takesNone() {
    List<String> lines = new ArrayList<>(labels("somebody-" + owner, "web-1", owner));
    lines.add("LABEL autodeploy.gpus=all");
    make(lines);
    foreign("somebody-" + owner);

    try (ProviderFixture docker = ProviderFixture.open(owner, b -> b)) {
      assertThat(docker.provider.containers().gpus().holders()).doesNotContainKey("all");
      removeForeign();
    }
  }

  @Test
  void labelsOfTheImage_doNotCountForAnInstance() {
    make(labels("other", "other", "other"));
    try (ProviderFixture docker = ProviderFixture.open(owner, b -> b)) {
      ProviderInstance instance = docker.ready(spec().build());

      assertThat(docker.list())
          .extracting(ProviderInstance::instanceId, ProviderInstance::deployment)
          .containsExactly(org.assertj.core.groups.Tuple.tuple(instance.instanceId(), "hostile"));
      docker.release(instance);
      assertThat(docker.list()).isEmpty();
    }
  }

  @Test
  void environmentOfTheImage_doesNotOverrideTheDeployments() throws Exception {
    make(List.of("ENV PORT=9999", "ENV TOKEN=image"));
    try (ProviderFixture docker = ProviderFixture.open(owner, b -> b)) {
      ProviderInstance instance =
          docker.ready(
              spec()
                  .port(0)
                  .environment("TOKEN", "deployment")
                  .startCommand("env > /tmp/env; exec httpd -f -p $PORT -h /www")
                  .build());

      assertThat(ProviderFixture.get(instance.endpoint().resolve("/cgi-bin/env")).lines())
          .contains("PORT=8080", "TOKEN=deployment");
      docker.release(instance);
    }
  }

  @Test
  void shell_thatIsALinkToNowhereOrToItself_isAFailedStartWithTheReason() {
    for (String target : List.of("nowhere", "sh", "../../../../proc/1/root/bin/sh")) {
      client.removeImage(image);
      TestImages.load(
          client,
          image,
          new Tar().directory("bin").link("bin/sh", target).directory("tmp").toByteArray(),
          "CMD [\"/bin/sh\"]");
      try (ProviderFixture docker = ProviderFixture.open(owner, b -> b)) {
        assertThat(reason(docker)).as(target).contains("/bin/sh");
      }
    }
  }

  @Test
  void logFile_ofTheContainer_isNoWayToTheHostsFiles() {
    Path secret = Path.of("/etc/hostname");
    make(List.of("ENV A=b"));
    try (ProviderFixture docker = ProviderFixture.open(owner, b -> b)) {
      ProviderInstance instance =
          docker.ready(
              spec()
                  .startCommand(
                      "echo started; for f in /tmp/log /www/log /heartbeat; do busybox ln -s "
                          + secret
                          + " $f; done; "
                          + ProviderFixture.SERVE)
                  .build());

      assertThat(docker.provider.logs(instance.instanceId(), 10).toCompletableFuture().join())
          .containsExactly("started");
      docker.release(instance);
    }
  }

  /** A container may end before its start returns, or right after that. */
  private String reason(ProviderFixture docker) {
    try {
      ProviderInstance instance = docker.start(spec().build());
      ProviderFixture.await(
          Duration.ofSeconds(10), () -> docker.exits.containsKey(instance.instanceId()));
      docker.release(instance);
      return docker.exits.get(instance.instanceId()).logTail().toString();
    } catch (InstanceStartException e) {
      return e.getMessage() + (e.exit() == null ? "" : e.exit().logTail());
    }
  }

  private void removeForeign() {
    foreign.forEach(client::remove);
  }

  private DeploymentSpec.Builder spec() {
    return DeploymentSpec.builder("hostile")
        .image(image)
        .port(8080)
        .startCommand(ProviderFixture.SERVE);
  }

  private static List<String> labels(String name, String instanceId, String owner) {
    return List.of(
        "LABEL autodeploy.managed=true",
        "LABEL autodeploy.name=" + name,
        "LABEL autodeploy.owner=" + owner,
        "LABEL autodeploy.deployment=web",
        "LABEL autodeploy.slot=0",
        "LABEL autodeploy.instance=" + instanceId,
        "LABEL autodeploy.fingerprint=f1",
        "LABEL autodeploy.port=8080");
  }

  private void make(List<String> changes) {
    List<String> all = new ArrayList<>(List.of(TestImages.serve()));
    all.addAll(changes);
    TestImages.load(client, image, TestImages.tools().toByteArray(), all.toArray(new String[0]));
  }

  /** Starts a container of the image as somebody else would. */
  private String foreign(String name) {
    String id =
        client.create(
            "making " + name,
            image,
            cmd -> cmd.withName(name).withHostConfig(HostConfig.newHostConfig()));
    foreign.add(id);
    client.start("starting " + name, id);
    return id;
  }
}
