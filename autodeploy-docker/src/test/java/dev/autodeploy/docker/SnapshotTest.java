package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.model.ContainerConfig;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Mount;
import dev.autodeploy.SnapshotRequest;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.Snapshot;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Images made of containers, on a real daemon. */
class SnapshotTest {
  private final String name = "test-" + UUID.randomUUID().toString().substring(0, 8);
  private ProviderFixture docker;

  @BeforeEach
  void open() {
    docker = ProviderFixture.open();
  }

  @AfterEach
  void close() {
    docker.provider.deleteSnapshot(name).toCompletableFuture().join();
    docker.close();
  }

  @Test
  void snapshot_keepsTheFiles_andNeitherLabelsNorSecrets() throws Exception {
    DeploymentSpec spec =
        ProviderFixture.web()
            .startCommand("echo warm > /www/model; " + ProviderFixture.SERVE)
            .environment("TOKEN", "s3cr3t")
            .environment("BASE", "changed")
            .build();
    ProviderInstance instance = docker.ready(spec);
    Snapshot snapshot =
        docker
            .provider
            .snapshot(instance.instanceId(), SnapshotRequest.named(name))
            .toCompletableFuture()
            .join();
    docker.release(instance);

    assertThat(snapshot.deployment()).isEqualTo("web");
    assertThat(snapshot.bytes()).isPositive();
    try (DaemonClient client = TestDaemon.client()) {
      ContainerConfig config = client.findImage(snapshot.reference()).getConfig();
      assertThat(config.getLabels()).containsEntry("autodeploy.managed", "");
      assertThat(config.getLabels()).doesNotContainValue(instance.instanceId());
      assertThat(config.getEnv()).contains("TOKEN=", "BASE=image");
      assertThat(String.join(" ", config.getEnv())).doesNotContain("s3cr3t");
      assertThat(config.getEntrypoint()).containsExactly("/bin/sh");
      assertThat(config.getCmd()).containsExactly("-c", spec.startCommand());
      // Older daemons also keep the configuration of the container that it was made of.
      ContainerConfig made = client.findImage(snapshot.reference()).getContainerConfig();
      assertThat(made == null || made.getEnv() == null ? "" : String.join(" ", made.getEnv()))
          .doesNotContain("s3cr3t");
    }
    assertThat(docker.provider.catalog().toCompletableFuture().join().snapshots())
        .filteredOn(s -> s.reference().equals(snapshot.reference()))
        .singleElement()
        .satisfies(s -> assertThat(s.createdAt()).isEqualTo(snapshot.createdAt()));

    for (String reference : new String[] {name, snapshot.reference()}) {
      DeploymentSpec from =
          DeploymentSpec.builder("again")
              .snapshot(reference)
              .port(8080)
              .startCommand(ProviderFixture.SERVE)
              .build();
      ProviderInstance again = docker.ready(from);
      assertThat(ProviderFixture.get(again.endpoint().resolve("/model"))).isEqualTo("warm\n");
      docker.release(again);
    }
  }

  @Test
  void snapshot_saysWhatIsNotInIt() throws Exception {
    String image = "autodeploy/test-volume:1";
    try (DaemonClient client = TestDaemon.client()) {
      TestImages.load(
          client,
          image,
          TestImages.tools().toByteArray(),
          "VOLUME /cache",
          "CMD [\"/bin/sh\",\"-c\",\"exec httpd -f -p 8080 -h /www\"]");
      ProviderInstance instance =
          docker.ready(
              DeploymentSpec.builder("voice")
                  .image(image)
                  .port(8080)
                  .mount(Mount.of("/tmp", "/host").asReadOnly())
                  .build());
      Snapshot made =
          docker
              .provider
              .snapshot(instance.instanceId(), SnapshotRequest.named(name))
              .toCompletableFuture()
              .join();
      docker.release(instance);

      assertThat(made.leftOut()).containsExactly("/cache", "/host");
      assertThat(docker.provider.catalog().toCompletableFuture().join().snapshots())
          .filteredOn(s -> s.reference().equals(made.reference()))
          .singleElement()
          .isEqualTo(made);
      docker.provider.deleteSnapshot(name).toCompletableFuture().join();
      client.removeImage(image);
    }
  }

  @Test
  void snapshot_startsByItselfWhatTheDeploymentStarted() throws Exception {
    ProviderInstance instance = docker.ready(ProviderFixture.web().build());
    docker
        .provider
        .snapshot(instance.instanceId(), SnapshotRequest.named(name))
        .toCompletableFuture()
        .join();
    docker.release(instance);
    ProviderInstance again =
        docker.ready(DeploymentSpec.builder("again").snapshot(name).port(8080).build());
    assertThat(ProviderFixture.get(again.endpoint().resolve("/"))).isEqualTo("ok\n");
    docker.release(again);
  }

  @Test
  void name_thatIsTakenOrNoName_isRefused() {
    ProviderInstance instance = docker.ready(ProviderFixture.web().build());
    docker
        .provider
        .snapshot(instance.instanceId(), SnapshotRequest.named(name))
        .toCompletableFuture()
        .join();
    assertThatThrownBy(
            () -> docker.provider.snapshot(instance.instanceId(), SnapshotRequest.named(name)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("already");
    assertThatThrownBy(
            () -> docker.provider.snapshot(instance.instanceId(), SnapshotRequest.named("no name")))
        .isInstanceOf(IllegalArgumentException.class);
    docker.release(instance);
  }

  @Test
  void delete_removesSnapshotsOnly_andIsIdempotent() {
    ProviderInstance instance = docker.ready(ProviderFixture.web().build());
    Snapshot snapshot =
        docker
            .provider
            .snapshot(instance.instanceId(), SnapshotRequest.named(name))
            .toCompletableFuture()
            .join();
    docker.release(instance);
    docker.provider.deleteSnapshot(snapshot.reference()).toCompletableFuture().join();
    docker.provider.deleteSnapshot(snapshot.reference()).toCompletableFuture().join();
    assertThatThrownBy(() -> docker.provider.deleteSnapshot(TestDaemon.WEB))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not a snapshot");
    assertThatThrownBy(
            () -> docker.start(DeploymentSpec.builder("gone").snapshot(name).port(8080).build()))
        .isInstanceOf(InstanceStartException.class)
        .hasMessageContaining("no snapshot '" + name + "'");
  }

  @Test
  void container_ofSomebodyElse_fromASnapshot_isNotOurs() {
    ProviderInstance instance = docker.ready(ProviderFixture.web().build());
    Snapshot snapshot =
        docker
            .provider
            .snapshot(instance.instanceId(), SnapshotRequest.named(name))
            .toCompletableFuture()
            .join();
    docker.release(instance);
    try (DaemonClient client = TestDaemon.client()) {
      String theirs = client.create("test", snapshot.reference(), cmd -> cmd);
      try {
        assertThat(docker.list()).isEmpty();
        docker.provider.release(instance.instanceId(), Duration.ZERO).toCompletableFuture().join();
        assertThat(client.find(theirs)).isNotNull();
      } finally {
        client.remove(theirs);
      }
    }
  }
}
