package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.DeploymentSpec;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A file's deployments are the file's, those of the page are the page's. */
@Timeout(60)
final class DeclaredTest {
  @TempDir Path directory;
  private final HttpClient client = HttpClient.newHttpClient();
  private AutoDeploy autoDeploy;
  private Console console;
  private ConsoleServer server;

  @BeforeEach
  void start() throws Exception {
    Path file =
        Files.writeString(
            directory.toRealPath().resolve("deployments.json"),
            "{\"deployments\": {\"voice\": {\"image\": \"a\", \"port\": 8080}}}");
    autoDeploy =
        AutoDeploy.builder()
            .provider(new InJvmProvider())
            .deploymentsFile(file)
            .releaseOnShutdown(false)
            .build();
    console = Console.builder(autoDeploy).actions(true).build();
    server = console.start(0);
  }

  @AfterEach
  void stop() {
    server.close();
    console.close();
    autoDeploy.close();
  }

  @Test
  void declaredDeployment_isShownAsThat_andNotChanged() throws Exception {
    assertThat(detail("voice").path("declaredIn").asText()).isEqualTo("deployments.json");

    HttpResponse<String> changed = change("PATCH", "voice", "{\"description\": \"mine\"}");
    HttpResponse<String> removed = change("DELETE", "voice", "");

    for (HttpResponse<String> refused : List.of(changed, removed)) {
      assertThat(refused.statusCode()).isEqualTo(409);
      assertThat(ConsoleJson.parse(refused.body()).path("type").asText()).endsWith("/declared");
      assertThat(refused.body()).contains("deployments.json");
    }
    assertThat(autoDeploy.deployment("voice").spec().description()).isEmpty();
  }

  @Test
  void deploymentOfThePage_isThePages() throws Exception {
    autoDeploy.deploy(DeploymentSpec.builder("mine").port(8080).build());
    assertThat(detail("mine").path("declaredIn").isNull()).isTrue();

    assertThat(change("PATCH", "mine", "{\"description\": \"mine\"}").statusCode()).isEqualTo(200);
    assertThat(change("DELETE", "mine", "").statusCode()).isIn(202, 204);
  }

  private JsonNode detail(String name) throws Exception {
    return ConsoleJson.parse(get("-/api/deployments/" + name));
  }

  private String get(String path) throws Exception {
    return client.send(request(path).build(), HttpResponse.BodyHandlers.ofString()).body();
  }

  private HttpResponse<String> change(String method, String name, String body) throws Exception {
    String token = ConsoleJson.parse(get("-/api/session")).path("token").asText();
    return client.send(
        request("-/api/deployments/" + name)
            .header("Content-Type", "application/json")
            .header(RequestGuard.TOKEN_HEADER, token)
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private HttpRequest.Builder request(String path) {
    URI uri = server.uri().resolve(path);
    return HttpRequest.newBuilder(uri);
  }
}
