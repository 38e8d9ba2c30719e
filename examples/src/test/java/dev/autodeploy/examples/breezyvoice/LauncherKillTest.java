package dev.autodeploy.examples.breezyvoice;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The launcher is killed outright, at random moments, and started again. */
@Tag("slow")
@Timeout(600)
class LauncherKillTest {
  private static final int ROUNDS = Integer.getInteger("autodeploy.kills", 5);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient client = HttpClient.newHttpClient();

  @Test
  void kill_atARandomMoment_leavesNoProcess_andLosesNeitherDeploymentNorCost(@TempDir Path state)
      throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    BigDecimal cost = BigDecimal.ZERO;
    for (int round = 0; round < ROUNDS; round++) {
      String where = "round " + round + " of seed " + seed;
      try (LauncherProcess launcher =
          LauncherProcess.start(
              "--state", state.toString(), "--price-per-hour", "3600", "--idle-timeout", "1s")) {
        URI link = launcher.link();
        JsonNode deployment = deployment(link);
        assertThat(deployment.get("name").asText()).isEqualTo("breezyvoice");
        assertThat(total(deployment)).as(where).isGreaterThanOrEqualTo(cost);

        client.sendAsync(speech(link), BodyHandlers.discarding());
        Thread.sleep(random.nextInt(3000)); // starting, speaking, idle, releasing, or gone
        cost = total(deployment(link));
        launcher.kill();

        launcher.awaitNoChild(" (" + where + ")");
      }
    }
    try (LauncherProcess launcher = LauncherProcess.start("--state", state.toString())) {
      assertThat(deployment(launcher.link()).get("name").asText()).isEqualTo("breezyvoice");
      launcher.terminate();
    }
  }

  private static HttpRequest speech(URI link) {
    return HttpRequest.newBuilder(URI.create(link + "/v1/audio/speech"))
        .POST(BodyPublishers.ofString("{\"input\":\"How are you?\"}"))
        .build();
  }

  private JsonNode deployment(URI link) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(link.resolve("/-/status")).build();
    JsonNode status = JSON.readTree(client.send(request, BodyHandlers.ofString()).body());
    return status.get("deployments").get(0);
  }

  private static BigDecimal total(JsonNode deployment) {
    return new BigDecimal(deployment.get("cost").get("total").asText());
  }
}
