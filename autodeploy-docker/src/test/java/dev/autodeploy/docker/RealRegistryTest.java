package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.model.Image;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/**
 * The registry that everybody runs, in a container that Testcontainers looks after; its image is
 * made from this machine's program. What the daemon pushed there it pulls again.
 */
@Tag("slow")
class RealRegistryTest {
  private static final String IMAGE = "autodeploy/test-registry:1";

  /** me:secret, as htpasswd writes it. */
  private static final String LOGINS =
      "me:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n";

  private static @Nullable GenericContainer<?> registry;
  private static String host = "";

  @BeforeAll
  static void start() throws IOException {
    TestDaemon.require();
    Programs.require("docker-registry");
    try (DaemonClient client = TestDaemon.client()) {
      Path program = Path.of(DockerEnvironment.ofProcess().program("docker-registry"));
      Tar tar = TestImages.tools();
      TestImages.program(tar, "bin/docker-registry", program);
      tar.file("etc/logins", LOGINS, false);
      TestImages.load(client, IMAGE, tar.toByteArray());
    }
    registry =
        new GenericContainer<>(DockerImageName.parse(IMAGE))
            .withExposedPorts(5000)
            .withEnv("REGISTRY_AUTH", "htpasswd")
            .withEnv("REGISTRY_AUTH_HTPASSWD_REALM", "test")
            .withEnv("REGISTRY_AUTH_HTPASSWD_PATH", "/etc/logins")
            .withCommand(
                "/bin/sh",
                "-c",
                "printf 'version: 0.1\\nstorage:\\n  inmemory:\\nhttp:\\n  addr: :5000\\n' > /etc/r.yml;"
                    + " exec /bin/docker-registry serve /etc/r.yml")
            .waitingFor(Wait.forHttp("/v2/").forStatusCode(401));
    registry.start();
    host = registry.getHost() + ":" + registry.getMappedPort(5000);
    push("1", "one\n");
  }

  @AfterAll
  static void stop() {
    if (registry != null) {
      registry.stop();
      removeImages();
    }
  }

  @Test
  void image_isPulledWithCredentials_andServes() throws Exception {
    removeImages();
    try (ProviderFixture docker = ProviderFixture.open(RealRegistryTest::loggedIn)) {
      ProviderInstance instance = docker.ready(spec("/app:1"));
      assertThat(ProviderFixture.get(instance.endpoint().resolve("/page"))).isEqualTo("one\n");
      assertThat(docker.progress).anyMatch(p -> p.step().equals("pulling"));
      docker.release(instance);
    }
  }

  @Test
  void pull_withoutCredentialsOrWithWrongOnes_isRefused() {
    removeImages();
    fails(spec("/app:1"), b -> b, DockerProblem.REGISTRY_AUTH);
    fails(
        spec("/app:1"),
        b -> b.registryCredentials(host, "me", "wrong"),
        DockerProblem.REGISTRY_AUTH);
  }

  @Test
  void nameTagAndDigest_thatAreUnknown_areToldSo() {
    fails(spec("/app:none"), RealRegistryTest::loggedIn, DockerProblem.IMAGE_UNKNOWN);
    fails(spec("/nothing:1"), RealRegistryTest::loggedIn, DockerProblem.IMAGE_UNKNOWN);
    fails(
        spec("/app@sha256:" + "0".repeat(64)),
        RealRegistryTest::loggedIn,
        DockerProblem.IMAGE_UNKNOWN);
  }

  @Test
  void digest_staysTheImageThatItWas_whenTheTagMoves() throws Exception {
    String first = push("moving", "first\n");
    push("moving", "second\n");
    removeImages();
    try (ProviderFixture docker = ProviderFixture.open(RealRegistryTest::loggedIn)) {
      ProviderInstance pinned = docker.ready(spec("/app@" + first));
      assertThat(ProviderFixture.get(pinned.endpoint().resolve("/page"))).isEqualTo("first\n");
      docker.release(pinned);
      ProviderInstance moved = docker.ready(spec("/app:moving"));
      assertThat(ProviderFixture.get(moved.endpoint().resolve("/page"))).isEqualTo("second\n");
      docker.release(moved);
    }
  }

  /** Makes the daemon push an image to the registry; returns its digest. */
  private static String push(String tag, String page) {
    String reference = host + "/app:" + tag;
    try (DaemonClient client = TestDaemon.client()) {
      Tar tar = TestImages.tools().file("www/page", page, false);
      TestImages.load(client, reference, tar.toByteArray(), TestImages.serve());
      StringBuilder problem = new StringBuilder();
      Map<String, String> login =
          Map.of(
              "X-Registry-Auth",
              ImagePuller.header("{\"username\":\"me\",\"password\":\"secret\"}"));
      try (JsonLines lines =
          client.stream("pushing", "POST", "/images/" + host + "/app/push?tag=" + tag, login)) {
        lines.forEach(() -> {}, line -> problem.append(line.path("error").asText("")));
      }
      assertThat(problem).isEmpty();
      return Arrays.stream(client.findImage(reference).getRepoDigests().toArray(new String[0]))
          .map(digest -> digest.substring(digest.indexOf('@') + 1))
          .findFirst()
          .orElseThrow();
    }
  }

  private static void removeImages() {
    try (DaemonClient client = TestDaemon.client()) {
      for (Image image : client.images()) {
        String[] tags = image.getRepoTags() == null ? new String[0] : image.getRepoTags();
        String[] digests = image.getRepoDigests() == null ? new String[0] : image.getRepoDigests();
        for (String name : List.of(tags.length > 0 ? tags : digests)) {
          if (name.startsWith(host + "/")) {
            client.removeImage(name);
          }
        }
      }
    }
  }

  private static void fails(
      DeploymentSpec spec,
      UnaryOperator<DockerInstanceProvider.Builder> settings,
      DockerProblem problem) {
    try (ProviderFixture docker = ProviderFixture.open(settings)) {
      assertThatThrownBy(() -> docker.start(spec))
          .isInstanceOf(InstanceStartException.class)
          .hasMessageNotContaining("wrong")
          .extracting(e -> ((DockerDaemonException) e.getCause()).problem())
          .isEqualTo(problem);
    }
  }

  private static DockerInstanceProvider.Builder loggedIn(DockerInstanceProvider.Builder builder) {
    return builder.registryCredentials(host, "me", "secret");
  }

  private static DeploymentSpec spec(String image) {
    return ProviderFixture.web().image(host + image).build();
  }
}
