package dev.autodeploy.proxy.contract;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.proxy.AccessCheck;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.TokenCarrier;
import java.io.IOException;
import java.time.Duration;
import java.util.Base64;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens in their usual carriers, none of which an instance sees. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
public abstract class CredentialsContract extends LinkContract {
  private static final String TOKEN = "0123456789abcdef+/=";

  private TestLink link(Consumer<LinkBuilder<?>> settings) throws IOException {
    return link(
        TestInstance.App.text("served"),
        spec -> {},
        proxy -> {
          proxy.bearerToken("app", TOKEN);
          settings.accept(proxy);
        });
  }

  private static String get(String path, String fields) {
    return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n";
  }

  private static String basic(String pair) {
    return "Authorization: Basic "
        + Base64.getEncoder().encodeToString(pair.getBytes(ISO_8859_1))
        + "\r\n";
  }

  private static void assertNothingOfTheToken(TestLink link) {
    for (TestInstance.Request request : link.instance().requests) {
      assertThat(request.target).doesNotContain("0123456789");
      assertThat(request.head)
          .noneMatch(field -> field.contains("0123456789"))
          .noneMatch(field -> field.toLowerCase(java.util.Locale.ROOT).contains("basic"));
    }
  }

  @Test
  void token_passesInEachCarrier_andNoInstanceSeesIt() throws Exception {
    try (TestLink link = link(proxy -> {})) {
      String[] carriers = {
        "Authorization: Bearer " + TOKEN + "\r\n",
        "x-api-key: " + TOKEN + "\r\n",
        "X-Api-Key: " + TOKEN + "\r\nx_api_key: " + TOKEN + "\r\n",
        "api-key: " + TOKEN + "\r\n",
        basic("anybody:" + TOKEN),
        basic(":" + TOKEN),
        "Authorization: Bearer " + TOKEN + "\r\nx-api-key: " + TOKEN + "\r\n",
      };
      for (String fields : carriers) {
        assertThat(link.ask(get("/d/app/", fields)).status).as(fields).isEqualTo(200);
      }
      assertThat(link.instance().requests).hasSize(carriers.length);
      assertNothingOfTheToken(link);
    }
  }

  @Test
  void wrongOrAmbiguousTokens_areRefused_inEachCarrier() throws Exception {
    try (TestLink link = link(proxy -> {})) {
      String[] wrong = {
        "",
        "Authorization: Bearer wrong\r\n",
        "Authorization: " + TOKEN + "\r\n",
        "x-api-key: wrong\r\n",
        "x-api-key: Bearer " + TOKEN + "\r\n",
        "x-api-key: " + TOKEN + "\r\nx-api-key: " + TOKEN + "\r\n",
        "x-api-key: \r\n",
        basic(TOKEN + ":"),
        basic(TOKEN),
        "Authorization: Basic !!!\r\n",
        "Cookie: AutoDeploy-Session=" + TOKEN + "\r\n",
      };
      for (String fields : wrong) {
        RawClient.Response response = link.ask(get("/d/app/", fields));
        assertThat(response.status).as(fields).isEqualTo(401);
        assertThat(response.body).doesNotContain("0123456789");
      }
      assertThat(link.ask(get("/d/app/?access_token=" + TOKEN, "")).status).isEqualTo(401);
      assertThat(link.provider.starts).isEmpty();
    }
  }

  @Test
  void credentialsOfTheInstanceItself_passBesideTheLinksToken() throws Exception {
    try (TestLink link = link(proxy -> {})) {
      link.ask(
          get("/d/app/", "x-api-key: " + TOKEN + "\r\nAuthorization: Bearer for-the-instance\r\n"));
      link.ask(
          get("/d/app/", "Authorization: Bearer " + TOKEN + "\r\nx-api-key: for-the-instance\r\n"));

      assertThat(link.instance().requests.get(0).field("Authorization"))
          .isEqualTo("Bearer for-the-instance");
      assertThat(link.instance().requests.get(1).field("x-api-key")).isEqualTo("for-the-instance");
      assertNothingOfTheToken(link);
    }
  }

  @Test
  void tokenOfAnotherDeployment_doesNotReachAnInstanceEither() throws Exception {
    String other = "fedcba9876543210";
    try (TestLink link = link(proxy -> proxy.bearerToken("other", other))) {
      assertThat(link.ask(get("/d/app/", "x-api-key: " + other + "\r\n")).status).isEqualTo(401);
      link.ask(get("/d/app/", "x-api-key: " + TOKEN + "\r\napi-key: " + other + "\r\n"));

      assertThat(link.instance().requests.get(0).field("api-key")).isNull();
    }
  }

  @Test
  void carriers_areASetting_andTheQueryIsOneOnlyIfAskedFor() throws Exception {
    try (TestLink link =
        link(proxy -> proxy.tokenCarriers(TokenCarrier.QUERY, TokenCarrier.API_KEY))) {
      String encoded = TOKEN.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D");
      String[] targets = {
        "/d/app/a?access_token=" + encoded,
        "/d/app/a?access_token=" + TOKEN + "&x=%7e&y",
        "/d/app/a?x=1&access_token=" + encoded,
      };
      for (String target : targets) {
        assertThat(link.ask(get(target, "")).status).as(target).isEqualTo(200);
      }
      assertThat(link.instance().requests.stream().map(request -> request.target))
          .containsExactly("/a", "/a?x=%7e&y", "/a?x=1");
      assertThat(link.ask(get("/d/app/", "x-api-key: " + TOKEN + "\r\n")).status).isEqualTo(401);
      assertThat(link.ask(get("/d/app/", "Authorization: Bearer " + TOKEN + "\r\n")).status)
          .isEqualTo(401);
      assertThat(link.ask(get("/d/app/?access_token=" + encoded + "&access_token=x", "")).status)
          .isEqualTo(401);
    }
  }

  @Test
  void rateLimit_isOfTheToken_whateverItsCarrier() throws Exception {
    try (TestLink link =
        link(
            proxy ->
                proxy
                    .bearerToken("app", "another-token-of-it")
                    .rateLimit(2, Duration.ofHours(1)))) {
      assertThat(link.ask(get("/d/app/", "x-api-key: " + TOKEN + "\r\n")).status).isEqualTo(200);
      assertThat(link.ask(get("/d/app/", basic("a:" + TOKEN))).status).isEqualTo(200);
      assertThat(link.ask(get("/d/app/", "api-key: " + TOKEN + "\r\n")).status).isEqualTo(429);
      assertThat(link.ask(get("/d/app/", "api-key: another-token-of-it\r\n")).status)
          .isEqualTo(200);
    }
  }

  @Test
  void status_isShownToTheTokenInAnyCarrier() throws Exception {
    try (TestLink link = link(proxy -> {})) {
      assertThat(link.ask(get("/-/status", "x-api-key: " + TOKEN + "\r\n")).body)
          .contains("\"app\"");
      assertThat(link.ask(get("/-/status", "x-api-key: wrong\r\n")).status).isEqualTo(401);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "HEAD"})
  void health_needsNoToken_andTellsNothingElse(String method) throws Exception {
    try (TestLink link = link(proxy -> proxy.access(AccessCheck.everybody()))) {
      RawClient.Response response =
          link.ask(method + " /-/health HTTP/1.1\r\nHost: 10.0.0.5\r\n\r\n");

      assertThat(response.status).isEqualTo(200);
      assertThat(response.body).isEqualTo(method.equals("GET") ? "ok\n" : "");
      assertThat(link.get("/-/health/x").status).isEqualTo(404);
      assertThat(link.ask("POST /-/health HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").status)
          .isEqualTo(404);
      assertThat(link.provider.starts).isEmpty();
    }
  }
}
