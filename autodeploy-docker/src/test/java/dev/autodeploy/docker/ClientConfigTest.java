package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.ProviderInstance;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The configuration of Docker's own client: what it says holds here too. */
class ClientConfigTest {
  /** The keys that the client's file may have, version 28. */
  private static final List<String> KEYS =
      List.of(
          "auths",
          "HttpHeaders",
          "psFormat",
          "imagesFormat",
          "networksFormat",
          "pluginsFormat",
          "volumesFormat",
          "statsFormat",
          "detachKeys",
          "credsStore",
          "credHelpers",
          "serviceInspectFormat",
          "servicesFormat",
          "tasksFormat",
          "secretFormat",
          "configFormat",
          "nodesFormat",
          "pruneFilters",
          "proxies",
          "currentContext",
          "cliPluginsExtraDirs",
          "plugins",
          "aliases",
          "features",
          "experimental");

  /** The variables that the client documents, those of the language that it is written in, too. */
  private static final List<String> VARIABLES =
      List.of(
          "DOCKER_HOST",
          "DOCKER_CONTEXT",
          "DOCKER_CONFIG",
          "DOCKER_CERT_PATH",
          "DOCKER_TLS_VERIFY",
          "DOCKER_TLS",
          "DOCKER_AUTH_CONFIG",
          "DOCKER_CUSTOM_HEADERS",
          "DOCKER_API_VERSION",
          "DOCKER_DEFAULT_PLATFORM",
          "DOCKER_CONTENT_TRUST",
          "DOCKER_CONTENT_TRUST_SERVER",
          "DOCKER_BUILDKIT",
          "BUILDKIT_PROGRESS",
          "DOCKER_HIDE_LEGACY_COMMANDS",
          "NO_COLOR",
          "HTTP_PROXY",
          "HTTPS_PROXY",
          "NO_PROXY");

  private static final Pattern KEY = Pattern.compile("`([A-Za-z_]+)`");

  @TempDir private Path home;

  @BeforeEach
  void makeDirectory() throws IOException {
    Files.createDirectories(home.resolve(".docker"));
  }

  @Test
  void everyKeyAndVariable_isUsed_orThePageSaysWhyNot() throws IOException {
    List<String> told = new ArrayList<>();
    String page = Files.readString(Path.of("../docs/providers.md"));
    String section = page.substring(page.indexOf("### Docker's client"));
    for (String row : section.substring(0, section.indexOf("\n### ", 10)).split("\n", -1)) {
      if (row.startsWith("| `")) {
        String[] cells = row.split("\\|", 0);
        assertThat(cells).as(row).hasSize(4);
        assertThat(cells[2].strip()).as(row).isIn("yes", "no");
        assertThat(cells[3]).as(row).isNotBlank();
        Matcher key = KEY.matcher(cells[1]);
        while (key.find()) {
          told.add(key.group(1));
        }
      }
    }
    List<String> all = new ArrayList<>(KEYS);
    all.addAll(VARIABLES);
    assertThat(told).containsExactlyInAnyOrderElementsOf(all);
  }

  @Test
  void proxies_reachTheContainer_asDockerRunSetsThem() throws Exception {
    configure(
        """
        {"proxies":{"default":{"httpProxy":"http://proxy:3128","httpsProxy":"http://proxy:3129",
          "noProxy":"localhost,.example"}}}
        """);
    try (ProviderFixture docker = ProviderFixture.open(b -> b.environment(environment(Map.of())))) {
      DeploymentSpec spec =
          ProviderFixture.web()
              .startCommand("env > /tmp/env; " + ProviderFixture.SERVE)
              .environment("https_proxy", "http://mine:1")
              .build();
      ProviderInstance instance = docker.ready(spec);

      assertThat(ProviderFixture.get(instance.endpoint().resolve("/cgi-bin/env")).lines())
          .contains(
              "HTTP_PROXY=http://proxy:3128",
              "http_proxy=http://proxy:3128",
              "HTTPS_PROXY=http://proxy:3129",
              "https_proxy=http://mine:1",
              "NO_PROXY=localhost,.example",
              "no_proxy=localhost,.example");
      docker.release(instance);
    }
  }

  @Test
  void proxies_ofOneDaemon_winOverTheDefault() throws IOException {
    configure(
        """
        {"proxies":{"tcp://gpu1:2376":{"allProxy":"socks5://a:1","ftpProxy":"http://f:2"},
          "default":{"httpProxy":"http://b:2"}}}
        """);
    ClientConfig config = new ClientConfig(environment(Map.of()));

    assertThat(config.proxies(DaemonAddress.of(URI.create("tcp://gpu1:2376"), null)))
        .containsOnlyKeys("ALL_PROXY", "all_proxy", "FTP_PROXY", "ftp_proxy");
    assertThat(config.proxies(DaemonAddress.of(URI.create("unix:///run/d.sock"), null)))
        .containsOnlyKeys("HTTP_PROXY", "http_proxy");
  }

  @Test
  void headers_areSentWithEveryRequest_butNoneThatTheClientSetsItself() throws IOException {
    configure("{\"HttpHeaders\":{\"X-Team\":\"speech\",\"User-Agent\":\"x\",\"Bad\":\"a\\nb\"}}");

    assertThat(new ClientConfig(environment(Map.of())).headers())
        .containsExactly(Map.entry("X-Team", "speech"));
    assertThat(
            new ClientConfig(environment(Map.of("DOCKER_CUSTOM_HEADERS", "A=1, B=2=3,nonsense")))
                .headers())
        .containsOnly(Map.entry("A", "1"), Map.entry("B", "2=3"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{ half", "[]", "{\"proxies\":7,\"HttpHeaders\":[1]}", ""})
  void file_thatIsNoConfiguration_isLeftOut(String content) throws IOException {
    configure(content);
    ClientConfig config = new ClientConfig(environment(Map.of()));

    assertThat(config.headers()).isEmpty();
    assertThat(config.proxies(DaemonAddress.of(URI.create("tcp://a"), null))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "gpu1:2375, tcp://gpu1:2375, gpu1, 2375, ''",
    ":4000, tcp://localhost:4000, localhost, 4000, ''",
    "tcp://, tcp://localhost, localhost, 2375, ''",
    "tcp://gpu_1, tcp://gpu_1, gpu_1, 2375, ''",
    "TCP://gpu_1.lan:99/, tcp://gpu_1.lan:99, gpu_1.lan, 99, ''",
    "tcp://[::1]:2376, tcp://[::1]:2376, [::1], 2376, ''",
    "tcp://proxy/docker/a, tcp://proxy/docker/a, proxy, 2375, /docker/a",
  })
  void host_isReadAsDockerReadsIt(String text, String uri, String host, int port, String path) {
    DaemonAddress address = DaemonAddress.from(environment(Map.of("DOCKER_HOST", text)));

    assertThat(address.toString()).isEqualTo(uri);
    assertThat(address.host()).isEqualTo(host);
    assertThat(address.port()).isEqualTo(port);
    assertThat(address.basePath()).isEqualTo(path);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"HOST\":{\"auth\":\"bWU6c2VjcmV0\"}}",
        "{\"https://HOST\":{\"auth\":\"bWU6c2VjcmV0\"}}",
        "{\"http://HOST/v1/\":{\"auth\":\"bWU6c2VjcmV0AAA=\"}}",
        "{\"HOST/v2/\":{\"username\":\"me\",\"password\":\"secret\"}}",
      })
  void credentials_areFound_whicheverWayTheyAreWritten(String auths) throws IOException {
    configure("{\"auths\":" + auths.replace("HOST", "registry.lan:5000") + "}");

    assertThat(login("registry.lan:5000", Map.of()).path("username").asText()).isEqualTo("me");
    assertThat(login("registry.lan:5000", Map.of()).path("password").asText()).isEqualTo("secret");
    assertThat(login("registry.lan", Map.of())).isNull();
  }

  @Test
  void token_isSentBesideTheUser_asRegistriesOfCloudsNeedIt() throws IOException {
    configure(
        "{\"auths\":{\"r.lan\":{\"auth\":\"MDAwOg==\",\"identitytoken\":\"t\"},"
            + "\"s.lan\":{\"registrytoken\":\"u\"}}}");

    assertThat(login("r.lan", Map.of()).path("identitytoken").asText()).isEqualTo("t");
    assertThat(login("s.lan", Map.of()).path("registrytoken").asText()).isEqualTo("u");
  }

  @Test
  void variable_winsOverTheFile_forWhatItNames() throws IOException {
    configure("{\"auths\":{\"r.lan\":{\"auth\":\"YTpi\"},\"s.lan\":{\"auth\":\"YTpi\"}}}");
    Map<String, String> variable =
        Map.of("DOCKER_AUTH_CONFIG", "{\"auths\":{\"r.lan\":{\"auth\":\"bWU6c2VjcmV0\"}}}");

    assertThat(login("r.lan", variable).path("username").asText()).isEqualTo("me");
    assertThat(login("s.lan", variable).path("username").asText()).isEqualTo("a");
  }

  @ParameterizedTest
  @ValueSource(strings = {"!!", "bWU=", "OnNlY3JldA=="})
  void credentials_thatAreNone_areLeftOut(String auth) throws IOException {
    configure("{\"auths\":{\"r.lan\":{\"auth\":\"" + auth + "\"}}}");
    assertThat(login("r.lan", Map.of())).isNull();
  }

  private @Nullable JsonNode login(String registry, Map<String, String> variables)
      throws IOException {
    String header =
        new RegistryLogins(Map.of(), environment(variables))
            .header(registry)
            .get("X-Registry-Auth");
    return header == null
        ? null
        : DaemonClient.JSON.readTree(
            new String(Base64.getUrlDecoder().decode(header), StandardCharsets.UTF_8));
  }

  private DockerEnvironment environment(Map<String, String> variables) {
    Map<String, String> all = new java.util.HashMap<>(variables);
    String host = DockerEnvironment.ofProcess().get("DOCKER_HOST");
    if (host != null) {
      all.putIfAbsent("DOCKER_HOST", host);
    }
    return new DockerEnvironment(all, home);
  }

  private void configure(String json) throws IOException {
    Files.writeString(home.resolve(".docker/config.json"), json);
  }
}
