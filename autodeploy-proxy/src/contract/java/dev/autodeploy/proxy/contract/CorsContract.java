package dev.autodeploy.proxy.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.proxy.CorsPolicy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.spi.InstanceStartException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Links that pages of other origins may use, by a {@link CorsPolicy}. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
public abstract class CorsContract extends LinkContract {
  private static final String TOKEN = "0123456789abcdef";
  private static final String APP = "https://app.example.com";

  private TestLink link(CorsPolicy policy) throws IOException {
    return link(TestInstance.App.text("served"), policy, proxy -> {});
  }

  private TestLink link(TestInstance.App app, CorsPolicy policy, Consumer<LinkBuilder<?>> settings)
      throws IOException {
    return link(
        app,
        spec -> spec.startBackoff(Duration.ofMinutes(1), Duration.ofMinutes(1)),
        proxy -> {
          proxy.bearerToken("app", TOKEN).cors(policy);
          settings.accept(proxy);
        });
  }

  private static String preflight(String origin, String more) {
    return "OPTIONS /d/app/v1 HTTP/1.1\r\nHost: localhost\r\nOrigin: "
        + origin
        + "\r\nAccess-Control-Request-Method: POST\r\n"
        + "Access-Control-Request-Headers: authorization, content-type\r\n"
        + more
        + "\r\n";
  }

  private static String get(String path, String fields) {
    return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n";
  }

  private static final String KEY = "Authorization: Bearer " + TOKEN + "\r\n";

  @Test
  void preflight_meetsNoTokenCheck_andWakesNothing() throws Exception {
    try (TestLink link = link(CorsPolicy.of(APP))) {
      RawClient.Response response = link.ask(preflight(APP, ""));

      assertThat(response.status).isEqualTo(204);
      assertThat(response.field("Access-Control-Allow-Origin")).isEqualTo(APP);
      assertThat(response.field("Access-Control-Allow-Methods")).isEqualTo("POST");
      assertThat(response.field("Access-Control-Allow-Headers"))
          .isEqualTo("authorization, content-type");
      assertThat(response.field("Access-Control-Max-Age")).isEqualTo("600");
      assertThat(response.field("Access-Control-Allow-Credentials")).isNull();
      assertThat(response.field("Access-Control-Allow-Private-Network")).isNull();
      assertThat(String.join(" ", response.head)).contains("Vary: Origin");
      assertThat(link.provider.starts).isEmpty();

      link.warm();
      assertThat(link.ask(preflight(APP, "")).status).isEqualTo(204);
      assertThat(link.instance().requests).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://evil.example", "https://app.example.com.evil.example", "null"})
  void preflight_ofAnotherOrigin_isNot401_butRefused(String origin) throws Exception {
    try (TestLink link = link(CorsPolicy.of(APP));
        TestLink without =
            link(
                TestInstance.App.text("x"), spec -> {}, proxy -> proxy.bearerToken("app", TOKEN))) {
      for (TestLink each : new TestLink[] {link, without}) {
        RawClient.Response response = each.ask(preflight(origin, ""));

        assertThat(response.status).isEqualTo(403);
        assertThat(response.body).contains("cross-site-request").contains("set one by cors");
        assertThat(response.field("Access-Control-Allow-Origin")).isNull();
        assertThat(each.provider.starts).isEmpty();
      }
    }
  }

  @Test
  void preflight_forAPrivateNetwork_isAnswered() throws Exception {
    String asks = "Access-Control-Request-Private-Network: true\r\n";
    try (TestLink link = link(CorsPolicy.of(APP));
        TestLink any = link(CorsPolicy.of("*"))) {
      assertThat(link.ask(preflight(APP, asks)).field("Access-Control-Allow-Private-Network"))
          .isEqualTo("true");
      assertThat(any.ask(preflight(APP, asks)).field("Access-Control-Allow-Private-Network"))
          .isNull();
    }
  }

  @Test
  void errorsOfTheLink_areReadableByThePage() throws Exception {
    try (TestLink link =
        link(
            TestInstance.App.text("x"),
            CorsPolicy.of(APP),
            proxy -> proxy.rateLimit(2, Duration.ofHours(1)))) {
      link.provider.gate = CompletableFuture.failedFuture(new InstanceStartException("no model"));
      String origin = "Origin: " + APP + "\r\n";
      int[] statuses = {401, 503, 503, 429, 404, 400};
      String[] requests = {
        get("/d/app/", origin),
        get("/d/app/", origin + KEY),
        get("/d/app/", origin + KEY),
        get("/d/app/", origin + KEY),
        get("/nowhere", origin),
        get("/d/app/", origin + "Content-Length: x\r\n"),
      };
      for (int i = 0; i < requests.length; i++) {
        RawClient.Response response = link.ask(requests[i]);

        assertThat(response.status).as(requests[i]).isEqualTo(statuses[i]);
        if (statuses[i] != 400) { // which a server may say before there is a link
          assertThat(response.field("Access-Control-Allow-Origin")).isEqualTo(APP);
          assertThat(response.field("Access-Control-Expose-Headers"))
              .contains("Retry-After")
              .contains("AutoDeploy-Instance");
          assertThat(response.field("Vary")).isEqualTo("Origin");
        }
      }
    }
  }

  @Test
  void responsesOfInstances_areReadable_andTheirOwnFieldsWin() throws Exception {
    TestInstance.App app =
        (request, out) ->
            TestInstance.write(
                out,
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nVary: Accept\r\n"
                    + (request.target.equals("/own")
                        ? "Access-Control-Allow-Origin: https://own.example\r\n\r\n"
                        : "Access-Control-Expose-Headers: X-Mine\r\n\r\n"));
    try (TestLink link =
        link(
            app,
            CorsPolicy.builder().origins(APP, "https://*.lab.example").credentials(true).build(),
            proxy -> {})) {
      RawClient.Response response = link.ask(get("/d/app/", KEY + "Origin: " + APP + "\r\n"));
      assertThat(response.field("Access-Control-Allow-Origin")).isEqualTo(APP);
      assertThat(response.field("Access-Control-Allow-Credentials")).isEqualTo("true");
      assertThat(response.field("Access-Control-Expose-Headers"))
          .containsIgnoringCase("x-mine")
          .contains("AutoDeploy-Waited-Ms");
      assertThat(response.head).contains("Vary: Accept", "Vary: Origin");

      RawClient.Response below =
          link.ask(get("/d/app/", KEY + "Origin: https://a.b.lab.example\r\n"));
      assertThat(below.field("Access-Control-Allow-Origin")).isEqualTo("https://a.b.lab.example");

      RawClient.Response own = link.ask(get("/d/app/own", KEY + "Origin: " + APP + "\r\n"));
      assertThat(own.field("Access-Control-Allow-Origin")).isEqualTo("https://own.example");
      assertThat(own.field("Access-Control-Allow-Credentials")).isNull();

      for (String other : new String[] {"", "Origin: https://lab.example\r\n"}) {
        RawClient.Response none = link.ask(get("/d/app/", KEY + other));
        assertThat(none.field("Access-Control-Allow-Origin")).isNull();
        assertThat(none.head).contains("Vary: Origin"); // a cache must not keep it for the page
      }
    }
  }

  @Test
  void policyForEverybody_saysSo_andOfOneDeploymentIsItsOwn() throws Exception {
    try (TestLink link =
        link(
            TestInstance.App.text("x"),
            CorsPolicy.of("*"),
            proxy -> proxy.cors("app", CorsPolicy.of(APP)))) {
      assertThat(link.ask(get("/d/app/", "Origin: https://b\r\n")).head)
          .doesNotContain("Access-Control-Allow-Origin: *");
      RawClient.Response status = link.ask(get("/-/status", "Origin: https://b\r\n"));
      assertThat(status.status).isEqualTo(401);
      assertThat(status.field("Access-Control-Allow-Origin")).isEqualTo("*");
      assertThat(status.field("Vary")).isNull();
    }
  }

  @Test
  void linkWithoutAnAccessRule_letsPagesOfThePolicyIn() throws Exception {
    try (TestLink link =
        link(TestInstance.App.text("x"), spec -> {}, proxy -> proxy.cors(CorsPolicy.of(APP)))) {
      String cross = "Sec-Fetch-Site: cross-site\r\n";

      assertThat(link.ask(get("/d/app/", cross + "Origin: " + APP + "\r\n")).body).isEqualTo("x");
      assertThat(link.ask(get("/d/app/", cross + "Referer: " + APP + "/a\r\n")).body)
          .isEqualTo("x");
      assertThat(link.ask(get("/d/app/", cross + "Origin: https://evil.example\r\n")).status)
          .isEqualTo(403);
      assertThat(link.ask(get("/d/app/", cross)).status).isEqualTo(403);
    }
  }

  @Test
  void policyThatCannotBe_isRefused() {
    assertThatThrownBy(() -> CorsPolicy.of()).hasMessageContaining("at least one origin");
    assertThatThrownBy(() -> CorsPolicy.of("https://a.example/")).hasMessageContaining("path");
    assertThatThrownBy(() -> CorsPolicy.builder().origins("*").credentials(true).build())
        .hasMessageContaining("by name");
    assertThatThrownBy(() -> CorsPolicy.builder().exposedHeaders("a b"))
        .hasMessageContaining("exposedHeaders");
  }

  @Test
  void pageInABrowser_readsResponsesAndErrors() throws Exception {
    BrowserPage.Site site = BrowserPage.site();
    try (TestLink link = link(CorsPolicy.of(site.origin()))) {
      String script =
          "const url = 'http://127.0.0.1:"
              + link.port
              + "/d/app/v1';"
              + "const ask = (key, to) => fetch(to, {method: 'POST', body: '{}', headers:"
              + " {'Content-Type': 'application/json', Authorization: 'Bearer ' + key}});"
              + "let r = await ask('wrong', url);"
              + "tell(r.status + ' ' + (await r.json()).type);"
              + "r = await ask('"
              + TOKEN
              + "', url);"
              + "tell(r.status + ' ' + await r.text() + ' '"
              + " + (r.headers.get('AutoDeploy-Instance') !== null));";
      try (BrowserPage page = site.open(script)) {
        assertThat(page.told()).startsWith("401 ").endsWith("problems/not-allowed");
        assertThat(page.told()).isEqualTo("200 served true");
      }
    }
    BrowserPage.Site other = BrowserPage.site();
    try (TestLink link = link(CorsPolicy.of(APP));
        BrowserPage page =
            other.open(
                "tell(await fetch('http://127.0.0.1:"
                    + link.port
                    + "/d/app/').then(r => 'read', e => 'refused'));")) {
      assertThat(page.told()).isEqualTo("refused");
    }
  }

  @Test
  void eventSource_ofAPageOfAnotherOrigin_getsEventsAsTheyCome() throws Exception {
    TestInstance.App events =
        (request, out) -> {
          TestInstance.write(
              out,
              "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                  + "Transfer-Encoding: chunked\r\n\r\n");
          for (int i = 1; i <= 3; i++) {
            TestInstance.write(out, "9\r\ndata: " + i + "\n\n\r\n");
            java.util.concurrent.locks.LockSupport.parkNanos(300_000_000);
          }
          TestInstance.write(out, "0\r\n\r\n");
        };
    BrowserPage.Site site = BrowserPage.site();
    try (TestLink link =
            link(events, spec -> {}, proxy -> proxy.cors(CorsPolicy.of(site.origin())));
        BrowserPage page =
            site.open(
                "const from = new EventSource('http://127.0.0.1:"
                    + link.port
                    + "/d/app/events'); let last = 0;"
                    + "from.onmessage = e => { const now = Date.now();"
                    + " tell(e.data + ' ' + (now - last > 100)); last = now; };"
                    + "from.onerror = () => { from.close(); tell('end'); };")) {
      List<String> told = List.of(page.told(), page.told(), page.told(), page.told());
      assertThat(told).containsExactlyInAnyOrder("1 true", "2 true", "3 true", "end");
    }
  }
}
