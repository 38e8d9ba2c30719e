package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The tests of where the daemon is: the environment and files that Docker's own client goes by. */
class ConnectTest {
  @TempDir private Path home;
  private Path docker;

  @BeforeEach
  void makeDirectory() throws IOException {
    docker = Files.createDirectories(home.resolve(".docker"));
  }

  @Test
  void nothingSet_meansTheDefaultSocket() {
    assertThat(address(Map.of()))
        .isEqualTo(new DaemonAddress(URI.create("unix:///var/run/docker.sock"), null));
    assertThat(address(Map.of("DOCKER_HOST", "", "DOCKER_CONTEXT", "default")))
        .isEqualTo(new DaemonAddress(URI.create("unix:///var/run/docker.sock"), null));
  }

  @Test
  void dockerHost_isASocketOrAHost() {
    assertThat(address(Map.of("DOCKER_HOST", "unix:///run/user/1000/docker.sock")).socket())
        .isEqualTo(Path.of("/run/user/1000/docker.sock"));
    DaemonAddress tcp = address(Map.of("DOCKER_HOST", "tcp://gpu1:4000"));
    assertThat(tcp).isEqualTo(new DaemonAddress(URI.create("tcp://gpu1:4000"), null));
    assertThat(address(Map.of("DOCKER_HOST", "tcp://gpu1")).port()).isEqualTo(2375);
  }

  @Test
  void dockerHost_winsOverContexts() throws IOException {
    context("gpu", "{\"Host\":\"tcp://gpu1:2376\"}");
    Files.writeString(docker.resolve("config.json"), "{\"currentContext\":\"gpu\"}");
    Map<String, String> variables =
        Map.of("DOCKER_HOST", "unix:///run/other.sock", "DOCKER_CONTEXT", "gpu");
    assertThat(address(variables).socket()).isEqualTo(Path.of("/run/other.sock"));
  }

  @Test
  void tlsVerify_namesTheCertificates() throws IOException {
    Map<String, String> verify = Map.of("DOCKER_HOST", "tcp://gpu1", "DOCKER_TLS_VERIFY", "1");
    assertThat(address(verify)).isEqualTo(new DaemonAddress(URI.create("tcp://gpu1"), docker));
    assertThat(address(verify).port()).isEqualTo(2376);
    Path elsewhere = Files.createDirectories(home.resolve("certificates"));
    assertThat(
            address(
                    Map.of(
                        "DOCKER_HOST", "tcp://gpu1",
                        "DOCKER_TLS_VERIFY", "1",
                        "DOCKER_CERT_PATH", elsewhere.toString()))
                .certificates())
        .isEqualTo(elsewhere);
    assertThat(
            address(Map.of("DOCKER_HOST", "tcp://gpu1", "DOCKER_CERT_PATH", elsewhere.toString()))
                .certificates())
        .as("without DOCKER_TLS_VERIFY")
        .isNull();
  }

  @Test
  void certificatePath_thatIsMissing_isToldSo() {
    DockerDaemonException problem =
        problem(
            Map.of(
                "DOCKER_HOST", "tcp://gpu1",
                "DOCKER_TLS_VERIFY", "1",
                "DOCKER_CERT_PATH", "/run/x/nope"));
    assertThat(problem.problem()).isEqualTo(DockerProblem.TLS_FAILED);
    assertThat(problem).hasMessageContaining("(DOCKER_CERT_PATH) /run/x/nope is no directory");
  }

  @Test
  void tlsWithoutACheckOfTheDaemon_isRefused_andNotTakenForNoTls() {
    assertThat(problem(Map.of("DOCKER_HOST", "tcp://gpu1:2376", "DOCKER_TLS", "1")))
        .hasMessageContaining("DOCKER_TLS_VERIFY=1");
  }

  @Test
  void context_isNamedByTheVariable_elseByTheConfiguration() throws IOException {
    context("gpu", "{\"Host\":\"tcp://gpu1:2375\"}");
    context("rootless", "{\"Host\":\"unix:///run/user/7/docker.sock\"}");
    Files.writeString(docker.resolve("config.json"), "{\"currentContext\":\"rootless\"}");
    assertThat(address(Map.of()).socket()).isEqualTo(Path.of("/run/user/7/docker.sock"));
    assertThat(address(Map.of("DOCKER_CONTEXT", "gpu")))
        .isEqualTo(new DaemonAddress(URI.create("tcp://gpu1:2375"), null));
    assertThat(address(Map.of("DOCKER_CONTEXT", "default")).socket())
        .isEqualTo(Path.of("/var/run/docker.sock"));
  }

  @Test
  void context_bringsItsCertificates() throws Exception {
    context("gpu", "{\"Host\":\"tcp://gpu1:2376\",\"SkipTLSVerify\":false}");
    Path tls =
        Files.createDirectories(docker.resolve("contexts/tls/" + contextId("gpu") + "/docker"));
    assertThat(address(Map.of("DOCKER_CONTEXT", "gpu")).certificates()).isEqualTo(tls);
  }

  @Test
  void directoryOfContexts_canBeElsewhere() throws IOException {
    docker = Files.createDirectories(home.resolve("elsewhere"));
    context("gpu", "{\"Host\":\"tcp://gpu1:2375\"}");
    assertThat(
            address(Map.of("DOCKER_CONFIG", docker.toString(), "DOCKER_CONTEXT", "gpu"))
                .uri()
                .getHost())
        .isEqualTo("gpu1");
  }

  @Test
  void context_thatIsMissing_isNotTakenForTheDefaultOne() throws IOException {
    DockerDaemonException missing = problem(Map.of("DOCKER_CONTEXT", "gone"));
    assertThat(missing.problem()).isEqualTo(DockerProblem.BAD_ADDRESS);
    assertThat(missing).hasMessageContaining("'gone'").hasMessageContaining("docker context ls");

    Files.writeString(docker.resolve("config.json"), "{\"currentContext\":\"gone\"}");
    assertThat(problem(Map.of()).problem()).isEqualTo(DockerProblem.BAD_ADDRESS);
  }

  @Test
  void context_thatCannotBeRead_isToldSo() throws IOException {
    Files.writeString(docker.resolve("config.json"), "{ half");
    assertThat(problem(Map.of()))
        .hasMessageContaining("config.json")
        .hasMessageContaining("not JSON");
    context("empty", "{}");
    assertThat(problem(Map.of("DOCKER_CONTEXT", "empty"))).hasMessageContaining("names no host");
    context("loose", "{\"Host\":\"tcp://gpu1:2376\",\"SkipTLSVerify\":true}");
    assertThat(problem(Map.of("DOCKER_CONTEXT", "loose")))
        .hasMessageContaining("check of the daemon's certificate");
  }

  @Test
  void configuration_thatIsNoJson_isNotRepeated_asItMayHoldSecrets() throws IOException {
    Files.writeString(
        docker.resolve("config.json"), "{\"auths\":{\"r\":\n{\"auth\":UnquotedSecret}}}");
    assertThat(problem(Map.of()))
        .hasMessageContaining("it is not JSON, see line 2, column ")
        .hasNoCause()
        .hasMessageContaining("config.json")
        .hasMessageNotContaining("Secret");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/run/my docker/d.sock", "/run/100%/d.sock", "/run/a#b?c/d.sock"})
  void socketOfAnyName_isTheFileOfThatName(String path) {
    assertThat(address(Map.of("DOCKER_HOST", "unix://" + path)).socket()).isEqualTo(Path.of(path));
    URI uri = DaemonAddress.parse("unix://" + path, null).uri();
    assertThat(DaemonAddress.of(uri, null).socket()).isEqualTo(Path.of(path));
  }

  @Test
  void socketWhosePathIsTooLong_isRefusedWithItsLength() throws IOException {
    assertThat(problem(Map.of("DOCKER_HOST", "unix:///" + "d".repeat(107))))
        .hasMessageContaining("its path has 108 bytes, and that of a socket at most 107");
    assertThat(address(Map.of("DOCKER_HOST", "unix:///" + "d".repeat(106))).isUnix()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "ssh://me@gpu1, 'ssh -nNT -L /tmp/docker-remote.sock:/var/run/docker.sock me@gpu1'",
    "ssh://gpu1:2222, '-p 2222 gpu1'",
    "npipe:////./pipe/docker_engine, only unix:// and tcp://",
    "http://gpu1:2375, only unix:// and tcp://",
    "fd://, only unix:// and tcp://",
    "unix://relative.sock, names no socket",
    "tcp://a b, names no host",
    "tcp://me@gpu1:2375, names no host",
    "tcp://gpu1:70000, its port is above 65535",
  })
  void address_thatCannotBeUsed_isRefusedWithAdvice(String host, String words) throws IOException {
    DockerDaemonException problem = problem(Map.of("DOCKER_HOST", host));
    assertThat(problem.problem()).isEqualTo(DockerProblem.BAD_ADDRESS);
    assertThat(problem).hasMessageContaining(host).hasMessageContaining(words);

    context("same", "{\"Host\":\"" + host + "\"}");
    assertThat(problem(Map.of("DOCKER_CONTEXT", "same"))).hasMessageContaining(words);
  }

  private DaemonAddress address(Map<String, String> variables) {
    return DaemonAddress.from(new DockerEnvironment(variables, home));
  }

  private @Nullable DockerDaemonException problem(Map<String, String> variables) {
    return catchThrowableOfType(DockerDaemonException.class, () -> address(variables));
  }

  private void context(String name, String endpoint) throws IOException {
    Path directory = Files.createDirectories(docker.resolve("contexts/meta/" + contextId(name)));
    Files.writeString(
        directory.resolve("meta.json"),
        "{\"Name\":\"" + name + "\",\"Metadata\":{},\"Endpoints\":{\"docker\":" + endpoint + "}}");
  }

  static String contextId(String name) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8)));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
