package shop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.DeploymentState;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.test.context.SpringBootTest;

/** The whole application, on a port, with a real instance. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ShopApplicationTest {
  private static final String SPEECH = "/d/breezyvoice/v1/audio/speech";

  @Autowired AutoDeploy autoDeploy;

  @Value("${local.server.port}")
  int port;

  private final HttpClient http = HttpClient.newHttpClient();

  private HttpResponse<String> send(String user, String path, String body) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://localhost:" + port + path));
    if (!user.isEmpty()) {
      byte[] credentials = (user + ":" + user).getBytes(StandardCharsets.UTF_8);
      request.header("Authorization", "Basic " + Base64.getEncoder().encodeToString(credentials));
    }
    if (!body.isEmpty()) {
      request.header("Content-Type", "text/plain").POST(HttpRequest.BodyPublishers.ofString(body));
    }
    return http.send(
        request.build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.ISO_8859_1));
  }

  private DeploymentState state() {
    return autoDeploy.deployment("breezyvoice").status().state();
  }

  @Test
  @Order(1)
  void whoMayNot_wakesNothing() throws Exception {
    assertThat(send("", SPEECH, "hello").statusCode()).isEqualTo(401);
    assertThat(send("", "/announcements", "hello").statusCode()).isEqualTo(401);
    for (String path : List.of("/autodeploy/", "/actuator/autodeploy", "/-/status")) {
      assertThat(send("", path, "").statusCode()).as(path).isEqualTo(401);
      assertThat(send("caller", path, "").statusCode()).as(path).isEqualTo(403);
      assertThat(send("operator", path, "").statusCode()).as(path).isEqualTo(200);
    }
    assertThat(state()).isEqualTo(DeploymentState.STANDBY);
  }

  @Test
  @Order(2)
  void firstRequest_isHeldAndAnswered() throws Exception {
    HttpResponse<String> spoken = send("caller", SPEECH, "hello");

    assertThat(spoken.statusCode()).as(spoken.body()).isEqualTo(200);
    assertThat(spoken.body()).startsWith("RIFF");
    assertThat(send("operator", "/actuator/autodeploy/breezyvoice", "").body()).contains("RUNNING");
    assertThat(send("operator", "/actuator/metrics/autodeploy.cold.starts", "").body())
        .contains("\"value\":1.0");
  }

  @Test
  @Order(3)
  void ownCode_speaksByTheSameInstance() throws Exception {
    HttpResponse<String> spoken = send("caller", "/announcements", "the shop closes");

    assertThat(spoken.statusCode()).isEqualTo(200);
    assertThat(spoken.headers().firstValue("Content-Type")).hasValue("audio/wav");
    assertThat(spoken.body()).startsWith("RIFF");
  }
}
