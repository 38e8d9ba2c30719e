package dev.autodeploy.proxy.contract;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.ModelRouter;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One address for all models: the model that a request names chooses its deployment. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
public abstract class ModelsContract extends LinkContract {
  private static final String VOICE_TOKEN = "voice-0123456789abcdef";
  private static final String APP_TOKEN = "app-0123456789abcdef";

  private TestLink models(Consumer<ModelRouter.Builder> router, Consumer<LinkBuilder<?>> settings)
      throws IOException {
    return models(
        (request, out) -> TestInstance.App.text(request.body()).respond(request, out),
        router,
        settings);
  }

  private TestLink models(
      TestInstance.App app, Consumer<ModelRouter.Builder> router, Consumer<LinkBuilder<?>> settings)
      throws IOException {
    ModelRouter.Builder builder = ModelRouter.builder();
    router.accept(builder);
    TestLink link =
        link(
            app,
            spec -> {},
            proxy -> {
              proxy.models(builder.build());
              settings.accept(proxy);
            });
    link.engine.deploy(
        DeploymentSpec.builder("breezyvoice").port(8080).startCommand("serve").build());
    return link;
  }

  private static String post(String path, String body, String... fields) {
    return "POST "
        + path
        + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        + String.join("", List.of(fields).stream().map(field -> field + "\r\n").toList())
        + "Content-Length: "
        + body.length()
        + "\r\n\r\n"
        + body;
  }

  private static String get(String path, String... fields) {
    return "GET "
        + path
        + " HTTP/1.1\r\nHost: localhost\r\n"
        + String.join("", List.of(fields).stream().map(field -> field + "\r\n").toList())
        + "\r\n";
  }

  private static String bearer(String token) {
    return "Authorization: Bearer " + token;
  }

  private static List<String> started(TestLink link) {
    return link.provider.starts.stream().map(start -> start.deployment()).toList();
  }

  @Test
  void modelOfTheBody_choosesTheDeployment_andTheBodyGoesOnAsItIs() throws Exception {
    try (TestLink link =
        models(router -> router.models("tts-1*", "breezyvoice").models("gpt-4o", "app"), p -> {})) {
      String body = "{ \"input\":[{\"model\":\"gpt-4o\"}],\r\n \"model\" : \"tts-1-hd\", \"x\":1}";
      RawClient.Response speech = link.ask(post("/v1/audio/speech?x=%41", body));
      assertThat(speech.status).isEqualTo(200);
      assertThat(speech.body).isEqualTo(body);
      assertThat(started(link)).containsExactly("breezyvoice");
      TestInstance.Request seen = link.instance().requests.get(0);
      assertThat(seen.target).isEqualTo("/v1/audio/speech?x=%41");
      assertThat(seen.field("X-Forwarded-Prefix")).isNull();

      assertThat(link.ask(post("/v1/chat/completions", "{\"model\":\"gpt-4o\"}")).status)
          .isEqualTo(200);
      assertThat(link.ask(post("/api/chat", "{\"model\":\"app\"}")).status).isEqualTo(200);
      assertThat(started(link)).containsExactly("breezyvoice", "app");
      link.awaitQuiet();
    }
  }

  @Test
  void modelOfTheHeader_countsMost() throws Exception {
    try (TestLink link = models(router -> {}, p -> {})) {
      assertThat(
              link.ask(post("/v1/messages", "{\"model\":\"app\"}", "AutoDeploy-Model: breezyvoice"))
                  .status)
          .isEqualTo(200);
      assertThat(started(link)).containsExactly("breezyvoice");
    }
  }

  @Test
  @Timeout(30)
  void nameOnWhichAnExpressionWouldNeverEnd_isRefusedSoon() throws Exception {
    try (TestLink link =
        models(router -> router.models("llama*-instruct*-instruct*q4*q4*x", "app"), p -> {})) {
      String name = "llama" + "-instruct".repeat(150) + "q4".repeat(1500);

      assertThat(link.ask(post("/v1/messages", "{}", "AutoDeploy-Model: " + name)).status)
          .isEqualTo(404);
      assertThat(link.ask(post("/v1/messages", "{}", "AutoDeploy-Model: " + name + "x")).status)
          .isEqualTo(200);
    }
  }

  @Test
  void modelOfAForm_isFound_beforeAndAfterASmallFile_andBeyondThePrefixTheDefaultCounts()
      throws Exception {
    String model = "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper\r\n";
    String file =
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"model\"\r\n"
            + "Content-Type: audio/wav\r\n\r\n";
    String type = "Content-Type: multipart/form-data; boundary=b";
    try (TestLink link =
        models(router -> router.models("whisper", "breezyvoice").prefixBytes(100_000), p -> {})) {
      String path = "/v1/audio/transcriptions";
      for (String body :
          List.of(
              model + file + "x".repeat(200_000) + "\r\n--b--\r\n",
              file + "x".repeat(70_000) + "\r\n" + model + "--b--\r\n",
              file + "\r\n" + model + "--b--")) {
        String request = post(path, body).replace("Content-Type: application/json", type);
        RawClient.Response response = link.ask(request);
        assertThat(response.status).isEqualTo(200);
        assertThat(response.body).isEqualTo(body);
      }
      assertThat(started(link)).containsExactly("breezyvoice");

      String late = file + "x".repeat(200_000) + "\r\n" + model + "--b--\r\n";
      RawClient.Response refused =
          link.ask(post(path, late).replace("Content-Type: application/json", type));
      assertThat(refused.status).isEqualTo(400);
      assertThat(refused.body).contains("first 100000 bytes").contains("AutoDeploy-Model");
    }
    try (TestLink link =
        models(
            router -> router.otherwise("/v1/audio/transcriptions", "app").prefixBytes(100_000),
            p -> {})) {
      String late = file + "x".repeat(200_000) + "\r\n" + model + "--b--\r\n";
      RawClient.Response response =
          link.ask(
              post("/v1/audio/transcriptions", late)
                  .replace("Content-Type: application/json", type));
      assertThat(response.body).isEqualTo(late);
      assertThat(started(link)).containsExactly("app");
    }
  }

  @Test
  void chunkedBody_isReadUntilTheModelIsKnown() throws Exception {
    try (TestLink link = models(router -> {}, p -> {});
        RawClient client = link.client()) {
      client.send(
          "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
              + "\r\n4\r\n{\"mo\r\n");
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
      assertThat(link.provider.starts).isEmpty();
      client.send("b\r\ndel\":\"app\",\r\n");
      Await.until("it starts", () -> !link.provider.starts.isEmpty()); // the rest is still to come
      client.send("6\r\n\"x\":1}\r\n0\r\n\r\n");
      assertThat(client.response().body).isEqualTo("{\"model\":\"app\",\"x\":1}");
    }
  }

  @Test
  void nameIsRewritten_whereAsked() throws Exception {
    try (TestLink link =
        models(router -> router.models("gpt-4o", "app").sendAs("app", "q\"wen ü"), p -> {})) {
      String before = "{\"messages\":[\"" + "x".repeat(5000) + "\"], \"model\":";
      assertThat(link.ask(post("/v1/chat/completions", before + "\"gpt\\u002d4o\" ,\"n\":1}")).body)
          .isEqualTo(before + new String("\"q\\\"wen ü\" ,\"n\":1}".getBytes(UTF_8), ISO_8859_1));
      String form = "--b\r\nContent-Disposition: form-data; name=model\r\n\r\n%s\r\n--b--\r\n";
      assertThat(
              link.ask(
                      post("/v1/audio/transcriptions", form.formatted("gpt-4o"))
                          .replace("application/json", "multipart/form-data; boundary=\"b\""))
                  .body)
          .isEqualTo(new String(form.formatted("q\"wen ü").getBytes(UTF_8), ISO_8859_1));
    }
  }

  @Test
  void lists_wakeNothing_andShowTheState() throws Exception {
    try (TestLink link = models(router -> router.models("tts-1", "breezyvoice"), p -> {})) {
      RawClient.Response list = link.get("/v1/models");
      assertThat(list.status).isEqualTo(200);
      assertThat(list.body)
          .contains("\"object\":\"list\"", "\"id\":\"tts-1\"", "\"id\":\"app\"", "STANDBY");
      assertThat(link.get("/v1/models/tts-1").body).contains("\"deployment\":\"breezyvoice\"");
      assertThat(link.get("/api/tags").body).contains("\"model\":\"breezyvoice\"");
      assertThat(link.ask(post("/api/show", "{\"model\":\"app\"}")).body)
          .contains("\"capabilities\":[]", "\"status\":\"STANDBY\"");
      assertThat(link.ask(get("/v1/chat/completions")).status).isEqualTo(405);
      assertThat(link.provider.starts).isEmpty();
    }
  }

  @Test
  void unknownModel_isRefusedAsEachClientReadsIt() throws Exception {
    try (TestLink link = models(router -> {}, p -> {})) {
      RawClient.Response openAi =
          link.ask(post("/v1/chat/completions", "{\"model\":\"gpt-9<b>\"}"));
      assertThat(openAi.status).isEqualTo(404);
      assertThat(openAi.field("Content-Type")).isEqualTo("application/json");
      assertThat(openAi.body)
          .contains(
              "\"error\":{\"message\":\"The model 'gpt-9\\u003cb>' does not exist",
              "\"type\":\"invalid_request_error\",\"param\":\"model\",\"code\":\"model_not_found\"");
      RawClient.Response anthropic = link.ask(post("/v1/messages", "{\"model\":\"gpt-9\"}"));
      assertThat(anthropic.status).isEqualTo(404);
      assertThat(anthropic.body)
          .contains("\"type\":\"error\"", "\"error\":{\"type\":\"not_found_error\",\"message\":");
      RawClient.Response ollama = link.ask(post("/api/generate", "{\"model\":\"gpt-9\"}"));
      assertThat(ollama.status).isEqualTo(404);
      assertThat(ollama.body).contains("\"error\":\"The model 'gpt-9' does not exist");

      for (String none : List.of("", "{}", "[1]", "{\"model\":1}", "{\"model\":", "no json")) {
        RawClient.Response response = link.ask(post("/v1/embeddings", none));
        assertThat(response.status).as(none).isEqualTo(400);
        assertThat(response.body).contains("you must provide a model");
      }
      assertThat(link.provider.starts).isEmpty();
    }
  }

  @Test
  void modelOfADeploymentThatIsNotForTheCaller_isUnknown() throws Exception {
    try (TestLink link =
        models(
            router -> router.models("tts-1", "breezyvoice").otherwise("app"),
            proxy -> proxy.bearerToken("breezyvoice", VOICE_TOKEN).bearerToken("app", APP_TOKEN))) {
      String speech = "{\"model\":\"tts-1\"}";
      assertThat(link.ask(post("/v1/audio/speech", speech)).status).isEqualTo(401);
      assertThat(link.ask(get("/v1/models")).status).isEqualTo(401);

      RawClient.Response list = link.ask(get("/v1/models", bearer(VOICE_TOKEN)));
      assertThat(list.body).contains("tts-1").doesNotContain("\"app\"");
      assertThat(link.ask(get("/v1/models/app", bearer(VOICE_TOKEN))).status).isEqualTo(404);
      assertThat(
              link.ask(post("/v1/chat/completions", "{\"model\":\"app\"}", bearer(VOICE_TOKEN)))
                  .status)
          .isEqualTo(404);
      assertThat(link.ask(post("/api/show", "{\"model\":\"app\"}", bearer(VOICE_TOKEN))).status)
          .isEqualTo(404);
      assertThat(
              link.ask(
                      post(
                          "/v1/chat/completions",
                          "{}",
                          bearer(VOICE_TOKEN),
                          "AutoDeploy-Model: app"))
                  .status)
          .isEqualTo(404);
      assertThat(link.provider.starts).isEmpty();

      assertThat(link.ask(post("/v1/audio/speech", speech, bearer(VOICE_TOKEN))).status)
          .isEqualTo(200);
      assertThat(started(link)).containsExactly("breezyvoice");
      assertThat(link.instance().requests.get(0).field("Authorization")).isNull();
      link.ask(post("/v1/audio/speech", "{\"model\":\"who\"}", bearer(APP_TOKEN)));
      assertThat(started(link)).containsExactly("breezyvoice", "app"); // the default
    }
  }

  /** Most instances read the last of two members of one name, and the link the first. */
  @Test
  void secondModelOfABody_reachesNoDeploymentButThatOfTheFirst() throws Exception {
    try (TestLink link =
        models(
            router -> {},
            proxy -> proxy.bearerToken("breezyvoice", VOICE_TOKEN).bearerToken("app", APP_TOKEN))) {
      String path = "/v1/chat/completions";
      String other = "{\"model\":\"app\",\"model\":\"breezyvoice\"}";
      assertThat(link.ask(post(path, other, bearer(VOICE_TOKEN))).status).isEqualTo(404);
      assertThat(link.provider.starts).isEmpty();

      String own = "{\"model\":\"breezyvoice\",\"model\":\"app\"}";
      assertThat(link.ask(post(path, own, bearer(VOICE_TOKEN))).body).isEqualTo(own);
      assertThat(started(link)).containsExactly("breezyvoice");
    }
  }

  @Test
  void pageOfAnotherSite_wakesNothing() throws Exception {
    try (TestLink link = models(router -> {}, p -> {})) {
      String body = "{\"model\":\"app\"}";
      assertThat(
              link.ask(
                      post(
                          "/v1/chat/completions",
                          body,
                          "Origin: https://evil.example",
                          "Sec-Fetch-Site: cross-site"))
                  .status)
          .isEqualTo(403);
      String elsewhere = post("/v1/chat/completions", body).replace("localhost", "evil.example");
      assertThat(link.ask(elsewhere).status).isEqualTo(421);
      assertThat(link.provider.starts).isEmpty();
    }
  }

  @Test
  void cookieOfAModel_isNotSetForTheWholeAddress() throws Exception {
    try (TestLink link =
        models(
            TestInstance.App.raw(
                "HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 1\r\n\r\nx"),
            router -> {},
            p -> {})) {
      RawClient.Response response = link.ask(post("/v1/chat/completions", "{\"model\":\"app\"}"));
      assertThat(response.body).isEqualTo("x");
      assertThat(response.field("Set-Cookie")).isNull();
    }
  }

  @Test
  void ownRule_isAskedFirst_andMayFail() throws Exception {
    try (TestLink link =
        models(
            router ->
                router.rule(
                    request -> {
                      if ("boom".equals(request.model())) {
                        throw new IllegalStateException("boom");
                      }
                      return request.headers().apply("X-Tenant").contains("voice")
                          ? "breezyvoice"
                          : null;
                    }),
            p -> {})) {
      link.ask(post("/v1/chat/completions", "{\"model\":\"app\"}", "X-Tenant: voice"));
      assertThat(started(link)).containsExactly("breezyvoice");
      assertThat(link.ask(post("/v1/chat/completions", "{\"model\":\"boom\"}")).status)
          .isEqualTo(404);
    }
  }

  @Test
  void clientThatStopsInTheMiddleOfTheName_isDisconnected_andOneThatLeavesIsForgotten()
      throws Exception {
    try (TestLink link =
            models(
                router -> {},
                proxy ->
                    proxy.stallTimeout(Duration.ofMillis(300)).headTimeout(Duration.ofSeconds(2)));
        RawClient slow = link.client()) {
      String head =
          "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n";
      slow.send(head + "{\"mod");
      Await.until("it is disconnected", () -> ended(slow));
      try (RawClient leaving = link.client()) {
        leaving.send(head + "{\"mod");
      }
      link.awaitQuiet();
      assertThat(link.provider.starts).isEmpty();
    }
  }

  private static boolean ended(RawClient client) {
    try {
      return client.read() < 0;
    } catch (IOException e) {
      return String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("reset");
    }
  }

  @Test
  void bodiesOfUnknownModels_leaveRoomForOthers() throws Exception {
    try (TestLink link = models(router -> router.prefixBytes(16 * 1024 * 1024), proxy -> {})) {
      String pad = "{\"pad\": \"" + "x".repeat(12_000_000) + "\", ";
      String unknown = post("/v1/chat/completions", pad + "\"model\": \"none\"}");
      for (int i = 0; i < 6; i++) {
        RawClient.Response response = link.ask(unknown);
        assertThat(response.status).isEqualTo(404);
        assertThat(response.body).contains("none");
      }
      String known = post("/v1/chat/completions", "{\"model\": \"app\"}");
      assertThat(link.ask(known).status).isEqualTo(200);
    }
  }
}
