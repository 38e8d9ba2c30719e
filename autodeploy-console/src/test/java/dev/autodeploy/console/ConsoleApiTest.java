package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.spi.InstanceExit;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ConsoleApiTest {
  private ConsoleFixture f;

  @BeforeEach
  void start() throws IOException {
    f = new ConsoleFixture(b -> b.actions(true).maxListeners(3));
  }

  @AfterEach
  void stop() {
    f.close();
  }

  private void deploy(String name) {
    f.autoDeploy.deploy(
        DeploymentSpec.builder(name).port(8080).idleTimeout(Duration.ofMinutes(5)).build());
  }

  private JsonNode voice() throws Exception {
    return f.json("-/api/deployments/voice");
  }

  private String running() throws Exception {
    deploy("voice");
    f.change("POST", "-/api/deployments/voice/start", "");
    Await.until(() -> voice().path("status").asText().equals("running"));
    return voice().at("/instanceList/0/id").asText();
  }

  @Test
  void list_ofMany_isInPagesAndFiltered() throws Exception {
    List.of("voice", "other-2", "other-1").forEach(this::deploy);

    assertThat(f.json("-/api/deployments").findValuesAsText("name"))
        .containsExactly("voice", "other-2", "other-1");
    assertThat(f.json("-/api/deployments").get("next").isNull()).isTrue();
    JsonNode first = f.json("-/api/deployments?limit=2");
    assertThat(first.findValuesAsText("name")).containsExactly("voice", "other-2");
    assertThat(first.path("next").asText()).isEqualTo("other-2");
    assertThat(f.json("-/api/deployments?limit=2&after=other-2").findValuesAsText("name"))
        .containsExactly("other-1");
    assertThat(f.json("-/api/deployments?name=VOI&state=standby").findValuesAsText("name"))
        .containsExactly("voice");
    assertThat(f.json("-/api/deployments?state=running").path("deployments")).isEmpty();
    assertThat(f.get("-/api/deployments?limit=0").statusCode()).isEqualTo(400);
    assertThat(f.get("-/api/deployments?after=gone").statusCode()).isEqualTo(400);
  }

  @Test
  void logsOfAProviderThatHangs_takeFewThreadsOfThePage() throws Exception {
    String path = "-/api/deployments/voice/instances/" + running() + "/logs";
    CompletableFuture<Boolean> come = new CompletableFuture<>();
    f.provider.logsCome = come;
    int before = f.provider.logsAsked.get();
    List<CompletableFuture<Integer>> all = asked(path, 3 * Api.LOG_PLACES);

    assertThat(CompletableFuture.anyOf(all.toArray(CompletableFuture<?>[]::new)).get())
        .as("the first answer, while the provider has given none")
        .isEqualTo(429);
    assertThat(f.provider.logsAsked.get() - before).isLessThanOrEqualTo(Api.LOG_PLACES);
    assertThat(f.get("-/api/deployments").statusCode()).isEqualTo(200);
    come.complete(true);
    assertThat(all.stream().map(CompletableFuture::join)).contains(200);
    assertThat(f.get(path).statusCode()).as("a place is free again").isEqualTo(200);
  }

  @Test
  void questionsToAHangingProvider_takeFewThreads_whateverTheyAreAbout() throws Exception {
    deploy("voice");
    CompletableFuture<Boolean> come = new CompletableFuture<>();
    f.provider.catalogComes = come;
    List<CompletableFuture<Integer>> all = asked("-/api/provider", 3 * Api.CATALOG_PLACES);

    assertThat(CompletableFuture.anyOf(all.toArray(CompletableFuture<?>[]::new)).get())
        .as("the first answer, while the provider has given none")
        .isEqualTo(429);
    assertThat(f.get("-/api/deployments").statusCode()).isEqualTo(200);
    come.complete(true);
    all.forEach(CompletableFuture::join);
    assertThat(f.get("-/api/provider").statusCode()).as("a place is free again").isEqualTo(200);
  }

  @Test
  void logsOfInstancesThatNeverWere_takeTheSamePlaces_asTheirLedgerIsRead() throws Exception {
    String logs = "-/api/deployments/voice/instances/";
    String known = logs + running() + "/logs";
    CompletableFuture<Boolean> come = new CompletableFuture<>();
    f.provider.logsCome = come;
    List<CompletableFuture<Integer>> all = new ArrayList<>();

    for (String none : List.of(logs + "voice-none/logs", logs + "voice-none/logs/stream")) {
      Await.until(
          () -> {
            all.addAll(asked(known, Api.LOG_PLACES)); // again, as each waits for a time only
            return f.get(none).statusCode() == 429;
          });
    }

    come.complete(true);
    all.forEach(CompletableFuture::join);
    assertThat(f.get(logs + "voice-none/logs").statusCode()).isEqualTo(404);
  }

  private List<CompletableFuture<Integer>> asked(String path, int times) {
    HttpRequest request = HttpRequest.newBuilder(f.at(path)).build();
    List<CompletableFuture<Integer>> all = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      all.add(
          f.client
              .sendAsync(request, HttpResponse.BodyHandlers.ofString())
              .thenApply(HttpResponse::statusCode));
    }
    return all;
  }

  @Test
  void failedDeployment_isShownAsFailed_untilAStartSucceeds() throws Exception {
    f.provider.failing.put(
        "voice", new InstanceExit(3, false, List.of("No space left on device"), null, null));
    f.autoDeploy.deploy(
        DeploymentSpec.builder("voice")
            .port(8080)
            .startBackoff(Duration.ofMillis(50), Duration.ofMillis(50))
            .build());
    f.autoDeploy.deployment("voice").warmUp().exceptionally(e -> null).get();
    Await.until(() -> voice().path("phase").asText().equals("failed"));

    assertThat(voice().path("lastFailureAt").asText()).startsWith("20");
    assertThat(voice().at("/lastFailure/cause").asText()).isEqualTo("disk-full");
    assertThat(voice().at("/lastFailure/logTail/0").asText()).isEqualTo("No space left on device");

    f.provider.failing.clear();
    f.autoDeploy.deployment("voice").warmUp().get();

    assertThat(voice().path("lastFailure").isNull()).isTrue();
    assertThat(voice().path("lastFailureAt").isNull()).isTrue();
  }

  @Test
  void whatTheNextStartLacks_isToldUntilItIsThereAgain() throws Exception {
    deploy("voice");
    f.provider.degrade("voice", "volume 'weights' was removed");
    Await.until(() -> voice().path("degraded").asText().contains("volume 'weights'"));
    assertThat(f.json("-/api/deployments").at("/deployments/0/degraded").asText())
        .contains("volume 'weights'");

    f.provider.degrade("voice", null);
    Await.until(() -> voice().path("degraded").isNull());
  }

  @Test
  void create_thenRead_thenUpdate_thenDelete() throws Exception {
    HttpResponse<String> made =
        f.change(
            "POST",
            "-/api/deployments",
            "{\"name\":\"voice\",\"description\":\"speaks\",\"port\":8080,\"maxInstances\":2}");
    assertThat(made.statusCode()).isEqualTo(201);
    assertThat(made.headers().firstValue("Location")).hasValue("deployments/voice");
    assertThat(ConsoleJson.parse(made.body()).path("link").asText()).endsWith("/d/voice");
    assertThat(ConsoleJson.parse(made.body()).path("status").asText()).isEqualTo("standby");

    assertThat(f.json("-/api/deployments").at("/deployments/0/description").asText())
        .isEqualTo("speaks");

    HttpResponse<String> changed =
        f.change("PATCH", "-/api/deployments/voice", "{\"maxInstances\":3}");
    assertThat(changed.statusCode()).isEqualTo(200);
    assertThat(voice().at("/spec/maxInstances").asInt()).isEqualTo(3);
    assertThat(voice().at("/spec/description").asText()).isEqualTo("speaks");

    assertThat(f.change("DELETE", "-/api/deployments/voice", "").statusCode()).isIn(202, 204);
    Await.until(() -> f.get("-/api/deployments/voice").statusCode() == 404);
  }

  @Test
  void reading_neverWakesAnything() throws Exception {
    deploy("voice");
    for (String path :
        new String[] {
          "",
          "-/api/session",
          "-/api/deployments",
          "-/api/deployments/voice",
          "-/api/deployments/voice/instances",
          "-/api/deployments/voice/usage",
          "-/api/deployments/voice/history?window=week",
          "-/api/deployments/voice/start",
          "-/api/deployments/voice/snapshot",
          "-/api/events",
          "-/api/provider"
        }) {
      f.get(path);
    }
    assertThat(f.provider.started).hasValue(0);
    assertThat(voice().path("status").asText()).isEqualTo("standby");
  }

  @Test
  void aWrongField_isNamed() throws Exception {
    HttpResponse<String> answer =
        f.change("POST", "-/api/deployments", "{\"name\":\"voice\",\"port\":70000,\"gpu\":1}");

    assertThat(answer.statusCode()).isEqualTo(422);
    assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
    JsonNode problem = ConsoleJson.parse(answer.body());
    assertThat(problem.path("type").asText()).endsWith("/invalid-field");
    assertThat(problem.path("errors").findValuesAsText("field"))
        .containsExactlyInAnyOrder("gpu", "port");
    assertThat(problem.path("field").asText()).isEqualTo("gpu");
    assertThat(f.autoDeploy.deployments()).isEmpty();
  }

  @Test
  void aNameThatIsTaken_isAConflictAtTheName() throws Exception {
    deploy("voice");
    String body = "{\"name\":\"voice\",\"port\":8080}";
    for (String path : new String[] {"-/api/deployments", "-/api/check"}) {
      HttpResponse<String> answer = f.change("POST", path, body);
      assertThat(answer.statusCode()).isEqualTo(409);
      assertThat(ConsoleJson.parse(answer.body()).path("field").asText()).isEqualTo("name");
    }
  }

  @Test
  void whatTheProviderRefuses_isToldInItsWords() throws Exception {
    HttpResponse<String> answer =
        f.change(
            "POST", "-/api/deployments", "{\"name\":\"v\",\"port\":80,\"image\":\"forbidden\"}");
    assertThat(answer.statusCode()).isEqualTo(422);
    assertThat(ConsoleJson.parse(answer.body()).path("detail").asText())
        .contains("cannot run here");
  }

  @Test
  void aCheck_makesNothing() throws Exception {
    assertThat(f.change("POST", "-/api/check", "{\"name\":\"v\",\"port\":80}").statusCode())
        .isEqualTo(200);
    assertThat(f.autoDeploy.deployments()).isEmpty();
  }

  @Test
  void aDeployment_cannotBeRenamed() throws Exception {
    deploy("voice");
    assertThat(f.change("PATCH", "-/api/deployments/voice", "{\"name\":\"other\"}").statusCode())
        .isEqualTo(422);
  }

  @Test
  void theThreeWordsAndThePhase_followTheInstance() throws Exception {
    f.provider.startTime = Duration.ofMillis(400);
    f.provider.releaseTime = Duration.ofMillis(400);
    deploy("voice");
    assertThat(voice().path("status").asText()).isEqualTo("standby");
    assertThat(voice().path("phase").asText()).isEqualTo("none");

    assertThat(f.change("POST", "-/api/deployments/voice/start", "").statusCode()).isEqualTo(202);
    Await.until(() -> voice().path("phase").asText().equals("starting"));
    assertThat(voice().path("status").asText()).isIn("idle", "running");
    Await.until(() -> voice().at("/instanceList/0/progress/step").asText().equals("pulling"));

    Await.until(() -> voice().path("phase").asText().equals("waiting"));
    assertThat(voice().path("status").asText()).isEqualTo("running");
    assertThat(voice().path("releaseAt").asText()).isNotEmpty();
    try (Lease lease = f.autoDeploy.deployment("voice").acquire(Duration.ofSeconds(5))) {
      assertThat(lease.coldStart()).isFalse();
      assertThat(voice().path("phase").asText()).isEqualTo("busy");
      assertThat(voice().path("inFlight").asInt()).isEqualTo(1);
    }

    assertThat(f.change("POST", "-/api/deployments/voice/release", "{}").statusCode())
        .isEqualTo(202);
    Await.until(() -> voice().path("phase").asText().equals("releasing"));
    assertThat(voice().path("status").asText()).isEqualTo("idle");
    Await.until(() -> voice().path("status").asText().equals("standby"));
    assertThat(voice().path("typicalStartSeconds").asDouble()).isBetween(0.4, 5.0);
  }

  @Test
  void aForcedRelease_doesNotWaitForRequests() throws Exception {
    running();
    try (Lease lease = f.autoDeploy.deployment("voice").acquire(Duration.ofSeconds(5))) {
      f.change("POST", "-/api/deployments/voice/release", "{\"forced\":false}");
      Await.until(() -> voice().at("/instanceList/0/phase").asText().equals("draining"));
      f.change("POST", "-/api/deployments/voice/release", "{\"forced\":true}");
      Await.until(() -> voice().path("status").asText().equals("standby"));
      assertThat(lease.lost().toCompletableFuture()).isCompleted();
    }
    assertThat(
            f.change("POST", "-/api/deployments/voice/release", "{\"forced\":\"yes\"}")
                .statusCode())
        .isEqualTo(422);
  }

  @Test
  void aSnapshot_isMadeAndOffered() throws Exception {
    running();
    assertThat(f.change("POST", "-/api/deployments/voice/snapshot", "{}").statusCode())
        .isEqualTo(422);
    assertThat(
            f.change("POST", "-/api/deployments/voice/snapshot", "{\"name\":\"warm\"}")
                .statusCode())
        .isEqualTo(202);
    Await.until(
        () -> f.json("-/api/provider").at("/snapshots/0/reference").asText().equals("warm"));
  }

  @Test
  void costAndMonth_growWhileAnInstanceExists() throws Exception {
    running();
    double first = voice().at("/cost/total").asDouble();
    Thread.sleep(150);
    JsonNode cost = voice().path("cost");
    assertThat(cost.path("total").asDouble()).isGreaterThan(first).isGreaterThan(0.0014);
    assertThat(cost.path("month").asDouble())
        .isBetween(first, cost.path("total").asDouble() + 0.01);
    assertThat(cost.path("alwaysOn").asDouble()).isGreaterThan(0);
    assertThat(cost.path("currency").asText()).isEqualTo("USD");
  }

  @Test
  void theMonth_countsOnlyTheShareOfAnInstanceThatLiesInIt() throws Exception {
    DeploymentSpec spec = DeploymentSpec.builder("voice").port(80).build();
    PastStore store =
        new PastStore()
            .deployment(spec, Instant.parse("2026-05-01T00:00:00Z"))
            .instance(
                spec,
                "midnight",
                Instant.parse("2026-05-31T23:30:00Z"),
                Duration.ofMinutes(1),
                Duration.ofMinutes(10),
                Duration.ofHours(2))
            .instance(
                spec,
                "may",
                Instant.parse("2026-05-10T00:00:00Z"),
                Duration.ofMinutes(1),
                Duration.ofMinutes(10),
                Duration.ofHours(1));
    InstantSource june = InstantSource.fixed(Instant.parse("2026-06-10T12:00:00Z"));
    try (ConsoleFixture past = new ConsoleFixture(b -> b.clock(june).zone(ZoneOffset.UTC), store)) {
      JsonNode cost = past.json("-/api/deployments/voice").path("cost");
      assertThat(cost.path("total").asDouble()).isEqualTo(108);
      assertThat(cost.path("month").asDouble()).isEqualTo(54);
      assertThat(cost.path("monthSince").asText()).isEqualTo("2026-06-01T00:00:00Z");
    }
  }

  @Test
  void history_hasTheSegmentsOfTheInstance_theCostsAndTheRequests() throws Exception {
    String id = running();
    try (Lease lease = f.autoDeploy.deployment("voice").acquire(Duration.ofSeconds(5))) {
      assertThat(lease.instanceId()).isEqualTo(id);
      Thread.sleep(1500);
    }
    f.change("POST", "-/api/deployments/voice/release", "");
    Await.until(() -> voice().path("status").asText().equals("standby"));
    Await.until(
        () ->
            f
                    .json("-/api/deployments/voice/history")
                    .path("requests")
                    .findValues("requests")
                    .stream()
                    .mapToLong(JsonNode::asLong)
                    .sum()
                == 2);

    JsonNode history = f.json("-/api/deployments/voice/history?window=hour");
    assertThat(history.at("/instances/0/instanceId").asText()).isEqualTo(id);
    assertThat(history.at("/instances/0/segments").findValuesAsText("phase"))
        .contains("starting", "busy", "idle");
    assertThat(history.path("cost")).hasSize(61);
    assertThat(history.at("/cost/60/spent").asDouble()).isGreaterThan(0.01);
    assertThat(history.at("/starts/0/seconds").asDouble()).isGreaterThanOrEqualTo(0);
    assertThat(
            history.path("requests").findValues("coldStarts").stream()
                .mapToLong(JsonNode::asLong)
                .sum())
        .isEqualTo(1);
    assertThat(f.get("-/api/deployments/voice/history?window=year").statusCode()).isEqualTo(422);

    JsonNode usage = f.json("-/api/deployments/voice/usage");
    assertThat(usage.at("/intervals/0/instanceId").asText()).isEqualTo(id);
    assertThat(usage.at("/intervals/0/busySeconds").asDouble()).isGreaterThan(1.4);
  }

  @Test
  void logs_areThoseOfTheDeploymentsOwnInstancesOnly() throws Exception {
    String id = running();
    deploy("other");
    assertThat(f.get("-/api/deployments/voice/instances/" + id + "/logs").body()).contains("Ready");
    assertThat(f.get("-/api/deployments/other/instances/" + id + "/logs").statusCode())
        .isEqualTo(404);
    assertThat(f.get("-/api/deployments/other/instances/" + id + "/logs/stream").statusCode())
        .isEqualTo(404);
  }

  @Test
  void wrongAddressesAndMethods_areProblems() throws Exception {
    deploy("voice");
    assertThat(f.get("-/api/nothing").statusCode()).isEqualTo(404);
    assertThat(f.get("-/api/deployments/nobody").statusCode()).isEqualTo(404);
    assertThat(f.get("-/api/deployments/voice/instances/x/logs").statusCode()).isEqualTo(404);
    HttpResponse<String> wrong = f.change("PUT", "-/api/deployments/voice", "{}");
    assertThat(wrong.statusCode()).isEqualTo(405);
    assertThat(wrong.headers().firstValue("Allow")).hasValue("GET, PATCH, DELETE");
    assertThat(f.change("POST", "-/api/deployments", "{").statusCode()).isEqualTo(400);
  }

  // Streams.

  private static BufferedReader stream(URI address) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) address.toURL().openConnection();
    connection.setReadTimeout(10_000);
    return new BufferedReader(
        new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8));
  }

  /** Reads until a message of a kind whose data contains a text. */
  private static String message(BufferedReader in, String event, String text) throws IOException {
    String kind = "";
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      if (line.startsWith("event: ")) {
        kind = line.substring(7);
      } else if (line.startsWith("data: ") && kind.equals(event) && line.contains(text)) {
        return line.substring(6);
      }
    }
    throw new IOException("the stream ended before " + event + " with " + text);
  }

  @Test
  void theEventStream_tellsChangesAndOnlyThose() throws Exception {
    deploy("voice");
    deploy("silent");
    try (BufferedReader in = stream(f.at("-/api/events/stream"))) {
      message(in, "hello", "now");
      f.change("POST", "-/api/deployments/voice/start", "");
      List<String> seen = new ArrayList<>();
      seen.add(message(in, "event", "instance-starting"));
      seen.add(message(in, "event", "instance-ready"));
      seen.add(message(in, "deployment", "\"status\":\"running\""));
      f.change("DELETE", "-/api/deployments/voice", "");
      seen.add(message(in, "removed", "voice"));
      assertThat(seen).noneMatch(message -> message.contains("silent"));
    }
  }

  @Test
  void nothingIsSent_whileNothingChanges() throws Exception {
    deploy("silent");
    HttpURLConnection connection =
        (HttpURLConnection) f.at("-/api/events/stream").toURL().openConnection();
    connection.setReadTimeout(3500);
    List<String> lines = new ArrayList<>();
    boolean silent = false;
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8))) {
      // On a busy machine the deployment itself is told after the stream is open, in two messages.
      for (String line = in.readLine(); line != null && lines.size() < 9; line = in.readLine()) {
        lines.add(line);
      }
    } catch (SocketTimeoutException e) {
      silent = true; // for three and a half seconds, in which the console looked three times
    }
    assertThat(lines).first().isEqualTo("event: hello");
    assertThat(silent).as("%s", lines).isTrue();
  }

  @Test
  void requestsInFlight_reachTheStreamWithoutAnyEvent() throws Exception {
    running();
    try (BufferedReader in = stream(f.at("-/api/events/stream"))) {
      message(in, "hello", "now");
      try (Lease lease = f.autoDeploy.deployment("voice").acquire(Duration.ofSeconds(5))) {
        assertThat(message(in, "deployment", "\"inFlight\":1")).contains("\"phase\":\"busy\"");
        assertThat(lease.coldStart()).isFalse();
      }
      message(in, "deployment", "\"phase\":\"waiting\"");
    }
  }

  @Test
  void aLiveLog_sendsNewLinesAndEndsWithTheInstance() throws Exception {
    String id = running();
    try (BufferedReader in =
        stream(f.at("-/api/deployments/voice/instances/" + id + "/logs/stream"))) {
      message(in, "lines", "Ready");
      f.provider.lines.get(id).add("<script>alert(1)</script>");
      message(in, "lines", "<script>alert(1)</script>");
      f.provider.lines.get(id).add("the last words");
      f.change("POST", "-/api/deployments/voice/release", "");
      message(in, "lines", "the last words");
      message(in, "end", "");
    }
  }

  private static BufferedReader listener(URI address) throws Exception {
    BufferedReader in = stream(address);
    message(in, "hello", "");
    return in;
  }

  @Test
  void oneListenerMoreThanAllowed_endsTheOldestOne() throws Exception {
    URI address = f.at("-/api/events/stream");
    try (BufferedReader first = listener(address); // each is in the list before the next
        BufferedReader second = listener(address);
        BufferedReader third = listener(address)) {
      assertThat(third).isNotNull();
      try (BufferedReader fourth = stream(address)) {
        message(fourth, "hello", "");
        assertThat(first.lines().toList()).isNotNull(); // it comes to an end
        deploy("voice");
        message(second, "deployment", "voice");
        message(fourth, "deployment", "voice");
      }
    }
  }

  @Test
  void theOverlapOfTwoTails_isFound() {
    assertThat(LogTails.overlap(List.of("a", "b", "c"), List.of("b", "c", "d"))).isEqualTo(2);
    assertThat(LogTails.overlap(List.of("a", "b"), List.of("a", "b"))).isEqualTo(2);
    assertThat(LogTails.overlap(List.of("a"), List.of("b"))).isZero();
    assertThat(LogTails.overlap(List.of(), List.of("b"))).isZero();
  }

  // Mounting.

  @Test
  void thePage_isMountedAtAnyPath() throws Exception {
    HttpServer host =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    f.console.mount(host, "/ops/gpu/");
    host.start();
    try {
      URI base = URI.create("http://localhost:" + host.getAddress().getPort() + "/ops/gpu");
      HttpResponse<String> redirect = f.send(HttpRequest.newBuilder(base));
      assertThat(redirect.statusCode()).isEqualTo(308);
      assertThat(redirect.headers().firstValue("Location")).hasValue("gpu/");
      URI page = URI.create(base + "/");
      assertThat(f.send(HttpRequest.newBuilder(page)).statusCode()).isEqualTo(200);
      assertThat(f.send(HttpRequest.newBuilder(page.resolve("-/api/session"))).statusCode())
          .isEqualTo(200);
      assertThat(f.send(HttpRequest.newBuilder(page.resolve("/ops/gpux"))).statusCode())
          .isEqualTo(404);
    } finally {
      host.stop(0);
    }
  }

  @Test
  void aFileThatTheBrowserHas_isNotSentAgain() throws Exception {
    HttpResponse<String> first = f.get("-/app.css");
    String etag = first.headers().firstValue("ETag").orElseThrow();
    assertThat(
            f.send(HttpRequest.newBuilder(f.at("-/app.css")).header("If-None-Match", etag))
                .statusCode())
        .isEqualTo(304);
  }
}
