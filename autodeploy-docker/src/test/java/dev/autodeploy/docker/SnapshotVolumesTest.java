package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.model.Image;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Mount;
import dev.autodeploy.SnapshotRequest;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.Snapshot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots with what is in volumes, of an image that declares one, on a real daemon. */
@Tag("slow")
class SnapshotVolumesTest {
  private static final String LONG = "a-file-with-a-long-name-".repeat(6);

  /** Fills a directory with all kinds of files. */
  private static String fill(String directory) {
    return String.join(
        "; ",
        "cd " + directory,
        "echo weights > small",
        "head -c 3000000 /dev/zero > large",
        "echo long > " + LONG,
        "mkdir -p deep/er && echo deep > deep/er/file",
        "busybox chown 1234:55 deep/er/file && busybox chmod 4750 deep/er/file",
        "busybox ln -s deep/er/file symbolic",
        "busybox ln large hard",
        "for i in 1 2 3 4 5 6 7 8 9; do head -c 900000 /dev/zero > some$i; done; ");
  }

  private static String show(String directory) {
    return "cd "
        + directory
        + " && { cat small; stat -c '%s %h' large; cat "
        + LONG
        + "; stat -c '%u:%g %a' deep/er/file; cat symbolic; ls | grep -c some; ls host 2>/dev/null;"
        + " } > /www/found 2>&1; ";
  }

  private static final List<String> FOUND =
      List.of("weights", "3000000 2", "long", "1234:55 4750", "deep", "9");

  private final String name = "test-" + UUID.randomUUID().toString().substring(0, 8);
  private final String image = "autodeploy/test-" + name + ":1";
  private ProviderFixture docker;

  @TempDir private Path host;

  @BeforeEach
  void open() {
    docker = ProviderFixture.open(b -> b.capabilities("CHOWN", "FOWNER", "FSETID"));
    try (DaemonClient client = TestDaemon.client()) {
      TestImages.load(
          client,
          image,
          TestImages.tools().toByteArray(),
          "VOLUME /cache",
          "ENV BASE=image",
          "CMD [\"/bin/sh\",\"-c\",\"exec httpd -f -p 8080 -h /www\"]");
    }
  }

  @AfterEach
  void close() {
    docker.provider.deleteSnapshot(name).toCompletableFuture().join();
    docker.close();
    try (DaemonClient client = TestDaemon.client()) {
      client.removeImage(image);
      client.removeVolume(name);
    }
  }

  @Test
  void anonymousVolume_thatTheImageDeclares_isInTheSnapshot() throws Exception {
    Snapshot made = snapshot(spec().startCommand(fill("/cache") + ProviderFixture.SERVE).build());

    assertThat(made.leftOut()).isEmpty();
    assertThat(made.bytes()).isGreaterThan(10_000_000);
    assertThat(found(again().startCommand(show("/cache") + ProviderFixture.SERVE).build()))
        .isEqualTo(FOUND);
  }

  @Test
  void namedVolume_isInTheSnapshot_andADirectoryOfTheHostInItIsNot() throws Exception {
    Files.writeString(host.resolve("secret"), "of the host");
    Snapshot made =
        snapshot(
            spec()
                .mount(Mount.of(name, "/data/models"))
                .mount(Mount.of(host.toString(), "/data/models/host").asReadOnly())
                .startCommand(fill("/data/models") + ProviderFixture.SERVE)
                .build());

    assertThat(made.leftOut()).containsExactly("/data/models/host");
    assertThat(found(again().startCommand(show("/data/models") + ProviderFixture.SERVE).build()))
        .as("without the volume, and without the host's file")
        .isEqualTo(FOUND);
  }

  @Test
  void snapshotWithVolumes_isLikeAnyOther_inAllElse() throws Exception {
    DeploymentSpec spec =
        spec()
            .startCommand("echo own > /www/own; " + ProviderFixture.SERVE)
            .environment("TOKEN", "s3cr3t")
            .environment("BASE", "changed")
            .build();
    Snapshot made = snapshot(spec);

    try (DaemonClient client = TestDaemon.client()) {
      var config = client.findImage(made.reference()).getConfig();
      assertThat(config.getLabels())
          .containsEntry("autodeploy.managed", "")
          .containsEntry("autodeploy.snapshot.of", "voice");
      assertThat(config.getEnv()).contains("TOKEN=", "BASE=image");
      assertThat(String.join(" ", config.getEnv())).doesNotContain("s3cr3t");
      assertThat(config.getEntrypoint()).containsExactly("/bin/sh");
      assertThat(config.getCmd()).containsExactly("-c", spec.startCommand());
    }
    assertThat(docker.provider.catalog().toCompletableFuture().join().snapshots())
        .filteredOn(s -> s.reference().equals(made.reference()))
        .singleElement()
        .isEqualTo(made);
    ProviderInstance again = docker.ready(again().build());
    assertThat(ProviderFixture.get(again.endpoint().resolve("/own"))).isEqualTo("own\n");
    docker.release(again);
  }

  @Test
  void archive_thatBreaksOff_makesNoSnapshot_andSaysWhy() {
    try (DaemonProxy proxy = new DaemonProxy();
        ProviderFixture beside = ProviderFixture.open(b -> b.dockerHost(proxy.uri()))) {
      ProviderInstance instance = beside.ready(spec().build());
      proxy.set(
          call ->
              call.is("GET", "/containers/[^/]+/archive")
                  && call.answer(new DaemonProxy.Answer(200, "cache")));
      assertThatThrownBy(
              () ->
                  beside
                      .provider
                      .snapshot(
                          instance.instanceId(), SnapshotRequest.named(name).includingVolumes())
                      .toCompletableFuture()
                      .join())
          .hasMessageContaining("copying volume /cache")
          .hasMessageContaining("its archive ended in the middle");
      assertThat(images()).as("nothing is left of it").isEmpty();
      beside.release(instance);
    }
  }

  /** Returns the images that were made for the snapshot, with a name and without. */
  private List<String> images() {
    try (DaemonClient client = TestDaemon.client()) {
      return client.images().stream()
          .filter(each -> each.getLabels() != null)
          .filter(each -> name.equals(each.getLabels().get("autodeploy.snapshot")))
          .map(Image::getId)
          .toList();
    }
  }

  private DeploymentSpec.Builder spec() {
    return DeploymentSpec.builder("voice").image(image).port(8080);
  }

  private DeploymentSpec.Builder again() {
    return DeploymentSpec.builder("again").snapshot(name).port(8080);
  }

  private Snapshot snapshot(DeploymentSpec spec) {
    ProviderInstance instance = docker.ready(spec);
    Snapshot made =
        docker
            .provider
            .snapshot(instance.instanceId(), SnapshotRequest.named(name).includingVolumes())
            .toCompletableFuture()
            .join();
    docker.release(instance);
    return made;
  }

  private List<String> found(DeploymentSpec spec) throws Exception {
    ProviderInstance instance = docker.ready(spec);
    List<String> lines =
        ProviderFixture.get(instance.endpoint().resolve("/found")).lines().toList();
    docker.release(instance);
    return lines;
  }
}
