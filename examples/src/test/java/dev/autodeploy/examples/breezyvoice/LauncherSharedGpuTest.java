package dev.autodeploy.examples.breezyvoice;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.autodeploy.examples.standin.BreezyVoiceStandIn;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * The launcher with a GPU, for which its user makes a second deployment on the page. A round takes
 * some seconds; more of them with {@code -Dautodeploy.test.rounds=20}.
 */
@Tag("slow")
@Timeout(600)
@EnabledOnOs(OS.LINUX)
class LauncherSharedGpuTest {
  private static final int ROUNDS = Integer.getInteger("autodeploy.test.rounds", 2);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient client = HttpClient.newHttpClient();

  @Test
  void localProcesses_inTurn_areAllAnswered_andNeverTwoHaveTheGpu() throws Exception {
    try (LauncherProcess launcher = LauncherProcess.start("--gpus", "0");
        LauncherPage page = LauncherPage.open(launcher)) {
      String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
      Path arguments = Files.createTempFile("second", ".args"); // a form's field has a limit
      Files.writeString(arguments, "-cp " + System.getProperty("java.class.path"));
      String command =
          "exec '%s' -XX:TieredStopAtLevel=1 '@%s' %s"
              .formatted(java, arguments, BreezyVoiceStandIn.class.getName());
      page.deployForGpu0("none", Map.of("name", "second", "port", "0", "startCommand", command));

      int most = alternate(launcher, () -> holders(launcher).size());

      assertThat(most).as("instances with GPU 0 at once").isEqualTo(1);
      assertThat(page.gpus()).contains("swaps in the last day");
      assertThat(launcher.terminate()).isIn(0, 143);
      launcher.awaitNoChild("");
      Files.delete(arguments);
    }
  }

  @Test
  void containers_inTurn_areAllAnswered_andNeverTwoHaveTheGpu() throws Exception {
    String image = StandInImage.make();
    try (LauncherProcess launcher =
            LauncherProcess.start("--provider", "docker", "--image", image, "--gpus", "0");
        LauncherPage page = LauncherPage.open(launcher)) {
      Map<String, String> fields =
          Map.of(
              "name", "second",
              "image", image,
              "port", "8080",
              "startCommand", "cd /BreezyVoice && python api.py");
      page.deployForGpu0("image", fields);

      int most = alternate(launcher, () -> StandInImage.withGpu0(image));

      assertThat(most).as("containers with GPU 0 at once").isEqualTo(1);
      assertThat(page.gpus()).contains("swaps in the last day");
      assertThat(launcher.terminate()).isIn(0, 143);
      assertThat(StandInImage.withGpu0(image)).as("containers left").isZero();
    }
  }

  /** Asks both in turn, and returns the largest number of holders that was seen. */
  private int alternate(LauncherProcess launcher, IntSupplier holders) throws Exception {
    ScheduledExecutorService sampler = Executors.newSingleThreadScheduledExecutor();
    AtomicInteger most = new AtomicInteger();
    try {
      URI page = launcher.page();
      List<URI> links = List.of(launcher.link(), link(page, "second"));
      sampler.scheduleWithFixedDelay(
          () -> most.accumulateAndGet(holders.getAsInt(), Math::max), 0, 5, TimeUnit.MILLISECONDS);
      Duration longest = Duration.ZERO;
      for (int round = 0; round < ROUNDS; round++) {
        for (URI link : links) {
          long begun = System.nanoTime();
          assertThat(speak(link)).as("round %d, %s", round, link).isEqualTo(200);
          Duration took = Duration.ofNanos(System.nanoTime() - begun);
          longest = took.compareTo(longest) > 0 ? took : longest;
        }
      }
      assertThat(longest).as("the rest of a turn, a release and a start").isLessThan(bound(page));
      JsonNode gpus = get(page, "gpus");
      JsonNode gpu = gpus.get("gpus").get(0);
      assertThat(gpu.get("id").asText()).isEqualTo("0");
      assertThat(gpu.get("swaps").asInt()).isEqualTo(2 * ROUNDS - 1);
      assertThat(gpus.get("waiting")).isEmpty();
    } finally {
      sampler.shutdownNow();
      assertThat(sampler.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    }
    return most.get();
  }

  /**
   * What docs/gpus.md says: the rest of a turn, which is three starts, and a release and a start.
   */
  private Duration bound(URI page) throws Exception {
    double start = 0;
    for (JsonNode deployment : get(page, "deployments")) {
      start = Math.max(start, deployment.path("typicalStartSeconds").asDouble(10));
    }
    return Duration.ofMillis((long) (4000 * start)).plusSeconds(5); // of which 5 for the release
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

  private URI link(URI page, String name) throws Exception {
    return URI.create(get(page, "deployments/" + name).get("link").asText());
  }

  private JsonNode get(URI page, String what) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(page.resolve("/-/api/" + what)).build();
    return JSON.readTree(client.send(request, BodyHandlers.ofString()).body());
  }
}
