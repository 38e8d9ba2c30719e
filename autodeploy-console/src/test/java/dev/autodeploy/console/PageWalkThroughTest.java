package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Budget;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Money;
import dev.autodeploy.Schedule;
import dev.autodeploy.spi.Snapshot;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;

/** The tests of what a newcomer does, in a real browser. */
@Timeout(120)
@Tag("slow")
class PageWalkThroughTest {

  /** A step of a walk that is worth a picture if it fails. */
  @FunctionalInterface
  private interface Walk {
    void through(Browser browser) throws Exception;
  }

  private static void walk(String name, String language, ConsoleFixture f, Walk walk)
      throws Exception {
    try (Browser browser = Browser.open(language)) {
      browser.size(1280, 900, false).go(f.server.uri());
      try {
        walk.through(browser);
        browser.assertNoErrors();
      } catch (Exception | AssertionError e) {
        System.err.println("The page when it failed: " + browser.shot("failed-" + name));
        throw e;
      }
    }
  }

  private static CompletableFuture<HttpResponse<String>> call(String link) {
    return HttpClient.newHttpClient()
        .sendAsync(
            HttpRequest.newBuilder(URI.create(link + "/v1/audio/speech")).build(),
            HttpResponse.BodyHandlers.ofString());
  }

  private static double total(Browser b) {
    return Double.parseDouble(b.text("#total").replaceAll("[^0-9.]", ""));
  }

  @Test
  void aNewcomer_deploysCallsWatchesReleasesAndDeletes() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      f.provider.startTime = Duration.ofMillis(1500);
      f.provider.answerTime = Duration.ofMillis(1500);
      f.provider.releaseTime = Duration.ofMillis(1500);
      walk("newcomer", "en-US,en", f, b -> walkThrough(f, b));
    }
  }

  @Test
  void aSchedule_isEditedShownAndInForce() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      f.autoDeploy.deploy(DeploymentSpec.builder("voice").image("voice").port(8080).build());
      walk(
          "schedule",
          "en-US,en",
          f,
          b -> {
            b.go(f.at("#/edit/voice"));
            b.untilText("main h1", "Edit voice");
            b.click("details summary");
            b.type("#f-zone", "Europe/Berlin");
            b.type("#f-schedule", "MON-FRI 08:30 to 18:00 warm 1");
            b.click("#confirm");
            b.untilText("#e-schedule", "line 1 is not");
            b.type("#f-schedule", "daily 00:00-24:00 warm 7");
            b.click("#confirm");
            b.untilText("main", "keeps 7 instances warm, but maxInstances is 1");
            b.type("#f-schedule", "daily 00:00-12:00 closed\ndaily 12:00-00:00 closed");
            b.click("#confirm");
            b.untilText("#schedule", "Closed by its schedule until");
            b.untilText(".settings", "MON-SUN 00:00-12:00 closed");
            b.untilText(".settings", "Europe/Berlin");
            b.untilText("#idle-why", "The schedule has the deployment closed");
            b.untilText(".events", "Closed by the schedule");
          });
      assertThat(f.autoDeploy.deployment("voice").spec().schedule())
          .isEqualTo(
              Schedule.weekly(ZoneId.of("Europe/Berlin"))
                  .closed("daily", "00:00", "12:00")
                  .closed("daily", "12:00", "24:00"));
      assertThat(f.json("-/api/deployments/voice").at("/schedule/closed").asBoolean()).isTrue();
    }
  }

  @Test
  void aSnapshot_showsItsOrigin_onTheFormAndTheDeployment() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      f.provider.snapshots.add(
          new Snapshot(
              "autodeploy-snapshot:warm", "first", Instant.now(), 1_234_567, List.of("/cache")));
      f.autoDeploy.deploy(DeploymentSpec.builder("voice").snapshot("warm").port(8080).build());
      walk(
          "snapshot",
          "en-US,en",
          f,
          b -> {
            b.go(f.at("#/d/voice"));
            b.untilText("#snapshot-origin", "Of first, 1.2 MB, made ");
            b.untilText("#snapshot-origin", "What is in /cache is not in it.");
            b.wholePage("snapshot-origin");
            b.go(f.at("#/edit/voice"));
            b.untilText("main h1", "Edit voice");
            b.untilText("#snapshot-origin", "Of first");
          });
    }
  }

  @Test
  void costs_areGroupedAsChosen_andSavedAsCsv() throws Exception {
    DeploymentSpec voice = DeploymentSpec.builder("voice").port(80).build();
    Instant month = Instant.now().truncatedTo(ChronoUnit.DAYS).minus(Duration.ofDays(2));
    PastStore past =
        new PastStore()
            .deployment(voice, month)
            .instance(
                voice,
                "a",
                month,
                Duration.ofMinutes(1),
                Duration.ofMinutes(10),
                Duration.ofHours(1));
    try (ConsoleFixture f = new ConsoleFixture(b -> b, past)) {
      walk(
          "costs",
          "en-US,en",
          f,
          b -> {
            b.go(f.at("#/costs"));
            b.untilText("main h1", "Costs");
            b.driver.executeScript(
                "const i = document.getElementById('costs-from');"
                    + "i.value = arguments[0]; i.dispatchEvent(new Event('change'));",
                month.minus(Duration.ofDays(3)).toString().substring(0, 10));
            b.untilText("table.costs", "voice");
            b.untilText("table.costs", "$36.00");
            b.click("#costs-caller");
            b.untilText("table.costs thead", "Caller");
            b.untilText("table.costs", "(none)");
            b.click("#costs-deployment");
            b.until(() -> !b.text("table.costs thead").contains("Deployment"), "other columns");
            b.find("#costs-per option[value=month]").click();
            b.untilText(".sum", "$36.00");
            b.click("#costs-csv");
            b.assertNothingSticksOut();
          });
    }
  }

  @Test
  void budgetOfAllDeployments_isSetAndShown_belowTheCosts() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture(b -> b.actions(true))) {
      walk(
          "engine-budget",
          "en-US,en",
          f,
          b -> {
            b.go(f.at("#/costs"));
            b.untilText("#engine-budget", "All deployments together may spend any amount.");
            b.type("#engine-budget-amount", "200");
            b.find("#engine-budget-end option[value=cut]").click();
            b.click("#engine-budget-save");
            b.untilText("#engine-budget-told", "The budget is in force");
            b.untilText("#engine-budget", "0% of $200.00 per month");
            b.assertNothingSticksOut();
          });
      assertThat(f.autoDeploy.budgetStatus()).isNotNull();
      assertThat(f.autoDeploy.budgetStatus().budget().describe()).isEqualTo("200 USD per month");
      assertThat(f.autoDeploy.budgetStatus().budget().end()).isEqualTo(Budget.End.CUT);
    }
  }

  @Test
  void whatIf_showsTodayAndAdaptive_overTheRecordedRequests() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      f.provider.startTime = Duration.ofMillis(300);
      f.provider.answerTime = Duration.ofMillis(200);
      Deployment voice =
          f.autoDeploy.deploy(
              DeploymentSpec.builder("voice")
                  .image("voice")
                  .port(8080)
                  .idleTimeout(Duration.ofMillis(500))
                  .build());
      walk(
          "what-if",
          "en-US,en",
          f,
          b -> {
            b.go(f.at("#/d/voice"));
            b.click("#ask-what-if");
            b.untilText("#what-if", "No request was recorded yet.");
            for (int i = 0; i < 4; i++) {
              call(f.link(voice).toString()).join();
              Thread.sleep(1200);
            }
            b.click("#ask-what-if");
            b.untilText("#what-if", "Cost against cold starts");
            b.untilText("#what-if", "4 requests from");
            b.untilText("#what-if tr.today", "today’s setting");
            b.untilText("#what-if tr.adaptive", "adaptive");
            b.untilText("#what-if tr.always-on", "always on");
            String marks = "return document.querySelectorAll('#what-if svg .whatif').length";
            assertThat(b.script(marks)).as("8 timeouts, adaptive and today").isEqualTo(10L);
            b.wholePage("what-if");
          });
    }
  }

  @Test
  void aBudget_isEditedShownAndEnds() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      Deployment voice =
          f.autoDeploy.deploy(
              DeploymentSpec.builder("voice")
                  .image("voice")
                  .port(8080)
                  .pricePerHour(Money.of("36", "USD"))
                  .build());
      walk(
          "budget",
          "en-US,en",
          f,
          b -> {
            b.go(f.at("#/edit/voice"));
            b.untilText("main h1", "Edit voice");
            b.click("details summary");
            b.type("#f-budget", "0.03");
            b.type("#f-budgetUnit", "EUR");
            b.click("#confirm");
            b.untilText("main", "the budget is in EUR, but pricePerHour in USD");
            b.type("#f-budgetUnit", "USD");
            b.click("#confirm");
            b.untilText("#status", "Standby");
            b.untilText(".tiles", "0% of $0.0300 per month");
            b.click("#do-start");
            b.untilText("#budget-over", "The budget is exhausted");
            b.untilText(".events", "100% of the budget are spent");
          });
      assertThat(voice.spec().budget()).isNotNull();
      assertThat(voice.spec().budget().period()).isEqualTo(Budget.Period.MONTH);
      assertThat(f.json("-/api/deployments/voice").at("/budget/exhausted").asBoolean()).isTrue();
    }
  }

  private static void walkThrough(ConsoleFixture f, Browser b) throws Exception {
    // The empty page says what to do next.
    b.untilText("main", "No deployment yet");
    b.click("#new-deploy");

    // The form, with a mistake that shows while typing.
    b.type("#f-name", "Voice!");
    b.untilText("#e-name", "DNS label");
    assertThat(b.find("#f-name").getAttribute("aria-invalid")).isEqualTo("true");
    b.type("#f-name", "voice");
    b.until(() -> b.find("#e-name").getText().isEmpty(), "the error to go away");
    b.type("#f-description", "Mandarin text to speech");
    b.type("#f-image", "breezyvoice:latest");
    b.type("#f-port", "70000");
    b.untilText("#e-port", "65535");
    b.type("#f-port", "8080");
    b.type("#f-startCommand", "cd /BreezyVoice && python api.py");
    b.type("#f-idleTimeout", "0.05");
    b.type("#f-pricePerHour", "36");
    b.click("#confirm");

    // Confirm shows the link and a command that is ready.
    b.untilText("main h1", "voice is deployed");
    String link = b.text("#service-link");
    assertThat(link).isEqualTo(f.link(f.autoDeploy.deployment("voice")).toString());
    assertThat(b.text("#curl")).startsWith("curl -X POST \"" + link + "/v1/audio/speech\"");
    DeploymentSpec spec = f.autoDeploy.deployment("voice").spec();
    assertThat(spec.port()).isEqualTo(8080);
    assertThat(spec.startCommand()).isEqualTo("cd /BreezyVoice && python api.py");
    assertThat(spec.image()).isEqualTo("breezyvoice:latest");
    assertThat(f.provider.started).hasValue(0);

    // Standby; the call makes it Idle, then Running; afterwards it goes back by itself.
    b.click("#watch");
    b.untilText("#status", "Standby");
    b.untilText("main", "No instance exists");
    CompletableFuture<HttpResponse<String>> answer = call(link);
    b.untilText("#status", "Idle");
    b.untilText("#phase", "starting");
    b.until(() -> b.find("progress").isDisplayed(), "a progress bar");
    b.untilText("main", "pulling");
    b.untilText("#status", "Running");
    b.untilText("#phase", "busy");
    double early = total(b);
    assertThat(answer.get().body()).startsWith("spoken by voice-");
    b.untilText("#phase", "waiting for requests");
    b.untilText("main .log", "Request for /v1/audio/speech");
    b.until(() -> total(b) > early, "the cost to grow");
    b.untilText("#status", "Idle");
    b.untilText("#phase", "releasing");
    b.untilText("#status", "Standby");
    double late = total(b);
    assertThat(late).isGreaterThan(0.02);
    b.until(
        () -> b.driver.findElements(By.cssSelector(".seg.starting")).size() == 1, "a time line");

    // Once more, and the button releases it.
    f.autoDeploy.update(spec.toBuilder().idleTimeout(Duration.ofMinutes(5)).build());
    b.click("#do-start");
    b.untilText("#status", "Running");
    b.untilText(".tiles", "4 min");
    b.click("#do-drain");
    b.untilText("#status", "Standby");
    assertThat(total(b)).isGreaterThan(late);

    // The list shows the same, and the events tell the story.
    b.click(".brand");
    b.untilText("tr[data-deployment=voice]", "Standby");
    b.click("nav a[data-screen=events]");
    b.untilText(".events", "Running → Idle");
    assertThat(b.text(".events")).contains("Standby → Idle", "Idle → Running", "Idle → Standby");

    // Delete asks first.
    b.go(f.at("#/d/voice"));
    b.click("#do-delete");
    b.untilText("dialog", "Delete voice?");
    b.click("dialog button[value=no]");
    assertThat(f.autoDeploy.find("voice")).isPresent();
    b.click("#do-delete");
    b.click("dialog button[value=yes]");
    b.untilText("main", "No deployment yet");
    assertThat(f.autoDeploy.deployments()).isEmpty();
  }

  @Test
  void events_ofADeploymentBeyondTheFirstPage_areFoundByPartOfItsName() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      f.autoDeploy.deployAll(
          IntStream.range(0, 1_100)
              .mapToObj(i -> DeploymentSpec.builder("customer-" + i).port(80).build())
              .toList());
      f.autoDeploy.deploy(DeploymentSpec.builder("voice-of-zoe").port(80).build());
      walk(
          "chooser",
          "en-US,en",
          f,
          b -> {
            b.go(f.at("#/events"));
            b.find(".event");
            b.type("main input[type=search]", "zoe");
            b.until(
                () -> b.driver.findElements(By.cssSelector("#offered option")).size() == 1,
                "the one that fits is offered");
            b.find("main input[type=search]").sendKeys(Keys.ENTER);
            b.until(
                () -> b.driver.getCurrentUrl().endsWith("#/events/voice-of-zoe"), "it is chosen");
            b.until(
                () -> b.driver.findElements(By.cssSelector(".event")).size() == 1, "its events");
          });
    }
  }

  @Test
  void hostileTexts_showAsTexts() throws Exception {
    String evil =
        "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
    try (ConsoleFixture f = new ConsoleFixture()) {
      f.provider.firstLines = List.of(evil, "\u001b[31mred\u202e", "</pre><svg onload=alert(1)>");
      Deployment voice =
          f.autoDeploy.deploy(DeploymentSpec.builder("voice").description(evil).port(80).build());
      f.autoDeploy.deploy(DeploymentSpec.builder("broken").port(80).startCommand("exit 3").build());
      voice.warmUp().get();
      f.autoDeploy.deployment("broken").warmUp().exceptionally(e -> null).get();
      walk(
          "hostile",
          "en-US,en",
          f,
          b -> {
            b.untilText("tr[data-deployment=voice] .description", "<img src=x");
            b.go(f.at("#/d/voice"));
            b.untilText(".log", evil);
            b.untilText(".log", "</pre><svg onload=alert(1)>");
            b.untilText(".description", evil);
            b.go(f.at("#/d/broken"));
            b.untilText(".panel.bad", "<b>exit 3</b>");
            b.click("nav a[data-screen=events]");
            b.untilText(".events", "<b>exit 3</b>");
            assertThat(b.driver.getTitle()).isEqualTo("Auto Deploy");
            assertThat(b.driver.findElements(By.cssSelector("main img, main script, main b")))
                .isEmpty();
            // And were it markup, it could do nothing.
            Object blocked =
                b.script(
                    "try { document.body.innerHTML = '<p>x</p>'; return 'allowed'; }"
                        + " catch (e) { return e.name; }");
            assertThat(blocked).isEqualTo("TypeError");
            b.driver.manage().logs().get("browser");
          });
    }
  }

  @Test
  void thePage_speaksTheBrowsersLanguage() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      walk(
          "japanese",
          "ja",
          f,
          b -> {
            b.untilText("main", "デプロイはまだありません");
            assertThat(b.script("return document.documentElement.lang")).isEqualTo("ja");
            b.click("#new-deploy");
            b.type("#f-name", "A");
            b.untilText("#e-name", "英小文字");
          });
    }
  }

  @Test
  void everythingWorks_withTheKeyboard() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      walk(
          "keyboard",
          "en-US,en",
          f,
          b -> {
            b.find("#new-deploy");
            WebElement focused = press(b, Keys.TAB, 1);
            assertThat(focused.getAttribute("id")).isEqualTo("skip");
            tabTo(b, "new-deploy").sendKeys(Keys.ENTER);
            b.find("#f-name");
            b.until(
                () -> "f-name".equals(b.driver.switchTo().activeElement().getAttribute("id")),
                "the focus in the first field");
            b.driver.switchTo().activeElement().sendKeys("voice");
            tabTo(b, "f-port").sendKeys("8080");
            b.driver.switchTo().activeElement().sendKeys(Keys.ENTER);
            b.untilText("main h1", "voice is deployed");
            tabTo(b, "watch").sendKeys(Keys.ENTER);
            b.untilText("#status", "Standby");
            tabTo(b, "do-start").sendKeys(Keys.SPACE);
            b.untilText("#status", "Running");
            tabTo(b, "do-delete").sendKeys(Keys.ENTER);
            b.find("dialog[open]");
            b.driver.switchTo().activeElement().sendKeys(Keys.ESCAPE);
            b.until(
                () -> b.driver.findElements(By.cssSelector("dialog")).isEmpty(),
                "Escape to close the question");
            assertThat(f.autoDeploy.find("voice")).isPresent();
            assertEveryControlHasAName(b);
          });
    }
  }

  private static WebElement press(Browser b, Keys key, int times) {
    for (int i = 0; i < times; i++) {
      b.driver.switchTo().activeElement().sendKeys(key);
    }
    return b.driver.switchTo().activeElement();
  }

  private static WebElement tabTo(Browser b, String id) {
    for (int i = 0; i < 60; i++) {
      WebElement focused = press(b, Keys.TAB, 1);
      if (id.equals(focused.getAttribute("id"))) {
        return focused;
      }
    }
    throw new AssertionError("#" + id + " cannot be reached with the Tab key");
  }

  private static void assertEveryControlHasAName(Browser b) {
    List<String> unnamed = new CopyOnWriteArrayList<>();
    for (WebElement control :
        b.driver.findElements(
            By.cssSelector("a, button, input, select, textarea, summary, [role=img]"))) {
      try {
        if (control.isDisplayed() && control.getAccessibleName().isBlank()) {
          unnamed.add(control.getDomProperty("outerHTML"));
        }
      } catch (StaleElementReferenceException e) {
        // Drawn anew meanwhile: what took its place is of the same kind.
      }
    }
    assertThat(unnamed).as("controls that a screen reader has no name for").isEmpty();
  }

  @Test
  void aReadOnlyPage_hasNoButtons() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture(b -> b)) {
      f.autoDeploy.deploy(DeploymentSpec.builder("voice").port(80).build());
      walk(
          "read-only",
          "en-US,en",
          f,
          b -> {
            b.untilText(".badge", "Read-only");
            b.click("tr[data-deployment=voice] .name");
            b.untilText("#status", "Standby");
            assertThat(b.driver.findElements(By.cssSelector("#new-deploy, main [id^=do-]")))
                .isEmpty();
          });
    }
  }

  @Test
  void anEdit_keepsWhatItDoesNotShow() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      DeploymentSpec spec =
          DeploymentSpec.builder("voice")
              .port(80)
              .environment("API_KEY", "sk-very-secret")
              .releaseGrace(Duration.ofSeconds(3))
              .build();
      f.autoDeploy.deploy(spec);
      walk(
          "edit",
          "en-US,en",
          f,
          b -> {
            b.go(f.at("#/edit/voice"));
            b.type("#f-maxInstances", "0");
            b.click("#confirm");
            b.untilText("#e-maxInstances", "1 to 1000");
            b.type("#f-maxInstances", "4");
            assertThat(b.driver.getPageSource()).doesNotContain("sk-very-secret");
            b.click("#confirm");
            b.untilText(".settings", "4");
            assertThat(f.autoDeploy.deployment("voice").spec())
                .isEqualTo(spec.toBuilder().maxInstances(4).build());
          });
    }
  }
}
