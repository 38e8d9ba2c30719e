package dev.autodeploy.examples.breezyvoice;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.examples.standin.BreezyVoiceStandIn;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The launcher with a GPU, for which its user makes a second deployment by the page's API. */
@Tag("slow")
@Timeout(600)
@EnabledOnOs(OS.LINUX)
class LauncherSharedGpuTest {
  private static final int ROUNDS = Integer.getInteger("autodeploy.test.rounds", 20);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient client = HttpClient.newHttpClient();

  @Test
  void requestsForBoth_inTurn_areAllAnswered_andNeverTwoHaveTheGpu() throws Exception {
    ScheduledExecutorService sampler = Executors.newSingleThreadScheduledExecutor();
    try (LauncherProcess launcher = LauncherProcess.start("--gpus", "0")) {
      URI first = launcher.link();
      URI page = launcher.page();
      URI second = make(page, "second");
      AtomicInteger most = new AtomicInteger();
      sampler.scheduleWithFixedDelay(
          () -> most.accumulateAndGet(holders(launcher).size(), Math::max),
          0,
          5,
          TimeUnit.MILLISECONDS);

      for (int round = 0; round < ROUNDS; round++) {
        assertThat(speak(first)).as("round %d, first", round).isEqualTo(200);
        assertThat(speak(second)).as("round %d, second", round).isEqualTo(200);
      }

      assertThat(most.get()).as("instances with GPU 0 at once").isEqualTo(1);
      JsonNode gpu = get(page, "gpus").get("gpus").get(0);
      assertThat(gpu.get("id").asText()).isEqualTo("0");
      assertThat(gpu.get("swaps").asInt()).isEqualTo(2 * ROUNDS - 1);
      assertThat(get(page, "gpus").get("waiting")).isEmpty();
      assertThat(launcher.terminate()).isIn(0, 143);
      launcher.awaitNoChild("");
    } finally {
      sampler.shutdownNow();
    }
  }

  /** Returns the ports of the instances that have GPU 0 at this moment. */
  private static Set<String> holders(LauncherProcess launcher) {
    Set<String> ports = new HashSet<>();
    for (ProcessHandle child : launcher.children()) {
      try {
        String environment =
            Files.readString(
                Path.of("/proc/" + child.pid() + "/environ"), StandardCharsets.ISO_8859_1);
        if (environment.contains("CUDA_VISIBLE_DEVICES=0\0")) {
          int at = environment.indexOf("\0PORT=");
          ports.add(environment.substring(at, environment.indexOf('\0', at + 1)));
        }
      } catch (IOException | RuntimeException e) {
        // It has ended meanwhile.
      }
    }
    return ports;
  }

  private int speak(URI link) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(link + "/v1/audio/speech"))
            .POST(BodyPublishers.ofString("{\"input\":\"How are you?\"}"))
            .build();
    return client.send(request, BodyHandlers.discarding()).statusCode();
  }

  /** Makes a deployment as the page does; returns its link. */
  private URI make(URI page, String name) throws Exception {
    ObjectNode spec = JSON.createObjectNode();
    spec.put("name", name).put("port", 0).put("concurrency", 1);
    spec.putObject("gpu").putArray("ids").add("0");
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String standIn = BreezyVoiceStandIn.class.getName();
    spec.put(
        "startCommand",
        "exec '%s' -XX:TieredStopAtLevel=1 -cp '%s' %s"
            .formatted(java, System.getProperty("java.class.path"), standIn));
    HttpRequest request =
        HttpRequest.newBuilder(page.resolve("/-/api/deployments"))
            .header("Content-Type", "application/json")
            .header("X-AutoDeploy-Token", get(page, "session").get("token").asText())
            .POST(BodyPublishers.ofString(spec.toString()))
            .build();
    HttpResponse<String> made = client.send(request, BodyHandlers.ofString());
    assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
    return URI.create(JSON.readTree(made.body()).get("link").asText());
  }

  private JsonNode get(URI page, String what) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(page.resolve("/-/api/" + what)).build();
    return JSON.readTree(client.send(request, BodyHandlers.ofString()).body());
  }
}
