package dev.autodeploy.proxy.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.proxy.LinkBuilder;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An instance can believe that it is the link: it sees its host, and what it says of it is true.
 */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
public abstract class AddressesContract extends LinkContract {
  private static final String TOKEN = "0123456789abcdef";

  /** The kinds of links of one deployment. */
  enum Kind {
    PATH,
    HOST,
    PORT;

    URI root(TestLink link) {
      return URI.create(
          switch (this) {
            case PATH -> "http://localhost:" + link.port + "/d/app/";
            case HOST -> "http://app.links.example:" + link.port + "/";
            case PORT -> "http://localhost:" + link.proxy.dedicatedPort("app") + "/";
          });
    }
  }

  /** A browser as far as these tests need one: it follows redirects and keeps cookies. */
  private static final class Follower {
    private final List<String> cookies = new ArrayList<>();
    private final String fields;
    private URI last;

    Follower(String fields) {
      this.fields = fields;
    }

    RawClient.Response get(TestLink link, URI from) throws IOException {
      URI at = from;
      for (int hops = 0; hops < 10; hops++) {
        last = at;
        RawClient.Response response = ask(link, at);
        String cookie = response.field("Set-Cookie");
        if (cookie != null) {
          cookies.add(cookie);
        }
        if (response.status / 100 != 3) {
          return response;
        }
        at = at.resolve(response.field("Location"));
        assertThat(at.getHost()).isEqualTo(from.getHost());
      }
      throw new IOException("redirected again and again");
    }

    private RawClient.Response ask(TestLink link, URI at) throws IOException {
      String query = at.getRawQuery() == null ? "" : "?" + at.getRawQuery();
      return RawClient.ask(
          at.getPort() < 0 ? link.port : at.getPort(),
          "GET "
              + at.getRawPath()
              + query
              + " HTTP/1.1\r\nHost: "
              + at.getRawAuthority()
              + "\r\n"
              + fields
              + cookie(at.getRawPath())
              + "\r\n");
    }

    private String cookie(String path) {
      return cookies.stream()
          .filter(cookie -> path.startsWith(cookie.replaceAll(".*Path=", "")))
          .map(cookie -> "Cookie: " + cookie.replaceAll(";.*", "") + "\r\n")
          .findAny()
          .orElse("");
    }
  }

  private TestLink link(TestInstance.App app, Consumer<LinkBuilder<?>> settings)
      throws IOException {
    return link(
        app,
        spec -> {},
        proxy -> settings.accept(proxy.hostSuffix("links.example").dedicatedPort("app", 0)));
  }

  private static String response(String status, String... fields) {
    return "HTTP/1.1 "
        + status
        + "\r\n"
        + (fields.length == 0 ? "" : String.join("\r\n", fields) + "\r\n")
        + "Content-Length: 0\r\n\r\n";
  }

  /** Redirects as uvicorn does, to the host that it saw; and to a page that wants a cookie. */
  private static final TestInstance.App REDIRECTS =
      (request, out) -> {
        String path = request.target.replaceAll("\\?.*", "");
        String query = request.target.substring(path.length());
        TestInstance.write(
            out,
            switch (path) {
              case "/v1/items" ->
                  response(
                      "307 Temporary Redirect",
                      "location: http://" + request.field("Host") + "/v1/items/" + query);
              case "/" -> response("302 Found", "Location: /login", "Set-Cookie: s=1; Path=/");
              case "/login" ->
                  response(request.field("Cookie") == null ? "401 No Cookie" : "200 OK");
              default -> response("200 OK");
            });
      };

  @ParameterizedTest
  @EnumSource(Kind.class)
  void redirectToTheHostThatTheInstanceSaw_endsWell(Kind kind) throws Exception {
    try (TestLink link = link(REDIRECTS, proxy -> proxy.bearerToken("app", TOKEN)).warm()) {
      Follower client = new Follower("Authorization: Bearer " + TOKEN + "\r\n");

      assertThat(client.get(link, kind.root(link).resolve("v1/items?a=b")).status).isEqualTo(200);
      assertThat(client.last).isEqualTo(kind.root(link).resolve("v1/items/?a=b"));
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void redirectToAPath_andACookieForAllPaths_endWell(Kind kind) throws Exception {
    try (TestLink link = link(REDIRECTS, proxy -> {}).warm()) {
      Follower client = new Follower("");

      assertThat(client.get(link, kind.root(link)).status).isEqualTo(200);
      assertThat(client.last).isEqualTo(kind.root(link).resolve("login"));
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void checkOfOriginAgainstHost_passesForTheLinksOwnPages(Kind kind) throws Exception {
    TestInstance.App strict =
        (request, out) -> {
          String origin = request.field("Origin");
          boolean own = origin != null && origin.equals("http://" + request.field("Host"));
          TestInstance.write(out, response(own ? "200 OK" : "403 Forbidden"));
        };
    try (TestLink link = link(strict, proxy -> {}).warm()) {
      URI root = kind.root(link);
      String origin = "http://" + root.getAuthority();
      String post =
          "POST "
              + root.getPath()
              + "prompt HTTP/1.1\r\nHost: "
              + root.getAuthority()
              + "\r\nOrigin: "
              + origin
              + "\r\nSec-Fetch-Site: same-origin\r\n"
              + "Content-Length: 0\r\n\r\n";

      assertThat(RawClient.ask(root.getPort(), post).status).isEqualTo(200);
    }
  }

  @Test
  void pageAtTheLinkItself_findsWhatIsBesideIt() throws Exception {
    TestInstance.App site =
        (request, out) ->
            TestInstance.write(
                out, response(request.target.equals("/app.js?v=1") ? "200 OK" : "204 None"));
    try (TestLink link = link(site, proxy -> {})) {
      URI page = URI.create("http://localhost:" + link.port + "/d/app");

      RawClient.Response redirect = link.get("/d/app?a=b&c");
      assertThat(redirect.status).isEqualTo(308);
      assertThat(redirect.field("Location")).isEqualTo("/d/app/?a=b&c");
      assertThat(redirect.field("Content-Length")).isEqualTo("0");
      assertThat(link.ask("HEAD /d/app HTTP/1.1\r\nHost: localhost\r\n\r\n").status).isEqualTo(308);
      assertThat(link.get("/d/nobody").status).isEqualTo(404);
      assertThat(link.provider.starts).isEmpty();

      URI at = page.resolve(link.get("/d/app").field("Location"));
      assertThat(link.get(at.resolve("app.js").getPath() + "?v=1").status).isEqualTo(200);
    }
  }

  @Test
  void linkWithoutPath_isTheRootForWhatIsNoPage() throws Exception {
    try (TestLink link = link(REDIRECTS, proxy -> {}).warm()) {
      assertThat(
              link.ask("POST /d/app?x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
                  .field("Set-Cookie"))
          .isEqualTo("s=1; Path=/d/app");
      assertThat(link.instance().requests.get(0).target).isEqualTo("/?x");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a=b", "a=b; Path=x", "a=b; Path=/; Path=x", "a=b; path=/; Path"})
  void cookieWithoutAPathThatCounts_atALinkWithoutPath_isForThatLinkOnly(String cookie)
      throws Exception {
    String sets = response("200 OK", "Set-Cookie: " + cookie);
    TestInstance.App app = (request, out) -> TestInstance.write(out, sets);
    try (TestLink link = link(app, spec -> {}, proxy -> {})) {
      assertThat(
              link.ask("POST /d/app HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
                  .field("Set-Cookie"))
          .startsWith("a=b")
          .endsWith("; Path=/d/app");
    }
  }

  /** Says the one field that the query holds. */
  private static TestInstance.App saying(String name) {
    return (request, out) ->
        TestInstance.write(
            out,
            response(
                "201 Created",
                name
                    + ": "
                    + java.net.URLDecoder.decode(
                            request.target.substring(request.target.indexOf('?') + 1),
                            java.nio.charset.StandardCharsets.UTF_8)
                        .replace("HOST", request.field("Host"))
                        .replace("NAME", request.field("Host").replaceAll(":.*", ""))
                        .replace("SELF", "127.0.0.1:" + request.socket.getLocalPort())
                        .replace("PORT", Integer.toString(request.socket.getLocalPort()))));
  }

  private static String said(TestLink link, String name, String value) throws IOException {
    String query = java.net.URLEncoder.encode(value, java.nio.charset.StandardCharsets.UTF_8);
    return link.ask("GET /d/app/x?" + query + " HTTP/1.1\r\nHost: link.example:8000\r\n\r\n")
        .field(name);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/login?next=/a                    | /d/app/login?next=/a",
        "/                                 | /d/app/",
        "http://HOST/a#b                   | /d/app/a#b",
        "HTTP://HOST                       | /d/app/",
        "http://HOST?a                     | /d/app/?a",
        "//HOST/a                          | /d/app/a",
        "http://SELF/a                     | /d/app/a",
        "http://localhost:PORT/a           | /d/app/a",
        "http://[::1]:PORT/a               | /d/app/a",
        "http://NAME:8080/a                | /d/app/a", // as nginx does in a container
        "http://NAME:PORT/a                | /d/app/a",
        "http://HOST//evil.example/        | /d/app//evil.example/",
        "/\\evil.example                   | /d/app/\\evil.example",
        "/d/app/login                      | /d/app/login", // it knows X-Forwarded-Prefix
        "http://HOST/d/app/x               | http://link.example:8000/d/app/x",
        "/d/app2/x                         | /d/app/d/app2/x",
        "login                             | login",
        "../x                              | ../x",
        "?page=2                           | ?page=2",
        "#top                              | #top",
        "https://HOST/a                    | https://link.example:8000/a", // it insists on TLS
        "http://NAME:9000/a                | http://link.example:9000/a",
        "https://elsewhere.example/a       | https://elsewhere.example/a",
        "//elsewhere.example/a             | //elsewhere.example/a",
        "http://user@HOST/a                | http://user@link.example:8000/a",
        "http://HOST.elsewhere.example/a   | http://link.example:8000.elsewhere.example/a",
        "mailto:me@example.com             | mailto:me@example.com",
        "custom://HOST/a                   | custom://link.example:8000/a",
      })
  void addressesOfTheInstance_becomeTheLinks(String said, String seen) throws Exception {
    for (String name : List.of("Location", "Content-Location")) {
      try (TestLink link = link(saying(name), spec -> {}, proxy -> {}).warm()) {
        assertThat(said(link, name, said)).isEqualTo(seen);
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Refresh    | 5; url=/a              | 5; url=/d/app/a",
        "Refresh    | 0;URL='http://HOST/a'  | 0;URL='/d/app/a'",
        "Refresh    | 5                      | 5",
        "Refresh    | 5; url=https://x.example/a | 5; url=https://x.example/a",
        "Link       | </a.css>; rel=preload, <b>; title=\"</c>\", <https://x.example/>; rel=next"
            + " | </d/app/a.css>; rel=preload, <b>; title=\"</c>\", <https://x.example/>; rel=next",
        "Set-Cookie | s=1; Path=/            | s=1; Path=/d/app",
        "Set-Cookie | s=1; Path=/a; HttpOnly | s=1; Path=/d/app/a; HttpOnly",
        "Set-Cookie | s=1; path = /          | s=1; path =/d/app",
        "Set-Cookie | s=/; Path=/d/app/a     | s=/; Path=/d/app/a",
        "Set-Cookie | s=1; Secure            | s=1; Secure",
        "Set-Cookie | s=1; Domain=127.0.0.1; Path=/ | s=1; Path=/d/app",
        "Set-Cookie | s=1; domain=.localhost; Max-Age=1 | s=1; Max-Age=1",
        "Set-Cookie | s=1; Domain=NAME       | s=1; Domain=link.example",
        "Set-Cookie | s=1; Domain=x.example  | s=1; Domain=x.example",
        "Set-Cookie | __Host-s=1; Secure; Path=/ | __Host-s=1; Secure; Path=/",
        "Set-Cookie | __Secure-s=1; Secure; Path=/ | __Secure-s=1; Secure; Path=/d/app",
        "X-Other    | /a                     | /a",
      })
  void otherFieldsThatNameTheInstance_becomeTheLinks(String name, String said, String seen)
      throws Exception {
    try (TestLink link = link(saying(name), spec -> {}, proxy -> {}).warm()) {
      assertThat(said(link, name, said)).isEqualTo(seen);
    }
  }

  @Test
  void manyCookies_areMappedEach() throws Exception {
    TestInstance.App app =
        TestInstance.App.raw(
            response(
                "200 OK",
                "Set-Cookie: a=1; Path=/",
                "Set-Cookie: b=2; Path=/b",
                "set-cookie: c=3"));
    try (TestLink link = link(app, proxy -> {}).warm()) {
      assertThat(link.get("/d/app/").head)
          .anyMatch(line -> line.equalsIgnoreCase("Set-Cookie: a=1; Path=/d/app"))
          .anyMatch(line -> line.equalsIgnoreCase("Set-Cookie: b=2; Path=/d/app/b"))
          .anyMatch(line -> line.equalsIgnoreCase("Set-Cookie: c=3"));
      int own = link.proxy.dedicatedPort("app");
      assertThat(RawClient.get(own, "/").head)
          .anyMatch(line -> line.equalsIgnoreCase("Set-Cookie: a=1; Path=/"))
          .anyMatch(line -> line.equalsIgnoreCase("Set-Cookie: b=2; Path=/b"));
    }
  }

  @Test
  void withoutAPrefix_onlyOtherNamesOfTheInstanceAreMapped() throws Exception {
    try (TestLink link = link(saying("Location"), proxy -> {}).warm()) {
      int own = link.proxy.dedicatedPort("app");
      assertThat(RawClient.get(own, "/x?/login").field("Location")).isEqualTo("/login");
      assertThat(RawClient.get(own, "/x?http://SELF/a").field("Location")).isEqualTo("/a");
      assertThat(RawClient.get(own, "/x?http://SELF//evil.example/").field("Location"))
          .isEqualTo("http://localhost//evil.example/");
      assertThat(RawClient.get(own, "/x?http://HOST/a").field("Location"))
          .isEqualTo("http://localhost/a");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "localhost:8000",
    "127.0.0.1:1234",
    "[::1]:8000",
    "LINK.example",
    "app.links.example:8000",
  })
  void host_isTheLinks(String host) throws Exception {
    try (TestLink link = link(TestInstance.App.text("x"), proxy -> {}).warm()) {
      link.ask("GET /d/app/ HTTP/1.1\r\nHost: " + host + "\r\n\r\n");

      assertThat(link.instance().requests.get(0).fields("Host")).containsExactly(host);
      assertThat(link.instance().requests.get(0).fields("X-Forwarded-Host")).containsExactly(host);
    }
  }

  @Test
  void clientWithoutHost_isServedUnderTheInstancesOwn() throws Exception {
    try (TestLink link = link(saying("Location"), proxy -> {}).warm()) {
      RawClient.Response response = link.ask("GET /d/app/x?http://HOST/a HTTP/1.0\r\n\r\n");

      assertThat(response.field("Location")).isEqualTo("/d/app/a");
      assertThat(link.instance().requests.get(0).field("Host"))
          .isEqualTo(link.instance().endpoint().getAuthority());
    }
  }

  @Test
  void trustedProxyInFront_tellsTheHostThatTheInstanceSees() throws Exception {
    try (TestLink link =
        link(saying("Location"), proxy -> proxy.trustForwardedHeaders(true)).warm()) {
      RawClient.Response response =
          link.ask(
              "GET /d/app/x?http://HOST/a HTTP/1.1\r\nHost: inner:8000\r\n"
                  + "X-Forwarded-Host: gpu.example.com\r\nX-Forwarded-Proto: https\r\n"
                  + "X-Forwarded-Prefix: /gpu\r\n\r\n");

      assertThat(response.field("Location")).isEqualTo("/gpu/d/app/a");
      TestInstance.Request request = link.instance().requests.get(0);
      assertThat(request.field("Host")).isEqualTo("gpu.example.com");
      assertThat(request.field("X-Forwarded-Port")).isEqualTo("443");
      assertThat(request.field("X-Forwarded-Prefix")).isEqualTo("/gpu/d/app");
      assertThat(request.field("Forwarded"))
          .isEqualTo("for=127.0.0.1;host=\"gpu.example.com\";proto=https");
      RawClient.Response slash =
          link.ask("GET /d/app HTTP/1.1\r\nHost: inner:8000\r\nX-Forwarded-Prefix: /gpu\r\n\r\n");
      assertThat(slash.field("Location")).isEqualTo("/gpu/d/app/");
    }
  }

  @Test
  void instanceThatRefusesTheHost_isRecognized() throws Exception {
    TestInstance.App ollama =
        (request, out) ->
            TestInstance.write(
                out,
                response(
                    request.field("Host").startsWith("link.example") ? "403 Forbidden" : "200 OK"));
    try (TestLink link = link(ollama, proxy -> {}).warm()) {
      RawClient.Response refused =
          link.ask("GET /d/app/api HTTP/1.1\r\nHost: link.example\r\n\r\n");

      assertThat(refused.status).isEqualTo(403);
      assertThat(refused.field("AutoDeploy-Hint")).contains("preserveHost(false)");
      assertThat(link.get("/d/app/").field("AutoDeploy-Hint")).isNull();
    }
  }

  @Test
  void instanceThatServesOnlyItsOwnHost_isServedByTheSetting() throws Exception {
    TestInstance.App ollama =
        (request, out) -> {
          String own = "127.0.0.1:" + request.socket.getLocalPort();
          boolean fits =
              request.field("Host").equals(own) && request.field("Origin").equals("http://" + own);
          TestInstance.write(
              out, response(fits ? "200 OK" : "403 Forbidden", "Location: http://" + own + "/a"));
        };
    try (TestLink link = link(ollama, spec -> spec.preserveHost(false), proxy -> {}).warm()) {
      String ask = "GET /d/app/ HTTP/1.1\r\nHost: link.example:8000\r\nOrigin: %s\r\n\r\n";
      RawClient.Response response = link.ask(String.format(ask, "http://link.example:8000"));

      assertThat(response.status).isEqualTo(200);
      assertThat(response.field("Location")).isEqualTo("/d/app/a");
      assertThat(link.instance().requests.get(0).field("X-Forwarded-Host"))
          .isEqualTo("link.example:8000");
      // A page of another site stays one.
      assertThat(link.ask(String.format(ask, "http://localhost:9000")).status).isEqualTo(403);
    }
  }

  @Test
  void publicUrl_isWhatTheInstanceIsToldOfThoseWhoUseIt() throws Exception {
    try (TestLink link =
        link(
                saying("Location"),
                proxy -> proxy.publicUrl(URI.create("https://gpu.example.com/links/")))
            .warm()) {
      RawClient.Response response =
          link.ask("GET /d/app/x?/a HTTP/1.1\r\nHost: gpu.example.com\r\n\r\n");

      assertThat(response.field("Location")).isEqualTo("/links/d/app/a");
      assertThat(link.instance().requests.get(0).field("X-Forwarded-Proto")).isEqualTo("https");
      assertThat(link.get("/d/app/x?/a").field("Location")).isEqualTo("/d/app/a");
      assertThat(link.instance().requests.get(1).field("X-Forwarded-Proto")).isEqualTo("http");
    }
  }

  @Test
  void foreignHost_isRefusedAsBefore() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x"), proxy -> {})) {
      for (String target : List.of("/d/app", "/d/app/", "/d/app?a")) {
        assertThat(link.ask("GET " + target + " HTTP/1.1\r\nHost: evil.example\r\n\r\n").status)
            .isEqualTo(421);
      }
      int own = link.proxy.dedicatedPort("app");
      assertThat(RawClient.ask(own, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").status)
          .isEqualTo(421);
      assertThat(link.provider.starts).isEmpty();
    }
  }

  @Test
  void refusalOfAnInstanceThatServesTheHost_isItsOwnAffair() throws Exception {
    TestInstance.App app =
        (request, out) ->
            TestInstance.write(
                out, response(request.target.equals("/secret") ? "403 Forbidden" : "200 OK"));
    try (TestLink link = link(app, proxy -> {}).warm()) {
      link.ask("GET /d/app/ HTTP/1.1\r\nHost: link.example\r\n\r\n");

      assertThat(
              link.ask("GET /d/app/secret HTTP/1.1\r\nHost: link.example\r\n\r\n")
                  .field("AutoDeploy-Hint"))
          .isNull();
    }
  }

  @Test
  void eventStream_isNotBufferedByProxiesInFront() throws Exception {
    for (String said : List.of("", "X-Accel-Buffering: yes\r\n")) {
      TestInstance.App app =
          TestInstance.App.raw(
              "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
                  + said
                  + "Content-Length: 0\r\n\r\n");
      try (TestLink link = link(app, proxy -> {}).warm()) {
        assertThat(link.get("/d/app/").field("X-Accel-Buffering"))
            .isEqualTo(said.isEmpty() ? "no" : "yes");
      }
    }
    try (TestLink link = link(TestInstance.App.text("x"), proxy -> {}).warm()) {
      assertThat(link.get("/d/app/").field("X-Accel-Buffering")).isNull();
    }
  }

  @Test
  void targetOfAWebDavMove_isThePathThatTheInstanceKnows() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x"), proxy -> {}).warm()) {
      for (String destination :
          List.of("http://localhost/d/app/b", "/d/app/b", "http://localhost/d/other/b")) {
        link.ask(
            "MOVE /d/app/a HTTP/1.1\r\nHost: localhost\r\nDestination: "
                + destination
                + "\r\n\r\n");
      }
      assertThat(link.instance().requests)
          .extracting(request -> request.field("Destination"))
          .containsExactly("http://localhost/b", "/b", "http://localhost/d/other/b");
    }
  }
}
