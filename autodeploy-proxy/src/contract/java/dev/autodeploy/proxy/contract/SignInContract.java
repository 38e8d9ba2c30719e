package dev.autodeploy.proxy.contract;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.proxy.CorsPolicy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.TokenCarrier;
import java.io.IOException;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** People who use a link with a token in a browser: its sign-in page, and the cookie. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
public abstract class SignInContract extends LinkContract {
  private static final String TOKEN = "0123456789abcdef+/=";
  private static final String NAVIGATION =
      "Accept: text/html,*/*\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";
  private static final String OWN = "Sec-Fetch-Site: same-origin\r\n";

  private TestLink link(Consumer<LinkBuilder<?>> settings) throws IOException {
    return link(
        TestInstance.App.text("served"),
        spec -> {},
        proxy -> {
          proxy.bearerToken("app", TOKEN).bearerToken("other", "another-token-of-it");
          settings.accept(proxy);
        });
  }

  private static String request(String method, String path, String fields) {
    String length = method.equals("GET") || method.equals("HEAD") ? "" : "Content-Length: 0\r\n";
    String host = fields.startsWith("Host:") ? "" : "Host: localhost\r\n";
    return method + " " + path + " HTTP/1.1\r\n" + host + fields + length + "\r\n";
  }

  private static String get(String path, String fields) {
    return request("GET", path, fields);
  }

  private static String basic(String token) {
    return "Authorization: Basic "
        + Base64.getEncoder().encodeToString((":" + token).getBytes(ISO_8859_1))
        + "\r\n";
  }

  /** Signs in, and returns the field with the cookie as a browser sends it. */
  private static String signIn(int port, String prefix, String fields) throws IOException {
    RawClient.Response response =
        RawClient.ask(port, request("POST", prefix + "/-/sign-in", fields + basic(TOKEN)));
    assertThat(response.status).isEqualTo(204);
    String cookie = response.field("Set-Cookie");
    return "Cookie: theirs=1; " + cookie.substring(0, cookie.indexOf(';')) + "; more=2\r\n";
  }

  @Test
  void browserWithoutAToken_isShownTheSignInPage_andNothingStarts() throws Exception {
    try (TestLink link = link(proxy -> {})) {
      RawClient.Response page = link.ask(get("/d/app/x?y=z", NAVIGATION));
      assertThat(page.status).isEqualTo(401);
      assertThat(page.field("Content-Type")).startsWith("text/html");
      assertThat(page.field("WWW-Authenticate")).startsWith("Bearer"); // no dialog of a browser
      assertThat(page.field("Cache-Control")).isEqualTo("no-store");
      assertThat(page.field("Content-Security-Policy"))
          .contains("default-src 'none'")
          .contains("frame-ancestors 'none'")
          .contains("script-src 'sha256-")
          .doesNotContain("unsafe-inline' 'sha");
      assertThat(page.body).contains("data-at=\"/d/app/-/sign-in\"").contains("type=\"password\"");

      for (String other :
          new String[] {
            get("/d/app/x", "Accept: application/json\r\n"),
            get("/d/app/x", "Accept: text/html\r\nSec-Fetch-Mode: cors\r\n"),
            request("POST", "/d/app/x", NAVIGATION),
          }) {
        RawClient.Response problem = link.ask(other);
        assertThat(problem.status).isEqualTo(401);
        assertThat(problem.field("Content-Type")).isEqualTo("application/problem+json");
      }
      assertThat(link.provider.starts).isEmpty();
    }
  }

  @Test
  void whoSignsIn_usesTheLink_andNoInstanceSeesTheCookie() throws Exception {
    try (TestLink link = link(proxy -> {})) {
      RawClient.Response in = link.ask(request("POST", "/d/app/-/sign-in", basic(TOKEN)));
      assertThat(in.status).isEqualTo(204);
      assertThat(in.field("Set-Cookie"))
          .startsWith("AutoDeploy-Access-app=")
          .contains("; Path=/d/app;")
          .contains("; HttpOnly")
          .contains("; SameSite=Lax")
          .contains("; Max-Age=43200")
          .doesNotContain("Domain")
          .doesNotContain("Secure") // plain HTTP
          .doesNotContain("0123456789abcdef");
      String cookie = signIn(link.port, "/d/app", "");

      assertThat(link.ask(get("/d/app/x", cookie)).body).isEqualTo("served");
      assertThat(link.ask(get("/d/app/x", NAVIGATION + OWN + cookie)).body).isEqualTo("served");
      String post = "Origin: http://localhost:" + link.port + "\r\n" + cookie;
      String host = "Host: localhost:" + link.port + "\r\n";
      assertThat(link.ask(request("POST", "/d/app/x", host + post)).status).isEqualTo(200);
      assertThat(link.instance().requests).hasSize(3);
      for (TestInstance.Request request : link.instance().requests) {
        assertThat(request.field("Cookie")).isEqualTo("theirs=1; more=2");
        assertThat(request.head).noneMatch(field -> field.contains("AutoDeploy-Access"));
        assertThat(request.field("Authorization")).isNull();
      }
      assertThat(link.ask(get("/d/app/-/sign-in", NAVIGATION + OWN + cookie)).body)
          .contains("You are signed in");
      link.awaitQuiet();
    }
  }

  @Test
  void signingOut_endsTheCookie() throws Exception {
    try (TestLink link = link(proxy -> {})) {
      RawClient.Response out = link.ask(request("DELETE", "/d/app/-/sign-in", ""));
      assertThat(out.status).isEqualTo(204);
      assertThat(out.field("Set-Cookie"))
          .startsWith("AutoDeploy-Access-app=; Path=/d/app; Max-Age=0; HttpOnly");
      assertThat(link.ask(get("/d/app/x", "Cookie: AutoDeploy-Access-app=\r\n")).status)
          .isEqualTo(401);
      assertThat(link.provider.starts).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"localhost, /d/app, /d/app", "app.links.example, '', /"})
  void cookie_isOfItsLinkAlone(String host, String prefix, String path) throws Exception {
    try (TestLink link = link(proxy -> proxy.hostSuffix("links.example"))) {
      String fields = "Host: " + host + "\r\n";
      RawClient.Response in =
          link.ask(request("POST", prefix + "/-/sign-in", fields + basic(TOKEN)));
      assertThat(in.field("Set-Cookie")).contains("; Path=" + path + ";");
      String cookie = signIn(link.port, prefix, fields);
      assertThat(link.ask(get(prefix + "/x", fields + cookie)).status).isEqualTo(200);

      // The same seal under the name of another deployment is worth nothing there.
      String forOther = cookie.replace("AutoDeploy-Access-app", "AutoDeploy-Access-other");
      assertThat(link.ask(get("/d/other/x", forOther)).status).isEqualTo(401);
      assertThat(link.ask(get("/d/other/x", cookie)).status).isEqualTo(401);
      link.awaitQuiet();
    }
  }

  @Test
  void cookie_worksOnAPortOfTheDeploymentsOwn() throws Exception {
    if (!hasDedicatedPorts()) {
      return;
    }
    try (TestLink link = link(proxy -> proxy.dedicatedPort("app", 0))) {
      int port = link.proxy.dedicatedPort("app");
      RawClient.Response page = RawClient.ask(port, get("/x", NAVIGATION));
      assertThat(page.status).isEqualTo(401);
      assertThat(page.body).contains("data-at=\"/-/sign-in\"");
      String cookie = signIn(port, "", "");
      assertThat(RawClient.ask(port, get("/x", cookie)).body).isEqualTo("served");
      link.awaitQuiet();
    }
  }

  @Test
  void guessesOfATokenAtTheSignInPage_areLimited() throws Exception {
    try (TestLink link = link(proxy -> {})) {
      String guess = request("POST", "/d/app/-/sign-in", basic("guess-0123456789abcdef"));
      for (int i = 0; i < 20; i++) {
        assertThat(link.ask(guess).status).isEqualTo(401);
      }
      RawClient.Response refused = link.ask(guess);
      assertThat(refused.status).isEqualTo(429);
      assertThat(refused.field("Retry-After")).isNotNull();
      assertThat(refused.field("Set-Cookie")).isNull();
      assertThat(link.provider.starts).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: cors\r\n",
        "Sec-Fetch-Site: same-site\r\nOrigin: http://localhost:1\r\n",
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n",
        NAVIGATION + "Sec-Fetch-Site: none\r\nSec-Purpose: prefetch\r\n",
        NAVIGATION + "Sec-Fetch-Site: cross-site\r\nSec-Purpose: prefetch;prerender\r\n",
        "Sec-Fetch-Site: none\r\nSec-Purpose: prefetch\r\nReferer: http://localhost:1/\r\n",
        "Origin: http://evil.example\r\n",
        "Origin: http://localhost:1\r\n", // another port of this host is another origin
        "Origin: null\r\n",
        "Origin: http://localhost.evil.example\r\n",
      })
  void pageOfAnotherOrigin_cannotUseTheCookie_butATokenCan(String fields) throws Exception {
    try (TestLink link = link(proxy -> {})) {
      String host = "Host: localhost:" + link.port + "\r\n";
      String cookie = signIn(link.port, "/d/app", "");
      for (String method : new String[] {"GET", "POST"}) {
        RawClient.Response response = link.ask(request(method, "/d/app/x", host + fields + cookie));
        assertThat(response.status).as(method).isEqualTo(403);
        assertThat(response.body).contains("problems/cross-site-request");
      }
      assertThat(link.provider.starts).isEmpty();
      assertThat(link.ask(request("POST", "/d/app/x", host + fields + basic(TOKEN))).status)
          .isEqualTo(200);
      link.awaitQuiet();
    }
  }

  @Test
  void linkThatIsFollowed_andAnOriginThatIsLetIn_mayUseTheCookie() throws Exception {
    try (TestLink link =
        link(
            proxy ->
                proxy.cors(
                    "app",
                    CorsPolicy.builder().origins("https://a.example").credentials(true).build()))) {
      String cookie = signIn(link.port, "/d/app", "");
      String followed = NAVIGATION + "Sec-Fetch-Site: cross-site\r\n";
      assertThat(link.ask(get("/d/app/x", followed + cookie)).status).isEqualTo(200);
      assertThat(link.ask(request("POST", "/d/app/x", followed + cookie)).status).isEqualTo(403);
      String ahead = "Sec-Fetch-Site: none\r\nSec-Purpose: prefetch\r\n";
      String own = "Referer: http://localhost/d/app/\r\n";
      assertThat(link.ask(get("/d/app/x", ahead + own + cookie)).status).isEqualTo(200);
      String letIn = "Origin: https://a.example\r\nSec-Fetch-Site: cross-site\r\n";
      assertThat(link.ask(request("POST", "/d/app/x", letIn + cookie)).status).isEqualTo(200);
      link.awaitQuiet();
    }
  }

  @Test
  void forgedCookies_openNothing() throws Exception {
    try (TestLink link = link(proxy -> {})) {
      String good = signIn(link.port, "/d/app", "");
      String value = good.substring(good.indexOf("app=") + 4, good.indexOf("; more"));
      String seal = value.substring(value.indexOf('.') + 1);
      String[] forged = {
        TOKEN,
        "99999999999." + seal, // later
        "1." + seal,
        value.substring(0, value.length() - 1) + (value.endsWith("0") ? "1" : "0"),
        value + "0",
        "." + seal,
        "-1." + seal,
      };
      for (String one : forged) {
        assertThat(
                link.ask(get("/d/app/x", "Cookie: AutoDeploy-Access-app=" + one + "\r\n")).status)
            .as(one)
            .isEqualTo(401);
      }
      // Another page of the host has set one beside it.
      assertThat(
              link.ask(
                      get(
                          "/d/app/x",
                          "Cookie: AutoDeploy-Access-app=x; AutoDeploy-Access-app="
                              + value
                              + "\r\n"))
                  .status)
          .isEqualTo(200);
      link.awaitQuiet();
    }
  }

  @Test
  void wrongTries_areLimitedByAddress() throws Exception {
    try (TestLink link = link(proxy -> {})) {
      for (int i = 0; i < 20; i++) {
        assertThat(link.ask(request("POST", "/d/app/-/sign-in", basic("wrong" + i))).status)
            .isEqualTo(401);
      }
      RawClient.Response limited = link.ask(request("POST", "/d/app/-/sign-in", basic(TOKEN)));
      assertThat(limited.status).isEqualTo(429);
      assertThat(limited.field("Retry-After")).isNotNull();
      assertThat(limited.field("Set-Cookie")).isNull();
      assertThat(link.ask(get("/d/app/x", basic(TOKEN))).status).isEqualTo(200); // as ever
      link.awaitQuiet();
    }
  }

  @Test
  void namesThatNoDeploymentCanHave_getNoCookie() throws Exception {
    try (TestLink link = link(proxy -> proxy.bearerToken("*", "a-token-for-all-of-them"))) {
      for (String name : new String[] {"a;Domain=evil", "a%0d%0aX:y", "a,b", "a=b"}) {
        RawClient.Response response =
            link.ask(
                request("POST", "/d/" + name + "/-/sign-in", basic("a-token-for-all-of-them")));
        assertThat(response.field("Set-Cookie")).as(name).isNull();
        assertThat(response.status).as(name).isGreaterThanOrEqualTo(400);
      }
    }
  }

  @Test
  void withoutTheCarrier_orWithoutTokens_thereIsNoPage() throws Exception {
    try (TestLink link = link(proxy -> proxy.tokenCarriers(TokenCarrier.BEARER))) {
      assertThat(link.ask(get("/d/app/x", NAVIGATION)).field("Content-Type"))
          .isEqualTo("application/problem+json");
      assertThat(link.ask(request("POST", "/d/app/-/sign-in", basic(TOKEN))).status).isEqualTo(401);
    }
    try (TestLink link = link(TestInstance.App.text("the instance's own"))) {
      assertThat(link.get("/d/app/-/sign-in").body).isEqualTo("the instance's own");
      link.awaitQuiet();
    }
  }

  @Test
  void ticketOfSomebodySignedIn_isFetchedWithTheCookie() throws Exception {
    try (TestLink link = link(proxy -> {})) {
      String cookie = signIn(link.port, "/d/app", "");
      RawClient.Response accepted =
          link.ask(request("POST", "/d/app/x", "Prefer: respond-async\r\n" + cookie));
      assertThat(accepted.status).isEqualTo(202);
      String ticket = accepted.field("Location");
      assertThat(ticket).matches("/d/app/-/tickets/[0-9a-f]{32}"); // where the cookie comes along
      RawClient.Response answer = link.ask(get(ticket, OWN + cookie));
      for (int i = 0; i < 1000 && answer.status == 202; i++) {
        TimeUnit.MILLISECONDS.sleep(10);
        answer = link.ask(get(ticket, OWN + cookie));
      }
      assertThat(answer.body).isEqualTo("served");
      assertThat(link.ask(get(ticket, "Sec-Fetch-Site: cross-site\r\n" + cookie)).status)
          .isEqualTo(404);
      assertThat(link.ask(get(ticket, "")).status).isEqualTo(404);
      assertThat(link.ask(request("DELETE", ticket, OWN + cookie)).status).isEqualTo(204);
      assertThat(link.instance().requests).hasSize(1);
    }
  }
}
