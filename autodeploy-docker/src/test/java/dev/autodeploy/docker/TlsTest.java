package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.spi.ProviderInstance;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real daemon that is reached over TCP and TLS, and wants to know its clients. */
@Tag("slow")
class TlsTest {
  @TempDir private static Path directory;
  private static @Nullable OwnDaemon daemon;
  private static TestCertificates certificates;
  private static URI uri;

  @BeforeAll
  static void start() throws IOException {
    certificates = new TestCertificates(directory);
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      port = free.getLocalPort();
    }
    uri = URI.create("tcp://127.0.0.1:" + port);
    List<String> options = new ArrayList<>(certificates.daemonOptions());
    options.addAll(List.of("--host", uri.toString()));
    daemon = OwnDaemon.start(options.toArray(new String[0]));
  }

  @AfterAll
  static void stop() {
    if (daemon != null) {
      daemon.close();
    }
  }

  @Test
  void instance_isStartedServedAndReleased_overTls() throws Exception {
    try (ProviderFixture docker =
        ProviderFixture.open(b -> b.dockerHost(uri).certificates(certificates.client))) {
      ProviderInstance instance = docker.ready(ProviderFixture.web().build());
      assertThat(ProviderFixture.get(instance.endpoint().resolve("/"))).isEqualTo("ok\n");
      assertThat(docker.provider.logs(instance.instanceId(), 5).toCompletableFuture().join())
          .isEmpty();
      try (DaemonClient client = daemon.client()) {
        client.signal("autodeploy-" + docker.owner + "-web-0", "KILL");
      }
      ProviderFixture.await(
          Duration.ofSeconds(5), () -> docker.exits.containsKey(instance.instanceId()));
      docker.release(instance);
      assertThat(docker.list()).isEmpty();
    }
  }

  @Test
  void environmentOfAProcess_isEnough() throws Exception {
    assertThat(
            ConnectMain.run(
                Map.of(
                    "DOCKER_HOST", uri.toString(),
                    "DOCKER_TLS_VERIFY", "1",
                    "DOCKER_CERT_PATH", certificates.client.toString())))
        .startsWith("connected to docker");
  }

  @Test
  void environment_thatIsBroken_doesNotMatterToAnAddressThatIsGiven(@TempDir Path home)
      throws Exception {
    Files.writeString(home.resolve("config.json"), "{ half");
    Map<String, String> variables =
        Map.of(
            "DOCKER_HOST", uri.toString(),
            "DOCKER_TLS_VERIFY", "1",
            "DOCKER_CERT_PATH", certificates.client.toString(),
            "DOCKER_CONFIG", home.toString());
    assertThat(ConnectMain.run(variables)).startsWith("connected to docker");
  }

  @Test
  void context_isEnough(@TempDir Path home) throws Exception {
    String id = ConnectTest.contextId("gpu");
    Path meta = Files.createDirectories(home.resolve("contexts/meta/" + id));
    Files.writeString(
        meta.resolve("meta.json"),
        "{\"Name\":\"gpu\",\"Endpoints\":{\"docker\":{\"Host\":\"" + uri + "\"}}}");
    Path tls = Files.createDirectories(home.resolve("contexts/tls/" + id + "/docker"));
    for (String file : List.of("ca.pem", "cert.pem", "key.pem")) {
      Files.copy(certificates.client.resolve(file), tls.resolve(file));
    }
    assertThat(ConnectMain.run(Map.of("DOCKER_CONFIG", home.toString(), "DOCKER_CONTEXT", "gpu")))
        .startsWith("connected to docker");
  }

  @Test
  void keys_areReadInTheFormsThatToolsWrite() throws Exception {
    for (Path files :
        List.of(
            certificates.clientWithKey("pkcs1", "rsa -traditional"),
            certificates.clientWithKey("pkcs8", "pkcs8 -topk8 -nocrypt"),
            certificates.clientOnACurve())) {
      connect(uri, files);
    }
    assertThatThrownBy(
            () -> connect(uri, certificates.clientWithKey("locked", "rsa -aes128 -passout pass:x")))
        .hasMessageContaining("no private key without a password");
  }

  @Test
  void daemon_spokenToWithoutTls_saysThatItWantsIt() {
    fails(uri, null, DockerProblem.TLS_NEEDED);
  }

  @Test
  void daemon_ofAnUnknownAuthority_isNotTrusted() throws Exception {
    fails(uri, certificates.stranger(), DockerProblem.TLS_FAILED);
  }

  @Test
  void daemon_thatDoesNotKnowUs_isToldSo() throws Exception {
    fails(uri, certificates.nameless(), DockerProblem.TLS_FAILED);
  }

  @Test
  void daemon_withTheCertificateOfAnotherName_isNotTrusted() {
    fails(
        URI.create("tcp://localhost:" + uri.getPort()),
        certificates.client,
        DockerProblem.TLS_FAILED);
  }

  @Test
  void directory_withoutCertificates_isToldSo(@TempDir Path empty) {
    assertThatThrownBy(() -> connect(uri, empty))
        .isInstanceOf(DockerDaemonException.class)
        .hasMessageContaining("reading the certificates in " + empty)
        .hasMessageContaining("ca.pem");
  }

  private static void fails(URI address, @Nullable Path files, DockerProblem problem) {
    assertThatThrownBy(() -> connect(address, files))
        .isInstanceOf(DockerDaemonException.class)
        .hasMessageContaining(address.toString())
        .extracting(e -> ((DockerDaemonException) e).problem())
        .isEqualTo(problem);
  }

  private static void connect(URI address, @Nullable Path files) {
    DaemonClient.connect(DaemonAddress.of(address, files), Duration.ofSeconds(10)).close();
  }
}
