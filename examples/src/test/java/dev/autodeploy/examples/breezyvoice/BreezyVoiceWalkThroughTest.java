package dev.autodeploy.examples.breezyvoice;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The walk-through of the README, on the launcher as a process of its own. */
@Timeout(180)
class BreezyVoiceWalkThroughTest {
  private final HttpClient client = HttpClient.newHttpClient();

  @Test
  void firstRequest_startsAnInstance_andIsAnsweredWithSpeech_andTheInstanceIsReleasedAfterwards()
      throws Exception {
    try (LauncherProcess launcher =
        LauncherProcess.start("--idle-timeout", "2s", "--price-per-hour", "3600")) {
      URI link = launcher.link();
      assertThat(status(link)).contains("\"STANDBY\"").doesNotContain("RUNNING");
      launcher.awaitNoChild(" before the first request"); // it may be asking nvidia-smi

      HttpResponse<byte[]> speech = speak(link);

      assertThat(speech.statusCode()).isEqualTo(200);
      assertThat(speech.headers().firstValue("Content-Type")).contains("audio/wav");
      try (AudioInputStream audio =
          AudioSystem.getAudioInputStream(new ByteArrayInputStream(speech.body()))) {
        AudioFormat format = audio.getFormat();
        assertThat(format.getSampleRate()).isEqualTo(22_050f);
        assertThat(audio.getFrameLength() / format.getFrameRate()).isBetween(3f, 8f);
      }
      assertThat(status(link)).contains("\"RUNNING\"");
      assertThat(launcher.children()).isNotEmpty();
      launcher.awaitLine("RUNNING after ");

      launcher.awaitLine("STANDBY: released after 2 s idle, ");
      assertThat(status(link)).contains("\"STANDBY\"");
      launcher.awaitNoChild("");
      // At 1 USD a second the cost is the life of the instance: 2 s idle and a little more.
      String line =
          launcher.output().stream().filter(l -> l.contains("STANDBY: released")).findFirst().get();
      double cost =
          Double.parseDouble(line.replaceFirst(".*idle, ", "").replaceFirst(" USD.*", ""));
      assertThat(cost).isBetween(2.0, 60.0);
    }
  }

  @Test
  void page_isOnAnOriginOfItsOwn_andTheLinkPointsToIt() throws Exception {
    try (LauncherProcess launcher = LauncherProcess.start()) {
      URI link = launcher.link();
      URI page = launcher.page();
      assertThat(page.getPort()).isNotEqualTo(link.getPort());
      assertThat(get(page).body()).contains("<title>Auto Deploy</title>");
      assertThat(get(page.resolve("-/api/session")).body()).contains("\"actions\":true");

      HttpResponse<String> root = get(link.resolve("/"));
      assertThat(root.statusCode()).isEqualTo(302);
      assertThat(root.headers().firstValue("Location")).contains(page.toString());
      assertThat(get(link.resolve("/-/api/session")).statusCode()).isEqualTo(404);
      assertThat(get(link.resolve("/-/status")).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void linkPorts_onNetty_giveTheLinkAPortOfItsOwn() throws Exception {
    try (LauncherProcess launcher =
        LauncherProcess.start("--front", "netty", "--link-ports", "30200-30299")) {
      URI link = launcher.link();

      assertThat(link.getPort()).isBetween(30_200, 30_299);
      assertThat(link.getPath()).isEmpty();
      assertThat(speak(link).statusCode()).isEqualTo(200);
      launcher.awaitLine("Status");
    }
  }

  @Test
  void term_whileAnInstanceRuns_releasesItBeforeTheLauncherEnds() throws Exception {
    try (LauncherProcess launcher = LauncherProcess.start()) {
      URI link = launcher.link();
      assertThat(speak(link).statusCode()).isEqualTo(200);
      assertThat(launcher.children()).anyMatch(ProcessHandle::isAlive);

      launcher.terminate();

      launcher.awaitNoChild("");
      launcher.awaitLine("Everything is released.");
    }
  }

  @Test
  void term_whileAnInstanceStarts_releasesItBeforeTheLauncherEnds() throws Exception {
    try (LauncherProcess launcher = LauncherProcess.start("--start-delay", "30s")) {
      URI link = launcher.link();
      client.sendAsync(request(link), BodyHandlers.ofByteArray());
      launcher.awaitLine("IDLE: starting");
      launcher.await("a child", () -> !launcher.children().isEmpty());

      launcher.terminate();

      launcher.awaitNoChild("");
    }
  }

  private HttpResponse<byte[]> speak(URI link) throws Exception {
    return client.send(request(link), BodyHandlers.ofByteArray());
  }

  private static HttpRequest request(URI link) {
    return HttpRequest.newBuilder(URI.create(link + "/v1/audio/speech"))
        .timeout(Duration.ofSeconds(60))
        .header("Authorization", "Bearer sk-template")
        .header("Content-Type", "application/json")
        .POST(
            BodyPublishers.ofString(
                "{\"model\":\"tts-1\",\"voice\":\"alloy\",\"input\":\"How about playing basketball"
                    + " after school? The weather looks great today.\"}"))
        .build();
  }

  private String status(URI link) throws Exception {
    return get(link.resolve("/-/status")).body();
  }

  private HttpResponse<String> get(URI address) throws Exception {
    return client.send(HttpRequest.newBuilder(address).build(), BodyHandlers.ofString());
  }
}
