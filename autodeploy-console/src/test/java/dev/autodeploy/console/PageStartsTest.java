package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.LocalProcessProvider;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.support.ui.Select;

/** Starts as the page shows them, in a real browser: fetched ahead, pulled, up, or failed. */
@Timeout(120)
@Tag("slow")
class PageStartsTest {
  @TempDir private Path directory;

  @Test
  void image_isFetchedAhead_andPulledLayerByLayer_thenTheInstanceStartsAndIsReady()
      throws Exception {
    try (ConsoleFixture f = new ConsoleFixture();
        Browser b = Browser.open("en-US,en")) {
      f.provider.pulls = true;
      f.provider.fetchTime = Duration.ofSeconds(60);
      f.autoDeploy.deploy(DeploymentSpec.builder("voice").image("app:1").port(8080).build());
      b.size(1280, 900, false).go(f.at("#/d/voice"));

      b.click("#do-prepare");
      b.untilText("main", "Fetching ahead");
      b.until(() -> layers(b) == 3, "a bar for each layer");
      b.untilText("#do-prepare", "Stop fetching");
      assertThat(f.provider.started).hasValue(0);
      b.click("#do-prepare");
      b.untilText("#do-prepare", "Fetch ahead");
      b.untilText(".events", "Fetching ahead failed: it was cancelled");
      b.untilText("#notices", "voice: no longer being fetched ahead");
      assertThat(b.driver.findElements(By.cssSelector(".notice.bad"))).isEmpty();

      f.provider.startTime = Duration.ofSeconds(4);
      f.provider.bootTime = Duration.ofSeconds(2);
      b.click("#do-start");
      b.until(() -> layers(b) == 3 && stage(b).equals("0"), "a bar for each layer, and the pull");
      b.until(() -> value(b, 1) > 20, "the second layer's bar to grow");
      assertThat(b.text("main")).contains("9fb3aa2f8b80").contains("pulling");
      b.wholePage("start-pulling");
      b.until(() -> stage(b).equals("1") && layers(b) == 0, "the start after the pull");
      b.untilText("table.instances", "waiting for requests");
      b.wholePage("start-ready");
      b.assertNoErrors();
    }
  }

  @Test
  void fieldsOfTheProbe_areAllOnTheForm_andComeBackAsTheyWereEntered() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture();
        Browser b = Browser.open("en-US,en")) {
      f.autoDeploy.deploy(DeploymentSpec.builder("voice").image("app:1").port(8080).build());
      b.size(1280, 900, false).go(f.at("#/edit/voice"));
      b.untilText("main h1", "Edit voice");
      b.click("details summary");
      b.type("#f-readiness", "/v1/models");
      new Select(b.find("#f-probeMethod")).selectByValue("POST");
      b.type("#f-probeTimeout", "30");
      b.type("#f-probeBody", "loaded");
      b.type("#f-probeHeaders", "Authorization: Bearer ${API_KEY}\nX-Team: voice");
      b.type("#f-environment", "API_KEY=secret");
      b.type("#f-probeInterval", "2");
      b.type("#f-probeThreshold", "3");
      b.click("#confirm");
      b.untilText(".settings", "/v1/models");

      JsonNode spec = f.json("-/api/deployments/voice").path("spec");
      JsonNode probe = spec.path("readiness");
      assertThat(probe.path("type").asText()).isEqualTo("http");
      assertThat(probe.path("path").asText()).isEqualTo("/v1/models");
      assertThat(probe.path("method").asText()).isEqualTo("POST");
      assertThat(probe.path("timeout").asText()).isEqualTo("PT30S");
      assertThat(probe.path("body").asText()).isEqualTo("loaded");
      assertThat(probe.at("/headers/Authorization").asText()).isEqualTo("Bearer ${API_KEY}");
      assertThat(probe.at("/headers/X-Team").asText()).as("masked").isEqualTo("***");
      assertThat(spec.path("probeInterval").asText()).isEqualTo("PT2S");
      assertThat(spec.path("probeThreshold").asInt()).isEqualTo(3);

      b.go(f.at("#/edit/voice"));
      b.untilText("main h1", "Edit voice");
      b.click("details summary");
      assertThat(b.find("#f-readiness").getDomProperty("value")).isEqualTo("/v1/models");
      assertThat(b.find("#f-probeMethod").getDomProperty("value")).isEqualTo("POST");
      assertThat(b.find("#f-probeTimeout").getDomProperty("value")).isEqualTo("30");
      assertThat(b.find("#f-probeBody").getDomProperty("value")).isEqualTo("loaded");
      assertThat(b.find("#f-probeHeaders").getDomProperty("value"))
          .contains("Authorization: Bearer ${API_KEY}")
          .contains("X-Team: ***");
      assertThat(b.find("#f-probeInterval").getDomProperty("value")).isEqualTo("2");
      assertThat(b.find("#f-probeThreshold").getDomProperty("value")).isEqualTo("3");
      b.wholePage("form-probe");
      b.assertNoErrors();
    }
  }

  @Test
  void snapshotsDialog_asksForANameAndWhetherVolumesAreInIt() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture();
        Browser b = Browser.open("en-US,en")) {
      f.autoDeploy.deploy(DeploymentSpec.builder("voice").image("app:1").port(8080).build());
      f.autoDeploy.deployment("voice").acquire(Duration.ofSeconds(20)).close();
      b.size(1280, 900, false).go(f.at("#/d/voice"));
      b.untilText("table.instances", "waiting for requests");

      b.click("#do-snapshot");
      b.untilText("dialog", "With what is in its volumes");
      assertThat(b.find("dialog input[maxlength]").getDomProperty("value")).startsWith("voice-20");
      assertThat(b.find("#ask-check").isSelected()).as("not unless asked for").isFalse();
      b.wholePage("snapshot-dialog");
      b.click("dialog button[value=no]");
      b.until(() -> b.driver.findElements(By.cssSelector("dialog")).isEmpty(), "the dialog to go");
      assertThat(f.provider.snapshots).isEmpty();

      b.click("#do-snapshot");
      b.type("dialog input[maxlength]", "cold");
      b.click("dialog button[value=yes]");
      b.untilText("#notices", "cold");
      assertThat(f.provider.snapshots)
          .singleElement()
          .satisfies(made -> assertThat(made.reference()).isEqualTo("cold"))
          .satisfies(made -> assertThat(made.leftOut()).isNotEmpty());

      b.click("#do-snapshot");
      b.type("dialog input[maxlength]", "warm");
      b.click("dialog label[for=ask-check]");
      b.click("dialog button[value=yes]");
      b.untilText("#notices", "warm");
      assertThat(f.provider.snapshots).hasSize(2);
      assertThat(f.provider.snapshots.get(1).reference()).isEqualTo("warm");
      assertThat(f.provider.snapshots.get(1).leftOut()).isEmpty();
      b.assertNoErrors();
    }
  }

  @Test
  void limits_areOnTheForm_andComeBackAsTheyWereEntered() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture();
        Browser b = Browser.open("en-US,en")) {
      b.size(1280, 900, false).go(f.at("#/new"));
      b.untilText("main h1", "New Deploy");
      b.type("#f-name", "voice");
      b.type("#f-image", "app:1");
      b.type("#f-port", "8080");
      b.click("details summary");
      b.type("#f-memoryBytes", "0.001");
      b.type("#f-cpus", "many");
      b.type("#f-maxProcesses", "3");
      b.type("#f-startTimeoutFactor", "0.5");
      b.click("#confirm");
      b.untilText("#e-memoryBytes", "memoryBytes must be 6291456 bytes or more");
      b.untilText("#e-cpus", "must be a number");
      b.untilText("#e-maxProcesses", "maxProcesses must be 10 or more");
      b.untilText("#e-startTimeoutFactor", "startTimeoutFactor must be 1 to 100");
      b.wholePage("form-limits");
      b.type("#f-startTimeout", "90");
      b.type("#f-startTimeoutFactor", "2.5");
      b.type("#f-memoryBytes", "1.5");
      b.type("#f-cpus", "2.5");
      b.type("#f-maxProcesses", "200");
      b.click("#confirm");
      b.untilText("main", "voice is deployed");

      JsonNode spec = f.json("-/api/deployments/voice").path("spec");
      assertThat(spec.path("memoryBytes").asLong()).isEqualTo(3L << 29);
      assertThat(spec.path("cpus").asDouble()).isEqualTo(2.5);
      assertThat(spec.path("maxProcesses").asInt()).isEqualTo(200);
      assertThat(spec.path("startTimeout").asText()).isEqualTo("PT1M30S");
      assertThat(spec.path("startTimeoutFactor").asDouble()).isEqualTo(2.5);
      b.go(f.at("#/d/voice"));
      b.untilText(".settings", "Memory of an instance, in GiB");
      b.untilText(".settings", "Longest start by its starts: 2.5");

      b.go(f.at("#/edit/voice"));
      b.untilText("main h1", "Edit voice");
      b.click("details summary");
      assertThat(b.find("#f-memoryBytes").getDomProperty("value")).isEqualTo("1.5");
      assertThat(b.find("#f-cpus").getDomProperty("value")).isEqualTo("2.5");
      assertThat(b.find("#f-startTimeout").getDomProperty("value")).isEqualTo("90");
      b.type("#f-startTimeout", "");
      b.type("#f-startTimeoutFactor", "");
      b.type("#f-memoryBytes", "");
      b.click("#confirm");
      b.untilText(".settings", "Processes of an instance");
      spec = f.json("-/api/deployments/voice").path("spec");
      assertThat(spec.path("memoryBytes").isNull()).isTrue();
      assertThat(spec.path("startTimeout").asText()).isEqualTo("PT10M");
      assertThat(spec.path("startTimeoutFactor").isNull()).isTrue();
      b.assertNoErrors();
    }
  }

  @Test
  void reasonOfAFailedStart_isTheFirstThingOneSees_ofARealProcess() throws Exception {
    String line = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.";
    try (AutoDeploy autoDeploy =
            AutoDeploy.builder()
                .provider(LocalProcessProvider.builder().directory(directory).build())
                .build();
        Console console = Console.builder(autoDeploy).actions(true).build();
        ConsoleServer server = console.start(0);
        Browser b = Browser.open("en-US,en")) {
      autoDeploy.deploy(
          DeploymentSpec.builder("voice")
              .port(0)
              .startCommand("echo loading; echo '" + line + "' >&2; exit 1")
              .startBackoff(Duration.ofMinutes(5), Duration.ofMinutes(5))
              .build());
      autoDeploy.deployment("voice").warmUp().exceptionally(e -> null).get();
      b.size(1280, 900, false).go(server.uri().resolve("#/d/voice"));

      b.untilText("section[role=alert]", "The last start failed");
      WebElement first = b.driver.findElements(By.cssSelector("main section")).get(0);
      assertThat(first.getText())
          .contains("The last start failed")
          .contains("exited with code 1")
          .contains("does not fit into the GPU's memory")
          .contains(line)
          .contains("Exit code 1.");
      b.wholePage("start-failed");
      b.assertNoErrors();
    }
  }

  private static int layers(Browser b) {
    return ((Number)
            b.script(
                "return [...document.querySelectorAll('li[data-state] progress')]"
                    + ".filter((p) => p.checkVisibility()).length"))
        .intValue();
  }

  private static double value(Browser b, int layer) {
    return ((Number)
            b.script(
                "return document.querySelectorAll('li[data-state] progress')[arguments[0]]?.value"
                    + " ?? 0",
                layer))
        .doubleValue();
  }

  /** The stage of a start that the page marks: 0 for the pull, 1 for the start. */
  private static String stage(Browser b) {
    return String.valueOf(
        b.script(
            "const all = [...document.querySelectorAll('.stages > *')];"
                + "return all.findIndex((s) => s.getAttribute('aria-current') === 'step');"));
  }
}
