package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceStartException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Credentials as {@code docker login} leaves them: in the configuration or with a helper. */
@Tag("slow")
@DisabledOnOs(OS.WINDOWS)
class RegistryLoginTest {
  /** Knows me:secret for one registry, as Docker's own helpers do. */
  private static final String HELPER =
      """
      #!/bin/sh
      read registry
      [ "$1" = get ] || exit 2
      if [ "$registry" = "KNOWN" ]; then
        echo '{"ServerURL":"KNOWN","Username":"me","Secret":"secret"}'
      else
        echo 'credentials not found in native keychain'
        exit 1
      fi
      """;

  private final TestRegistry registry = new TestRegistry();
  @TempDir private Path home;
  private Path programs;

  @BeforeEach
  void push() throws IOException {
    programs = Files.createDirectories(home.resolve("bin"));
    Files.createDirectories(home.resolve(".docker"));
    registry.push("1", 1000);
    registry.login = "me:secret";
  }

  @AfterEach
  void close() {
    registry.close();
  }

  @Test
  void passwordInTheConfiguration_opensTheRegistry() throws Exception {
    configure("{\"auths\":{\"" + registry.host() + "\":{\"auth\":\"" + basic() + "\"}}}");
    pull();
  }

  @Test
  void helperOfTheRegistry_opensIt() throws Exception {
    helper("test", HELPER);
    configure("{\"credHelpers\":{\"" + registry.host() + "\":\"test\"}}");
    pull();
  }

  @Test
  void helperOfAllRegistries_opensIt_andIsNotAskedWhereAnotherIsNamed() throws Exception {
    helper("test", HELPER);
    configure("{\"credsStore\":\"test\"}");
    pull();

    helper("stranger", "#!/bin/sh\nread registry\nexit 1\n");
    configure(
        "{\"credsStore\":\"test\",\"credHelpers\":{\"" + registry.host() + "\":\"stranger\"}}");
    assertThat(header(registry.host())).isNull();
  }

  @Test
  void helper_thatKnowsNothing_leavesThePullWithoutCredentials() throws Exception {
    helper("test", HELPER.replace("KNOWN", "registry.example"));
    configure("{\"credsStore\":\"test\"}");
    assertRefused();
  }

  @Test
  void helper_thatIsMissing_orWritesNonsense_leavesThePullWithoutCredentials() throws Exception {
    configure("{\"credsStore\":\"not-installed\"}");
    assertRefused();
    helper("odd", "#!/bin/sh\nread registry\necho '<html>secret-word'\n");
    configure("{\"credsStore\":\"odd\"}");
    assertThat(header(registry.host())).isNull();
  }

  @Test
  void helper_thatHangs_isGivenUp() throws Exception {
    helper("slow", "#!/bin/sh\nsleep 60\n");
    configure("{\"credsStore\":\"slow\"}");
    long begun = System.nanoTime();
    assertThat(header(registry.host())).isNull();
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
  }

  @Test
  void helper_thatGivesAToken_isUnderstood() throws Exception {
    helper("token", HELPER.replace("\"me\"", "\"<token>\""));
    configure("{\"credsStore\":\"token\"}");
    JsonNode header = header(registry.host());
    assertThat(header.path("identitytoken").asText()).isEqualTo("secret");
    assertThat(header.has("password")).isFalse();
  }

  @Test
  void credentials_ofOneRegistry_areNotShownToAnother() throws Exception {
    configure("{\"auths\":{\"" + registry.host() + "\":{\"auth\":\"" + basic() + "\"}}}");
    assertThat(header(registry.host()).path("password").asText()).isEqualTo("secret");
    assertThat(header("other:5000")).isNull();
    Map<String, DockerSettings.Credentials> own =
        Map.of("other:5000", new DockerSettings.Credentials("me", "secret"));
    RegistryLogins logins =
        new RegistryLogins(own, new DockerEnvironment(Map.of(), programs), Duration.ofSeconds(2));
    assertThat(logins.header("other:5000")).isNotEmpty();
    assertThat(logins.header(registry.host())).isEmpty();
  }

  @Test
  void secrets_areNeitherLoggedNorTold() throws Exception {
    PrintStream before = System.err;
    ByteArrayOutputStream logged = new ByteArrayOutputStream();
    System.setErr(new PrintStream(logged, true, StandardCharsets.UTF_8));
    try {
      helper("odd", "#!/bin/sh\nread registry\necho Unquoted0Secret\n");
      configure("{\"credsStore\":\"odd\"}");
      assertThat(header(registry.host())).isNull();
      configure("{\"auths\":{\"" + registry.host() + "\":{\"auth\":Unquoted1Secret}}}");
      assertThat(header(registry.host())).isNull();
      try (ProviderFixture docker =
          ProviderFixture.open(b -> b.registryCredentials(registry.host(), "me", "Wrong2Secret"))) {
        assertThatThrownBy(() -> docker.start(spec()))
            .isInstanceOf(InstanceStartException.class)
            .hasStackTraceContaining(DockerProblem.REGISTRY_AUTH.summary())
            .satisfies(e -> e.printStackTrace(System.err));
      }
    } finally {
      System.setErr(before);
    }
    assertThat(logged.toString(StandardCharsets.UTF_8))
        .as("that it went wrong is logged")
        .contains(home.toString())
        .doesNotContain("Secret");
    assertThat(new DockerSettings.Credentials("me", "secret").toString()).isEqualTo("me:***");
  }

  @Test
  void ownCredentials_winOverTheConfiguration() throws Exception {
    configure("{\"auths\":{\"" + registry.host() + "\":{\"auth\":\"bm86bm8=\"}}}");
    try (ProviderFixture docker =
        ProviderFixture.open(
            b ->
                b.environment(environment())
                    .registryCredentials(registry.host(), "me", "secret"))) {
      docker.release(docker.start(spec()));
    }
    removeImage();
  }

  private void pull() {
    removeImage();
    try (ProviderFixture docker = ProviderFixture.open(b -> b.environment(environment()))) {
      docker.release(docker.start(spec()));
    }
    removeImage();
  }

  private void assertRefused() {
    try (ProviderFixture docker = ProviderFixture.open(b -> b.environment(environment()))) {
      assertThatThrownBy(() -> docker.start(spec()))
          .isInstanceOf(InstanceStartException.class)
          .extracting(e -> ((DockerDaemonException) e.getCause()).problem())
          .isEqualTo(DockerProblem.REGISTRY_AUTH);
    }
  }

  private void removeImage() {
    try (DaemonClient client = TestDaemon.client()) {
      client.removeImage(spec().image());
    }
  }

  private @Nullable JsonNode header(String name) throws IOException {
    String header =
        new RegistryLogins(Map.of(), environment(), Duration.ofSeconds(2))
            .header(name)
            .get("X-Registry-Auth");
    return header == null
        ? null
        : DaemonClient.JSON.readTree(Base64.getUrlDecoder().decode(header));
  }

  private DeploymentSpec spec() {
    return ProviderFixture.web().image(registry.host() + "/login:1").build();
  }

  /** The daemon is where it is for everybody; the rest is the test's. */
  private DockerEnvironment environment() {
    Map<String, String> variables = new java.util.HashMap<>();
    String host = DockerEnvironment.ofProcess().get("DOCKER_HOST");
    if (host != null) {
      variables.put("DOCKER_HOST", host);
    }
    variables.put("PATH", programs + ":/usr/bin:/bin");
    return new DockerEnvironment(variables, home);
  }

  private void configure(String json) throws IOException {
    Files.writeString(home.resolve(".docker/config.json"), json);
  }

  private void helper(String name, String script) throws IOException {
    Programs.script(
        programs.resolve("docker-credential-" + name), script.replace("KNOWN", registry.host()));
  }

  private static String basic() {
    return Base64.getEncoder().encodeToString("me:secret".getBytes(StandardCharsets.UTF_8));
  }
}
