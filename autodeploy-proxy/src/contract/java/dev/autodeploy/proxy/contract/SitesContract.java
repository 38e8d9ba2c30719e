package dev.autodeploy.proxy.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.proxy.AccessCheck;
import dev.autodeploy.proxy.CorsPolicy;
import dev.autodeploy.proxy.LinkBuilder;
import java.io.IOException;
import java.net.URI;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Links without an access rule: web pages of others neither wake instances nor read anything. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
public abstract class SitesContract extends LinkContract {
  private static final String CROSS = "Sec-Fetch-Site: cross-site\r\n";

  /** A page has the browser load another one ahead, before anybody has asked for it. */
  private static final String AHEAD =
      "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"
          + "Sec-Purpose: prefetch\r\n";

  private TestLink link(Consumer<LinkBuilder<?>> settings) throws IOException {
    return link(TestInstance.App.text("served"), spec -> {}, settings);
  }

  private static String get(String path, String host, String fields) {
    return "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n" + fields + "\r\n";
  }

  private static int status(TestLink link, String request) throws IOException {
    return link.ask(request).status;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "[::ffff:127.0.0.1]",
        "127.evil.example",
        "0.0.0.0:8000",
        "[::2]:8000",
        "192.0.2.1"
      })
  void foreignHost_isRefused_andWakesNothing(String host) throws Exception {
    try (TestLink link = link(proxy -> {})) {
      for (String path : new String[] {"/d/app/", "/d/other/", "/-/status"}) {
        RawClient.Response response = link.ask(get(path, host, ""));

        assertThat(response.status).as(path).isEqualTo(421);
        assertThat(response.body).contains("problems/unknown-host").contains("allowedHosts");
      }
      assertThat(link.provider.starts).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "LOCALHOST:8000",
        "localhost:1",
        "127.0.0.1:8000",
        "127.1.2.3",
        "[::1]:8000",
        "app.localhost",
        "gpu.example.com",
        "gpu.example.com:8443",
        "public.example",
        "app.links.example"
      })
  void ownHost_isServed_whateverItsPort(String host) throws Exception {
    try (TestLink link =
        link(
            proxy ->
                proxy
                    .allowedHosts("GPU.example.com")
                    .hostSuffix("links.example")
                    .publicUrl(URI.create("https://Public.example:444/x/")))) {
      assertThat(link.ask(get("/d/app/", host, "")).body).isEqualTo("served");
    }
  }

  @Test
  void host_whereSomethingElseChecksIt_isNotLookedAt() throws Exception {
    for (Consumer<LinkBuilder<?>> settings :
        java.util.List.<Consumer<LinkBuilder<?>>>of(
            proxy -> proxy.trustForwardedHeaders(true),
            proxy -> proxy.access(AccessCheck.everybody()))) {
      try (TestLink link = link(settings)) {
        assertThat(status(link, get("/d/app/", "gpu.example.com", ""))).isEqualTo(200);
      }
    }
    try (TestLink link = link(proxy -> {})) {
      assertThat(status(link, "GET /d/app/ HTTP/1.0\r\n\r\n")).isEqualTo(200);
    }
  }

  /** A page there has cookies that no instance can have set. */
  @ParameterizedTest
  @ValueSource(strings = {"page.localhost", "Page.localhost:8001"})
  void hostOfThePage_isRefused_withAnAccessRuleToo(String host) throws Exception {
    for (Consumer<LinkBuilder<?>> settings :
        java.util.List.<Consumer<LinkBuilder<?>>>of(
            proxy -> {}, proxy -> proxy.access(AccessCheck.everybody()))) {
      try (TestLink link = link(settings)) {
        RawClient.Response response = link.ask(get("/d/app/", host, ""));

        assertThat(response.status).isEqualTo(421);
        assertThat(response.body).contains("problems/unknown-host").contains("use localhost");
        assertThat(link.provider.starts).isEmpty();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        CROSS,
        CROSS + "Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n",
        CROSS + "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\nAccept: text/html\r\n",
        CROSS + "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nAccept: text/html\r\n",
        CROSS + "Origin: https://evil.example\r\n",
        CROSS + "Origin: http://127.0.0.1.evil.example\r\n",
        CROSS + "Origin: http://127.0.0.1@evil.example\r\n",
        CROSS + "Origin: http://[::ffff:127.0.0.1]:3000\r\n",
        CROSS + "Origin: null\r\n",
        AHEAD + "Referer: http://evil.example/\r\n",
        AHEAD + "Referer: http://localhost.evil.example/x\r\n",
        AHEAD, // as Chromium sends it for a page of any site that hides its address
        AHEAD + "Referer: http://evil.example/\r\nAccept: text/html\r\n",
        "Sec-Fetch-Site: none\r\nSec-Purpose: prefetch;prerender\r\n",
        "Sec-Purpose: prefetch;anonymous-client-ip\r\n",
        "Sec-Fetch-Site: none\r\nPurpose: prefetch\r\n",
        "Origin: https://evil.example\r\n",
        "Origin: http://localhost.evil.example\r\n",
        "Origin: null\r\n",
        "Origin: https://\r\n"
      })
  void pageOfAnotherSite_isRefused_andWakesNothing(String fields) throws Exception {
    try (TestLink link = link(proxy -> proxy.waitingPage(true))) {
      for (String path : new String[] {"/d/app/x?<y>", "/-/status"}) {
        RawClient.Response response = link.ask(get(path.replace("<y>", "y"), "localhost", fields));

        assertThat(response.status).as(path).isEqualTo(403);
        assertThat(response.body).doesNotContain("instances");
      }
      assertThat(link.provider.starts).isEmpty();
    }
  }

  @Test
  void linkInAPageOfAnotherSite_asksBeforeItWakes() throws Exception {
    try (TestLink link = link(proxy -> {})) {
      RawClient.Response page =
          link.ask(
              get(
                  "/d/app/x?a=1&b='2'",
                  "localhost",
                  CROSS
                      + "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"
                      + "Accept: text/html\r\n"));

      assertThat(page.status).isEqualTo(403);
      assertThat(page.body).contains("href=\"/d/app/x?a=1&amp;b=&#39;2&#39;\"");
      assertThat(page.field("Content-Security-Policy")).contains("frame-ancestors 'none'");
      assertThat(link.provider.starts).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Sec-Fetch-Site: none\r\n",
        AHEAD + "Referer: http://localhost:8000/d/app/page\r\n",
        "Sec-Fetch-Site: same-origin\r\nSec-Purpose: prefetch\r\n",
        AHEAD + "Referer: https://app.example.com/page\r\n",
        AHEAD + "Referer: https://asked.example.com/page\r\n",
        "Sec-Fetch-Site: same-origin\r\nOrigin: http://localhost:8000\r\n",
        "Sec-Fetch-Site: same-site\r\nOrigin: http://localhost:3000\r\n",
        CROSS + "Origin: http://127.0.0.1:3000\r\n", // another site to a browser, the same machine
        CROSS + "Origin: http://[::1]:3000\r\n",
        "Origin: http://localhost:3000\r\n",
        "Origin: http://127.0.0.1\r\n",
        CROSS + "Origin: https://app.example.com\r\n",
        CROSS + "Origin: https://asked.example.com\r\n",
        CROSS + "Referer: https://app.example.com/page\r\n",
        CROSS + "Origin: vscode-webview://1\r\n",
        "Origin: https://app.example.com\r\n"
      })
  void ownPage_orOneThatIsAllowed_isServed(String fields) throws Exception {
    try (TestLink link =
        link(
            proxy ->
                proxy
                    .allowedOrigins("https://app.example.com")
                    .cors(CorsPolicy.of("https://asked.example.com")))) {
      assertThat(link.ask(get("/d/app/", "localhost", fields)).body).isEqualTo("served");
    }
  }

  @Test
  void preflight_ofAForeignOrigin_isRefused_andWakesNothing() throws Exception {
    try (TestLink link = link(proxy -> proxy.cors(CorsPolicy.of("https://app.example.com")))) {
      String ask = "OPTIONS /d/app/ HTTP/1.1\r\nHost: localhost\r\nOrigin: https://%s\r\n";
      String rest = "Access-Control-Request-Method: POST\r\n\r\n";

      assertThat(status(link, String.format(ask, "evil.example") + rest)).isEqualTo(403);
      assertThat(status(link, String.format(ask, "app.example.com") + rest)).isEqualTo(204);
      assertThat(link.provider.starts).isEmpty();
    }
  }

  @Test
  void accessRule_decidesWhereThereIsOne() throws Exception {
    try (TestLink link = link(proxy -> proxy.bearerToken("app", "0123456789abcdef"))) {
      String token = "Authorization: Bearer 0123456789abcdef\r\n" + CROSS;

      assertThat(status(link, get("/d/app/", "gpu.example.com", token))).isEqualTo(200);
      assertThat(status(link, get("/d/app/", "gpu.example.com", CROSS))).isEqualTo(401);
    }
  }

  @Test
  void serviceWorker_aboveTheDeploymentsPath_isRefused() throws Exception {
    try (TestLink link = link(proxy -> {})) {
      String script = "Service-Worker: script\r\nSec-Fetch-Site: same-origin\r\n";

      assertThat(status(link, get("/d/app?sw.js", "localhost", script))).isEqualTo(403);
      assertThat(link.provider.starts).isEmpty();
      assertThat(status(link, get("/d/app/sw.js", "localhost", script))).isEqualTo(200);
    }
  }

  @Test
  void allowedHosts_withAPort_areRefused() throws Exception {
    assertThatThrownBy(() -> link(proxy -> proxy.allowedHosts("gpu.example.com:8000")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("gpu.example.com:8000");
  }

  @Test
  void sandboxLinks_givesPagesOfInstancesAnOriginOfTheirOwn() throws Exception {
    TestInstance.App page =
        TestInstance.App.raw(
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Security-Policy: default-src *\r\n"
                + "Service-Worker-Allowed: /\r\nClear-Site-Data: \"*\"\r\n"
                + "Deploy-Route-Target: forged\r\nAutoDeploy-Status: forged\r\n\r\n");
    try (TestLink link =
        link(
            page,
            spec -> {},
            proxy -> {
              proxy.sandboxLinks(true);
              if (hasDedicatedPorts()) {
                proxy.dedicatedPort("app", 0);
              }
            })) {
      RawClient.Response response = link.get("/d/app/");
      assertThat(response.head)
          .anyMatch(
              line ->
                  line.toLowerCase(java.util.Locale.ROOT)
                      .startsWith("content-security-policy: sandbox"))
          .anyMatch(line -> line.equalsIgnoreCase("Content-Security-Policy: default-src *"))
          .noneMatch(line -> line.contains("allow-same-origin") || line.contains("forged"));
      assertThat(response.field("Service-Worker-Allowed")).isNull();
      assertThat(response.field("Clear-Site-Data")).isNull();
      if (hasDedicatedPorts()) {
        assertThat(RawClient.get(link.proxy.dedicatedPort("app"), "/").head)
            .noneMatch(line -> line.contains("sandbox"));
      }
    }
  }
}
