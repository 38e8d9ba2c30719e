package dev.autodeploy.console;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.spi.InstanceExit;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openqa.selenium.By;

/**
 * Every screen in every dress: nothing sticks out and no script fails. The pictures are left in
 * {@code target/screens}, for people to look at.
 */
@Timeout(300)
@Tag("slow")
class PageScreensTest {
  private static final DeploymentSpec VOICE =
      DeploymentSpec.builder("breezyvoice")
          .description("Mandarin text to speech for the reading room")
          .image("breezyvoice:latest")
          .gpu(GpuRequest.count(1).model("NVIDIA GeForce RTX 4090"))
          .port(8080)
          .startCommand("cd /BreezyVoice && python api.py")
          .idleTimeout(Duration.ofMinutes(5))
          .maxInstances(2)
          .concurrency(1)
          .environment("HF_TOKEN", "hf_not_shown")
          .pricePerHour(Money.of("0.49", "USD"))
          .build();
  private static final DeploymentSpec IMAGES =
      DeploymentSpec.builder("sdxl-turbo")
          .description("Illustrations for the weekly letter")
          .image("sdxl-turbo:1.2")
          .gpu(GpuRequest.count(1))
          .port(7860)
          .pricePerHour(Money.of("0.49", "USD"))
          .build();
  private static final DeploymentSpec WORDS =
      DeploymentSpec.builder("whisper-large")
          .description("Transcripts of recorded meetings")
          .snapshot("whisper-warm")
          .gpu(GpuRequest.count(1))
          .port(9000)
          .pricePerHour(Money.of("0.49", "USD"))
          .build();
  private static final DeploymentSpec BROKEN =
      DeploymentSpec.builder("llama-chat")
          .description("Chat for the help desk")
          .image("vllm/vllm-openai:latest")
          .startCommand("vllm serve /models/llama-70b")
          .port(8000)
          .startBackoff(Duration.ofMinutes(30), Duration.ofHours(1))
          .pricePerHour(Money.of("0.98", "USD"))
          .build();

  private static PastStore past() {
    Instant now = Instant.now();
    Instant born = now.minus(Duration.ofDays(9));
    PastStore store = new PastStore();
    Random random = new Random(7);
    for (DeploymentSpec spec : List.of(VOICE, IMAGES, WORDS, BROKEN)) {
      store.deployment(spec, born);
      if (spec.equals(BROKEN)) {
        continue;
      }
      Instant at = born;
      for (int i = 0; at.isBefore(now.minus(Duration.ofHours(3))); i++) {
        Duration starting = Duration.ofSeconds(25 + random.nextInt(30));
        Duration busy = Duration.ofSeconds(60 + random.nextInt(900));
        Duration whole = starting.plus(busy).plusMinutes(5);
        store.instance(spec, "%08x".formatted(i), at, starting, busy, whole);
        at = at.plus(whole).plus(Duration.ofMinutes(30 + random.nextInt(600)));
      }
    }
    Duration starting = Duration.ofSeconds(41);
    Instant recently = now.minus(Duration.ofMinutes(47));
    store.instance(
        VOICE, "7c2e19af", recently, starting, Duration.ofMinutes(6), Duration.ofMinutes(14));
    return store;
  }

  private static void call(URI link) throws Exception {
    HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create(link + "/v1/audio/speech")).build(),
            HttpResponse.BodyHandlers.discarding());
  }

  @Test
  void everyScreen_fitsAndRuns() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture(b -> b.actions(true), past())) {
      f.provider.firstLines =
          List.of(
              "INFO:     Started server process [1]",
              "INFO:     Waiting for application startup.",
              "Loading BreezyVoice from /models/breezyvoice (2.1 GB)",
              "INFO:     Application startup complete.");
      f.provider.failing.put(
          "llama-chat",
          new InstanceExit(
              137,
              true,
              List.of(
                  "INFO 11-23 13:27:48 Loading weights from /models/llama-70b",
                  "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.10 GiB."),
              null,
              null));
      f.autoDeploy.deployment("llama-chat").warmUp().exceptionally(e -> null).get();
      f.provider.answerTime = Duration.ofMillis(1200);
      for (int i = 0; i < 3; i++) {
        call(f.link(f.autoDeploy.deployment("breezyvoice")));
        Thread.sleep(1200);
      }
      f.provider.startTime = Duration.ofMinutes(20); // longer than all pictures take
      f.provider.pulls = true;
      f.autoDeploy.deployment("sdxl-turbo").warmUp();
      try (Browser browser = Browser.open("en-US,en")) {
        everyDress(f, browser);
      }
      try (Browser browser = Browser.open("ja")) {
        pictures(f, browser.size(1280, 900, false), "desktop-light-ja");
      }
    }
  }

  @Test
  void signIn_andAudit_inEveryDress() throws Exception {
    try (Browser browser = Browser.open("en-US,en")) {
      for (boolean dark : new boolean[] {false, true}) {
        signInAndAudit(browser.size(1280, 800, dark), dark ? "desktop-dark" : "desktop-light");
        signInAndAudit(browser.size(390, 844, dark), dark ? "phone-dark" : "phone-light");
      }
    }
    try (Browser browser = Browser.open("ja")) {
      signInAndAudit(browser.size(1280, 800, false), "desktop-light-ja");
    }
  }

  private static void signInAndAudit(Browser b, String dress) throws Exception {
    try (ConsoleFixture f =
        new ConsoleFixture(c -> c.actions(true).signIn(SignInTest.users()), past())) {
      signInAndAudit(f, b, dress);
    }
  }

  private static void signInAndAudit(ConsoleFixture f, Browser b, String dress) throws Exception {
    b.go(f.server.uri());
    b.find("#sign-in");
    b.type("#user-name", "mei");
    picture(b, "sign-in-" + dress);
    b.type("#password", "not my password");
    b.click("#sign-in");
    b.until(() -> !b.find("#sign-in-error").getText().isEmpty(), "an error");
    b.wholePage("sign-in-wrong-" + dress);
    b.type("#password", SignInTest.PASSWORD);
    b.click("#sign-in");
    b.untilText("#user", "mei");
    b.go(f.at("#/d/whisper-large"));
    b.click("#do-start");
    b.until(
        () -> !f.autoDeploy.deployment("whisper-large").status().instances().isEmpty(), "a start");
    b.click("#do-drain");
    b.until(
        () -> f.autoDeploy.deployment("whisper-large").status().instances().isEmpty(), "a release");
    b.go(f.at("#/audit"));
    b.untilText(".audit", "whisper-large");
    b.wholePage("audit-" + dress);
    b.assertNothingSticksOut();
    b.click("#sign-out");
    b.find("#user-name");
    b.type("#user-name", "wall");
    b.type("#password", SignInTest.PASSWORD);
    b.click("#sign-in");
    b.untilText("#user", "wall");
    b.find(".badge");
    b.find("tr[data-deployment=breezyvoice] .status");
    b.wholePage("looks-only-" + dress);
    b.assertNothingSticksOut();
    b.click("#sign-out");
    b.find("#user-name");
  }

  @Test
  void emptyScreens_sayWhatToDoNext() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture();
        Browser browser = Browser.open("en-US,en")) {
      for (boolean dark : new boolean[] {false, true}) {
        for (int width : new int[] {1280, 390}) {
          String dress = (width > 600 ? "desktop-" : "phone-") + (dark ? "dark" : "light");
          browser.size(width, width > 600 ? 800 : 844, dark).go(f.server.uri());
          browser.untilText("main", "Make a deployment");
          picture(browser, "empty-" + dress);
          browser.go(f.at("#/events"));
          browser.untilText("main", "Nothing has happened");
          picture(browser, "empty-events-" + dress);
        }
      }
    }
  }

  private static void everyDress(ConsoleFixture f, Browser browser) throws Exception {
    for (boolean dark : new boolean[] {false, true}) {
      pictures(f, browser.size(1280, 900, dark), dark ? "desktop-dark" : "desktop-light");
      pictures(f, browser.size(390, 844, dark), dark ? "phone-dark" : "phone-light");
    }
  }

  private static void pictures(ConsoleFixture f, Browser b, String dress) throws Exception {
    b.go(f.server.uri());
    b.find("tr[data-deployment=breezyvoice] .status");
    b.find("tr[data-deployment=llama-chat] .status[data-status=failed_]");
    b.untilText("tr[data-deployment=llama-chat] .failure", "out of memory");
    picture(b, "deployments-" + dress);
    b.go(f.at("#/d/breezyvoice"));
    b.find(".seg.busy");
    b.untilText(".log", "audio/speech");
    picture(b, "deployment-" + dress);
    b.click("[role=group] button:nth-child(3)");
    b.until(() -> b.driver.findElements(By.cssSelector(".seg.releasing")).size() > 5, "a week");
    picture(b, "week-" + dress);
    b.click("[role=group] button:nth-child(1)");
    b.go(f.at("#/d/sdxl-turbo"));
    b.untilText(".progress", "pulling");
    picture(b, "starting-" + dress);
    b.go(f.at("#/d/llama-chat"));
    b.untilText(".panel.bad", "CUDA out of memory");
    picture(b, "failed-" + dress);
    b.go(f.at("#/costs"));
    b.find("table.costs");
    picture(b, "costs-" + dress);
    b.go(f.at("#/events"));
    b.find(".event");
    picture(b, "events-" + dress);
    b.go(f.at("#/new"));
    b.type("#f-name", "breezyvoice");
    b.type("#f-description", "Mandarin text to speech");
    b.type("#f-image", "breezyvoice:latest");
    b.type("#f-port", "8080");
    b.type("#f-startCommand", "cd /BreezyVoice && python api.py");
    b.until(() -> !b.find("#e-name").getText().isEmpty(), "the name to be taken");
    picture(b, "new-deploy-" + dress);
    b.click("details summary");
    b.type("#f-readiness", "/v1/models");
    b.type("#f-probeHeaders", "Authorization: Bearer ${API_KEY}");
    b.type("#f-environment", "API_KEY=secret");
    b.type("#f-probeTimeout", "30");
    picture(b, "more-settings-" + dress);
    String name = "voice-" + dress;
    b.type("#f-name", name);
    b.click("#confirm");
    b.find("#service-link");
    picture(b, "confirmed-" + dress);
    f.autoDeploy.remove(name).get();
  }

  private static void picture(Browser browser, String name) throws IOException {
    browser.wholePage(name);
    browser.assertNothingSticksOut();
    browser.assertNoErrors();
  }
}
