package dev.autodeploy.proxy.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.InstanceInfo;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.SleepMode;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.Wake;
import dev.autodeploy.proxy.WakeRule;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Requests that do not wake a deployment, or do not keep its instance; limits of an exchange. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
public abstract class WakeContract extends LinkContract {

  private TestLink link(TestInstance.App app, WakeRule... rules) throws IOException {
    return link(
        app,
        spec -> {},
        proxy -> {
          for (WakeRule rule : rules) {
            proxy.wake(rule);
          }
        });
  }

  private TestLink link(TestInstance.App app, Consumer<LinkBuilder<?>> settings)
      throws IOException {
    return link(app, spec -> {}, settings);
  }

  private static String get(String path, String fields) {
    return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n";
  }

  @Test
  void monitorsAndCrawlers_areAnsweredFromTheStatus() throws Exception {
    try (TestLink link =
        link(
            TestInstance.App.text("x"),
            Wake.never("/health"),
            Wake.when(request -> request.method().equals("PROPFIND")).answerStatus(),
            Wake.crawlers())) {
      String[] requests = {
        get("/d/app/health", ""),
        get("/d/app/health?x=1", ""),
        "PROPFIND /d/app/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        get("/d/app/", "User-Agent: Mozilla/5.0 (compatible; Googlebot/2.1)\r\n"),
      };
      for (String request : requests) {
        RawClient.Response response = link.ask(request);
        assertThat(response.status).isEqualTo(200);
        assertThat(response.body).isEqualTo("{\"deployment\":\"app\",\"status\":\"STANDBY\"}");
      }
      assertThat(link.provider.starts).isEmpty();

      assertThat(link.get("/d/app/").body).isEqualTo("x");
      link.awaitQuiet();
      InstanceInfo before = link.app.status().instances().get(0);
      for (String request : requests) {
        assertThat(link.ask(request).field("AutoDeploy-Status")).isEqualTo("RUNNING");
      }
      InstanceInfo after = link.app.status().instances().get(0);
      assertThat(after.idleSince()).isEqualTo(before.idleSince());
      assertThat(after.releaseAt()).isEqualTo(before.releaseAt());
      assertThat(link.instance().requests).hasSize(1);
    }
  }

  @Test
  void callers_canNeitherPutAnInstanceToSleepNorWakeIt() throws Exception {
    SleepMode mode = SleepMode.vllm(2);
    try (TestLink link =
        link(TestInstance.App.text("x"), spec -> spec.sleepMode(mode), proxy -> {})) {
      for (String path :
          List.of(
              "/sleep?level=1",
              "/sleep",
              "/Sleep/",
              "/sl%65ep?level=1",
              "/%2Fsleep",
              "/sleep;a=b",
              "/wake_up",
              "/collective_rpc",
              "/reset_prefix_cache",
              "/d/app/sleep?level=1", // of a server that was told this root path
              "/api/Wake%5fup/")) {
        assertThat(link.ask(post(path)).body).as(path).contains("problems/not-for-callers");
      }
      assertThat(link.ask(post("/v1/../sleep")).body)
          .as("a servlet refuses such a path whatever it means")
          .containsAnyOf("problems/not-for-callers", "problems/bad-request");
      assertThat(link.provider.starts).isEmpty();

      assertThat(link.ask(get("/d/app/sleep", "")).status).as("only reads").isEqualTo(200);
      assertThat(link.ask(get("/d/app/is_sleeping", "")).status).isEqualTo(200);
      assertThat(link.ask(post("/v1/sleeps")).status).isEqualTo(200);
    }
  }

  @Test
  void callers_canNotUseWhatVllmHasForItsDevelopersOnly() throws Exception {
    SleepMode mode = SleepMode.vllm(); // at level 1 the engine itself needs none of these
    try (TestLink link =
        link(TestInstance.App.text("x"), spec -> spec.sleepMode(mode), proxy -> {})) {
      for (String path :
          List.of("/collective_rpc", "/d/app/collective_rpc", "/update_weights", "/pause")) {
        assertThat(link.ask(post(path)).body).as(path).contains("problems/not-for-callers");
      }
      assertThat(link.ask(get("/d/app/server_info", "")).body).contains("problems/not-for-callers");
      assertThat(link.provider.starts).isEmpty();

      assertThat(link.ask(get("/d/app/is_sleeping", "")).status).isEqualTo(200);
      assertThat(link.ask(post("/v1/chat/completions")).status).isEqualTo(200);
    }
    SleepMode another =
        SleepMode.of(
            List.of(SleepMode.Request.post("/offload")), List.of(SleepMode.Request.post("/load")));
    try (TestLink link =
        link(TestInstance.App.text("x"), spec -> spec.sleepMode(another), proxy -> {})) {
      assertThat(link.ask(post("/pause")).status).as("of another server").isEqualTo(200);
      assertThat(link.ask(post("/v1/load")).body).contains("problems/not-for-callers");
    }
  }

  @Test
  void callers_mayPutAnInstanceToSleep_ifTheModeIsForThem() throws Exception {
    SleepMode mode = SleepMode.vllm().forCallers(true);
    try (TestLink link =
        link(TestInstance.App.text("x"), spec -> spec.sleepMode(mode), proxy -> {})) {
      assertThat(link.ask(post("/sleep?level=1")).status).isEqualTo(200);
    }
  }

  private static String post(String path) {
    return "POST /d/app" + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
  }

  /** Pings once a second, for ever. */
  private static void pings(TestInstance.Request request, java.io.OutputStream out)
      throws IOException {
    if (!request.target.startsWith("/mcp")) {
      TestInstance.App.text("x").respond(request, out);
      return;
    }
    stream(out);
  }

  private static void stream(java.io.OutputStream out) throws IOException {
    TestInstance.write(
        out,
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n");
    while (true) {
      TestInstance.write(out, "8\r\n: ping\n\n\r\n");
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
    }
  }

  @Test
  void standingStream_thatPingsEachSecond_doesNotKeepTheInstance() throws Exception {
    try (TestLink link =
            link(
                WakeContract::pings,
                spec -> spec.idleTimeout(Duration.ofSeconds(3)),
                proxy -> proxy.wake(Wake.notKept("/mcp")));
        RawClient client = link.client()) {
      RawClient.Response asleep = link.get("/d/app/mcp");
      assertThat(asleep.status).isEqualTo(503);
      assertThat(asleep.body).contains("problems/asleep");
      assertThat(link.provider.starts).isEmpty();

      assertThat(link.get("/d/app/").body).isEqualTo("x");
      link.awaitQuiet();
      long begun = System.nanoTime();
      client.send(get("/d/app/mcp", ""));
      assertThat(client.head().status).isEqualTo(200);
      assertThat(link.app.status().inFlight()).isZero();
      String stream = untilLastChunk(client);

      assertThat(stream).contains(": ping").endsWith("0\r\n\r\n"); // in order, not cut off
      assertThat(System.nanoTime() - begun).isBetween(2_500_000_000L, 8_000_000_000L);
      Await.until("it is released", () -> link.provider.instances.isEmpty());
      assertThat(link.get("/d/app/mcp").status).isEqualTo(503);
      assertThat(link.provider.starts).hasSize(1);
      link.awaitQuiet();
    }
  }

  @Test
  void requestThatDoesNotKeep_goesToTheInstanceThatItNames() throws Exception {
    try (TestLink link =
        link(
            TestInstance.App.text("x"),
            spec -> spec.maxInstances(2),
            proxy -> proxy.wake(Wake.notKept("/mcp")).wake(Wake.lastAnswer("/v1/models")))) {
      link.warm();
      assertThat(link.ask(get("/d/app/", "Deploy-Route-Rule: scale-out\r\n")).status)
          .isEqualTo(200);
      link.awaitQuiet();
      for (InstanceInfo instance : link.app.status().instances()) {
        String named = "Deploy-Route-Rule: " + instance.id() + "\r\n";
        for (String path : new String[] {"/d/app/mcp", "/d/app/mcp", "/d/app/v1/models"}) {
          assertThat(link.ask(get(path, named)).field("Deploy-Route-Target"))
              .isEqualTo(instance.id());
        }
      }
      RawClient.Response unknown = link.ask(get("/d/app/mcp", "Deploy-Route-Rule: app-nobody\r\n"));
      assertThat(unknown.status).isEqualTo(404);
      assertThat(unknown.body).contains("route-target-not-found");
      link.awaitQuiet();
    }
  }

  private static String untilLastChunk(RawClient client) throws IOException {
    StringBuilder all = new StringBuilder();
    while (!all.toString().endsWith("\r\n0\r\n\r\n")) {
      int b = client.read();
      if (b < 0) {
        return all + "(the connection ended)";
      }
      all.append((char) b);
    }
    return all.toString();
  }

  @Test
  void standingStream_withoutARule_keepsTheInstance() throws Exception {
    try (TestLink link =
            link(
                WakeContract::pings,
                spec -> spec.idleTimeout(Duration.ofMillis(200)),
                proxy -> {});
        RawClient client = link.client()) {
      client.send(get("/d/app/mcp", ""));
      assertThat(client.head().status).isEqualTo(200);
      TimeUnit.SECONDS.sleep(2);
      assertThat(link.provider.instances).hasSize(1);
    }
  }

  @Test
  void instanceThatCrashes_cutsAStandingStreamOff() throws Exception {
    try (TestLink link = link(WakeContract::pings, Wake.notKept("/mcp"));
        RawClient client = link.client()) {
      link.warm();
      client.send(get("/d/app/mcp", ""));
      assertThat(client.head().status).isEqualTo(200);
      link.provider.crash(link.app.status().instances().get(0).id(), 1);

      assertThat(client.rest()).doesNotEndWith("0\r\n\r\n");
    }
  }

  @Test
  void lastAnswer_isGivenWhileAsleep_andWakesNothing() throws Exception {
    AtomicInteger number = new AtomicInteger();
    TestInstance.App models =
        (request, out) ->
            TestInstance.write(
                out,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Mine: 1\r\n"
                    + "Content-Length: 12\r\n\r\n{\"list\": \"\u00e4"
                    + number.incrementAndGet());
    try (TestLink link = link(models, Wake.lastAnswer("/v1/models"))) {
      assertThat(link.get("/d/app/v1/models").body).endsWith("1"); // there is none yet: it wakes
      assertThat(link.get("/d/app/v1/models").body).endsWith("2"); // the instance's own
      link.awaitQuiet();
      Duration busy = link.app.status().instances().get(0).busy();
      assertThat(link.get("/d/app/v1/models").body).endsWith("3");
      assertThat(link.app.status().instances().get(0).busy()).isEqualTo(busy); // and not kept
      link.app.releaseNow().join();

      RawClient.Response last = link.get("/d/app/v1/models");
      assertThat(last.status).isEqualTo(200);
      assertThat(last.body).isEqualTo("{\"list\": \"\u00e43");
      assertThat(last.field("Content-Type")).isEqualTo("application/json");
      assertThat(last.field("X-Mine")).isEqualTo("1");
      assertThat(last.field("Age")).isNotNull();
      assertThat(last.field("AutoDeploy-Status")).isEqualTo("STANDBY");
      assertThat(link.provider.starts).hasSize(1);
      RawClient.Response head =
          link.ask("HEAD /d/app/v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertThat(head.field("Content-Length")).isEqualTo("12");

      assertThat(link.get("/d/app/v1/models?other").body).endsWith("4"); // another answer: it wakes
      assertThat(link.provider.starts).hasSize(2);
    }
  }

  @Test
  void lastAnswer_ofOneCaller_isNotGivenToAnother_norIsWhatMayNotBeKept() throws Exception {
    TestInstance.App app =
        (request, out) -> {
          String more =
              switch (request.target) {
                case "/v1/cookie" -> "Set-Cookie: a=b\r\n";
                case "/v1/private" -> "Cache-Control: private\r\n";
                case "/v1/varies" -> "Vary: X-User\r\n";
                case "/v1/error" -> "error";
                default -> "";
              };
          String line = more.equals("error") ? "HTTP/1.1 404 No" : "HTTP/1.1 200 OK";
          String body = request.target.equals("/v1/big") ? "x".repeat(300_000) : "own";
          TestInstance.write(
              out,
              line
                  + "\r\nContent-Length: "
                  + body.length()
                  + "\r\n"
                  + (more.equals("error") ? "" : more)
                  + "\r\n"
                  + body);
        };
    try (TestLink link = link(app, Wake.lastAnswer("/v1/*"))) {
      String[] refused = {"cookie", "private", "varies", "error", "big"};
      link.ask(get("/d/app/v1/mine", "Authorization: Bearer a\r\n"));
      link.ask(get("/d/app/v1/body", "Content-Length: 4\r\n") + "evil");
      for (String path : refused) {
        link.get("/d/app/v1/" + path);
      }
      link.app.releaseNow().join();

      assertThat(link.ask(get("/d/app/v1/mine", "Authorization: Bearer a\r\n")).field("Age"))
          .isNotNull();
      assertThat(link.ask(get("/d/app/v1/mine", "Authorization: Bearer b\r\n")).field("Age"))
          .isNull();
      link.app.releaseNow().join();
      assertThat(link.get("/d/app/v1/body").field("Age")).isNull(); // its body asked for something
      for (String path : refused) {
        link.app.releaseNow().join();
        assertThat(link.get("/d/app/v1/" + path).field("Age")).as(path).isNull();
      }
    }
  }

  @Test
  void requestThatDoesNotWake_isRefusedWhileAsleep_andUseLikeAnyOtherElse() throws Exception {
    try (TestLink link =
        link(
            TestInstance.App.text("x"),
            Wake.on("/poll").doNotWake(503),
            Wake.on("/beat").doNotWake(204))) {
      assertThat(link.get("/d/app/poll").body).contains("problems/asleep");
      assertThat(link.get("/d/app/beat").status).isEqualTo(204);
      assertThat(link.ask(get("/d/app/beat", "Deploy-Route-Rule: scale-out\r\n")).status)
          .isEqualTo(204);
      assertThat(link.provider.starts).isEmpty();

      link.provider.gate = new CompletableFuture<>();
      try (RawClient wakes = link.client();
          RawClient joins = link.client()) {
        wakes.send(get("/d/app/", ""));
        link.awaitHeld(1);
        joins.send(get("/d/app/poll", "")); // an instance starts anyway: it waits
        link.awaitHeld(2);
        link.provider.gate.complete(null);
        assertThat(wakes.response().body).isEqualTo("x");
        assertThat(joins.response().body).isEqualTo("x");
      }
      link.awaitQuiet();
      InstanceInfo before = link.app.status().instances().get(0);
      assertThat(link.get("/d/app/beat").body).isEqualTo("x");
      link.awaitQuiet();
      assertThat(link.app.status().instances().get(0).idleSince()).isAfter(before.idleSince());
    }
  }

  @Test
  void fixedAnswer_isGivenAlways_orOnlyWhileAsleep() throws Exception {
    try (TestLink link =
        link(
            TestInstance.App.text("x"),
            Wake.on("/robots.txt").answer(200, Map.of("Content-Type", "text/plain"), "Disallow: /"),
            Wake.on("/ready").answerWhileAsleep(503, Map.of("X-Asleep", "yes"), "asleep"),
            Wake.on("/state").answerStatusWhileAsleep())) {
      assertThat(link.get("/d/app/robots.txt").body).isEqualTo("Disallow: /");
      RawClient.Response asleep = link.get("/d/app/ready");
      assertThat(asleep.status).isEqualTo(503);
      assertThat(asleep.field("X-Asleep")).isEqualTo("yes");
      assertThat(asleep.body).isEqualTo("asleep");
      assertThat(link.get("/d/app/state").body).contains("STANDBY");
      assertThat(link.provider.starts).isEmpty();

      link.warm();
      assertThat(link.get("/d/app/ready").body).isEqualTo("x");
      assertThat(link.get("/d/app/state").body).isEqualTo("x");
      RawClient.Response robots = link.get("/d/app/robots.txt");
      assertThat(robots.field("Content-Type")).isEqualTo("text/plain");
      assertThat(link.instance().requests).hasSize(2);
    }
  }

  @Test
  void ruleThatFails_isAnErrorThatSaysSo() throws Exception {
    try (TestLink link =
        link(
            TestInstance.App.text("x"),
            Wake.when(request -> request.headers().apply("X").get(0).equals("y")).answerStatus())) {
      RawClient.Response response = link.get("/d/app/");

      assertThat(response.status).isEqualTo(500);
      assertThat(response.body).contains("problems/internal-error");
      assertThat(link.provider.starts).isEmpty();
    }
  }

  @Test
  void browser_getsAWaitingPageWhileAnInstanceStarts() throws Exception {
    String browser =
        "GET /d/app/ HTTP/1.1\r\nHost: a\r\nAccept: text/html,application/xhtml+xml\r\n"
            + "Sec-Fetch-Mode: navigate\r\n\r\n";
    try (TestLink link =
        link(
            TestInstance.App.text("the service"),
            spec -> spec.description("<b>speech</b>"),
            proxy -> proxy.waitingPage(true))) {
      link.provider.gate = new CompletableFuture<>();
      for (int i = 0; i < 3; i++) {
        RawClient.Response page = link.ask(browser);
        assertThat(page.status).isEqualTo(503);
        assertThat(page.field("Content-Type")).startsWith("text/html");
        assertThat(page.field("Retry-After")).isEqualTo("2");
        assertThat(page.body)
            .contains("http-equiv=\"refresh\" content=\"2\"")
            .contains("An instance has been starting for 0 s")
            .contains("&lt;b&gt;speech")
            .doesNotContain("<b>");
      }
      assertThat(link.provider.starts).hasSize(1);

      link.provider.gate.complete(null);
      Await.until("it is ready", () -> link.app.status().state().name().equals("RUNNING"));
      assertThat(link.ask(browser).body).isEqualTo("the service");
      link.awaitQuiet();
    }
  }

  @Test
  void programs_areHeldWhereBrowsersGetAPage() throws Exception {
    try (TestLink link =
        link(TestInstance.App.text("the service"), spec -> {}, proxy -> proxy.waitingPage(true))) {
      assertThat(link.ask("GET /d/app/ HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n").body)
          .isEqualTo("the service");
    }
  }

  // Instances that sleep.

  @Test
  void requestForOneThatSleeps_wakesIt_andSaysSo() throws Exception {
    SleepMode mode =
        SleepMode.of(
            List.of(SleepMode.Request.post("/-sleep")),
            List.of(SleepMode.Request.post("/-wake", "{}")));
    try (TestLink link =
        link(
            TestInstance.App.text("well"),
            spec -> spec.sleepMode(mode).sleepAfter(Duration.ofMillis(50)),
            proxy -> proxy.wake(Wake.on("/status").doNotWake(503)))) {
      link.warm();
      while (link.app.status().count(InstancePhase.ASLEEP) == 0) {
        Thread.sleep(5);
      }
      assertThat(link.get("/d/app/status").status).as("wakes nothing").isEqualTo(503);
      assertThat(link.app.status().count(InstancePhase.ASLEEP)).isEqualTo(1);

      RawClient.Response woken = link.get("/d/app/");

      assertThat(woken.body).isEqualTo("well");
      assertThat(woken.field("AutoDeploy-Woken")).isEqualTo("true");
      assertThat(woken.field("AutoDeploy-Cold-Start")).isEqualTo("false");
      boolean awake = false;
      for (int i = 0; i < 20 && !awake; i++) { // on a busy machine it may sleep again before
        awake = link.get("/d/app/").field("AutoDeploy-Woken") == null;
      }
      assertThat(awake).as("the next one is not told so").isTrue();
      assertThat(link.provider.starts).hasSize(1);
      assertThat(link.instance().requests)
          .extracting(request -> request.method + " " + request.target)
          .contains("POST /-sleep", "POST /-wake");
    }
  }

  // The limits of an exchange.

  @Test
  void exchangeThatTakesTooLong_is504_orCutOff() throws Exception {
    TestInstance.App app =
        (request, out) -> {
          if (request.target.equals("/stream")) {
            stream(out);
          }
          LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(5));
        };
    try (TestLink link = link(app, proxy -> proxy.exchangeTimeout(Duration.ofMillis(1500)));
        RawClient client = link.client()) {
      link.warm();
      RawClient.Response silent = link.get("/d/app/");
      assertThat(silent.status).isEqualTo(504);
      assertThat(silent.body).contains("1500 ms, the longest exchange");

      client.send(get("/d/app/stream", ""));
      assertThat(client.head().status).isEqualTo(200);
      assertThat(client.rest()).contains(": ping").doesNotEndWith("0\r\n\r\n");
      link.awaitQuiet();
    }
  }

  @Test
  void requestThatHangs_is504_andItsInstanceReplaced() throws Exception {
    TestInstance.App app =
        (request, out) -> {
          if (request.target.equals("/")) {
            TestInstance.App.text("well").respond(request, out);
            return;
          }
          if (request.target.equals("/stream")) {
            stream(out);
          }
          LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(5));
        };
    try (TestLink link =
            link(app, spec -> spec.maxRequestTime(Duration.ofSeconds(1)), proxy -> {});
        RawClient client = link.client()) {
      link.warm();
      RawClient.Response silent = link.get("/d/app/hang");
      assertThat(silent.status).isEqualTo(504);
      assertThat(silent.body).contains("problems/answer-timeout").contains("maxRequestTime");
      assertThat(link.get("/d/app/").body).isEqualTo("well");
      assertThat(link.provider.starts).as("the one that hung was replaced").hasSize(2);

      client.send(get("/d/app/stream", ""));
      assertThat(client.head().status).isEqualTo(200);
      assertThat(client.rest()).contains(": ping").doesNotEndWith("0\r\n\r\n");
      link.awaitQuiet();
      assertThat(link.get("/d/app/").body).isEqualTo("well");
      assertThat(link.provider.starts).hasSize(3);
    }
  }

  @Test
  void clientThatTakesItsTime_isCutAsWell_butItsInstanceIsNotReplaced() throws Exception {
    try (TestLink link =
            link(
                TestInstance.App.text("well"),
                spec -> spec.maxRequestTime(Duration.ofSeconds(1)),
                proxy -> {});
        RawClient client = link.client()) {
      link.warm();
      client.send("POST /d/app/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
      client.send("x".repeat(200_000));
      client.rest();
      link.awaitQuiet();
      assertThat(link.get("/d/app/").body).isEqualTo("well");
      assertThat(link.provider.starts).hasSize(1);
    }
  }

  @Test
  void clientThatTakesItsTime_andHurriesInTheEnd_doesNotHaveItsInstanceReplaced() throws Exception {
    CompletableFuture<Void> end = new CompletableFuture<>();
    TestInstance.App app =
        (request, out) -> {
          if (request.target.equals("/slow")) {
            request.drain();
            end.orTimeout(30, TimeUnit.SECONDS).join(); // the link gives it up before
          } else {
            TestInstance.App.text("well").respond(request, out);
          }
        };
    try (TestLink link =
            link(app, spec -> spec.maxRequestTime(Duration.ofSeconds(6)), proxy -> {});
        RawClient client = link.client()) {
      link.warm();
      client.send("POST /d/app/slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n");
      client.send("Content-Length: 200000\r\n\r\n" + "x".repeat(199_999));
      Await.until("an instance has it", () -> link.app.status().inFlight() == 1);
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(5));
      client.send("x");
      client.rest();
      link.awaitQuiet();
      assertThat(link.get("/d/app/").body).isEqualTo("well");
      assertThat(link.provider.starts).as("the instance had it for a second").hasSize(1);
    } finally {
      end.complete(null);
    }
  }

  /** Above the least rate, and so for as long as the response lasts. */
  @Test
  void clientThatReads676BytesASecond_keepsAnInstanceNoLongerThanItMay() throws Exception {
    TestInstance.App big =
        (request, out) -> {
          TestInstance.write(out, "HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n");
          byte[] piece = new byte[65536];
          for (int i = 0; i < 1600; i++) {
            out.write(piece);
          }
        };
    try (TestLink link =
            link(
                big,
                spec -> spec.concurrency(1),
                proxy -> proxy.responseBodyTimeout(Duration.ofSeconds(2)));
        RawClient client = link.client()) {
      link.warm();
      client.send(get("/d/app/", ""));
      assertThat(client.head().status).isEqualTo(200);
      long begun = System.nanoTime();
      while (link.app.status().inFlight() > 0) {
        client.exactly(676 / 4);
        TimeUnit.MILLISECONDS.sleep(250);
        assertThat(System.nanoTime() - begun).isLessThan(15_000_000_000L);
      }
      assertThat(System.nanoTime() - begun).isGreaterThan(1_500_000_000L);
      link.awaitQuiet();
    }
  }

  @Test
  void timeForWhichTheInstanceIsWaitedFor_doesNotCountAgainstTheClient() throws Exception {
    TestInstance.App slow =
        (request, out) -> {
          TestInstance.write(out, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
          for (int i = 0; i < 4; i++) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(400));
            TestInstance.write(out, "x");
          }
        };
    try (TestLink link = link(slow, proxy -> proxy.responseBodyTimeout(Duration.ofMillis(300)))) {
      assertThat(link.get("/d/app/").body).isEqualTo("xxxx");
    }
  }
}
