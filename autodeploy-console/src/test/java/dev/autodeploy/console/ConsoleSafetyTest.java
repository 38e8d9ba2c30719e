package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.sun.net.httpserver.BasicAuthenticator;
import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.DeploymentSpec;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ConsoleSafetyTest {
  private static final DeploymentSpec VOICE =
      DeploymentSpec.builder("voice").port(8080).environment("API_KEY", "sk-very-secret").build();
  private static final String NEW = "{\"name\":\"voice\",\"port\":8080}";

  /** Sends bytes as they are, which no polite client would, and returns the status. */
  private static int raw(ConsoleFixture f, String request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), f.server.port())) {
      socket.setSoTimeout(5000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      InputStream in = socket.getInputStream();
      String head = new String(in.readNBytes(12), StandardCharsets.ISO_8859_1);
      return Integer.parseInt(head.substring(9));
    }
  }

  private static String post(ConsoleFixture f, String token, String... headers) {
    StringBuilder text =
        new StringBuilder("POST /-/api/deployments HTTP/1.1\r\n")
            .append("Content-Type: application/json\r\nContent-Length: ")
            .append(NEW.length())
            .append("\r\n");
    if (token != null) {
      text.append(RequestGuard.TOKEN_HEADER).append(": ").append(token).append("\r\n");
    }
    for (String header : headers) {
      text.append(header.replace("PORT", String.valueOf(f.server.port()))).append("\r\n");
    }
    return text.append("\r\n").append(NEW).toString();
  }

  @Test
  void withoutActions_nothingCanBeChanged() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture(b -> b)) {
      f.autoDeploy.deploy(VOICE);
      for (String[] change :
          new String[][] {
            {"POST", "-/api/deployments"},
            {"POST", "-/api/check"},
            {"PATCH", "-/api/deployments/voice"},
            {"DELETE", "-/api/deployments/voice"},
            {"POST", "-/api/deployments/voice/start"},
            {"POST", "-/api/deployments/voice/release"},
            {"POST", "-/api/deployments/voice/snapshot"}
          }) {
        HttpResponse<String> answer = f.change(change[0], change[1], "{}");
        assertThat(answer.statusCode()).as(change[1]).isEqualTo(403);
        assertThat(answer.body()).contains("/problems/read-only");
      }
      assertThat(f.json("-/api/session").path("actions").asBoolean()).isFalse();
      assertThat(f.json("-/api/session").path("token").isNull()).isTrue();
      assertThat(f.provider.started).hasValue(0);
    }
  }

  @Test
  void aChange_needsTheToken() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      String host = "Host: localhost:PORT";
      assertThat(raw(f, post(f, null, host))).isEqualTo(403);
      assertThat(raw(f, post(f, "", host))).isEqualTo(403);
      assertThat(raw(f, post(f, f.token() + "x", host))).isEqualTo(403);
      assertThat(f.autoDeploy.deployments()).isEmpty();
      assertThat(raw(f, post(f, f.token(), host))).isEqualTo(201);
    }
  }

  @Test
  void aChangeFromAnotherOrigin_isRefusedEvenWithTheToken() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      String host = "Host: localhost:PORT";
      String token = f.token();
      for (String header :
          new String[] {
            "Origin: http://evil.example",
            "Origin: http://localhost:1",
            "Origin: http://localhost",
            "Origin: null",
            "Sec-Fetch-Site: cross-site",
            "Sec-Fetch-Site: same-site",
            "Sec-Fetch-Site: none\r\nSec-Purpose: prefetch"
          }) {
        assertThat(raw(f, post(f, token, host, header))).as(header).isEqualTo(403);
      }
      assertThat(f.autoDeploy.deployments()).isEmpty();
      assertThat(
              raw(
                  f,
                  post(
                      f,
                      token,
                      host,
                      "Origin: http://localhost:PORT",
                      "Sec-Fetch-Site: same-origin")))
          .isEqualTo(201);
    }
  }

  @Test
  void aNameThatWasMadeToResolveToThisMachine_isNotAnswered() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      for (String host :
          new String[] {"evil.example:PORT", "localhost.evil.example", "127.0.0.1.evil.example"}) {
        String request =
            "GET /-/api/session HTTP/1.1\r\nHost: "
                + host.replace("PORT", String.valueOf(f.server.port()))
                + "\r\n\r\n";
        assertThat(raw(f, request)).as(host).isEqualTo(421);
      }
      for (String host : new String[] {"localhost", "127.0.0.1:1", "[::1]:8", "a.localhost"}) {
        assertThat(raw(f, "GET /-/api/session HTTP/1.1\r\nHost: " + host + "\r\n\r\n"))
            .as(host)
            .isEqualTo(200);
      }
    }
  }

  @Test
  void aHostThatTheApplicationAllows_isAnswered() throws Exception {
    try (ConsoleFixture f =
        new ConsoleFixture(b -> b.actions(true).allowedHost("ops.example.com"))) {
      assertThat(raw(f, "GET / HTTP/1.1\r\nHost: ops.example.com\r\n\r\n")).isEqualTo(200);
      assertThat(
              raw(
                  f,
                  post(f, f.token(), "Host: ops.example.com", "Origin: https://ops.example.com")))
          .isEqualTo(201);
    }
  }

  /** As that of an instance, where the page has no TLS, so that browsers tell nothing else. */
  @Test
  void aPageOnAnotherPortOfAnAllowedHost_isElsewhere_unlessAProxyMayBeInFront() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture(b -> b.allowedHost("ops.example.com"))) {
      for (String[] refused :
          new String[][] {
            {"ops.example.com:8001", "http://ops.example.com:8080"},
            {"ops.example.com:8001", "http://ops.example.com"},
            {"OPS.example.com:8001", "HTTP://OPS.example.com:8080"},
          }) {
        assertThat(raw(f, session(refused))).as(List.of(refused).toString()).isEqualTo(403);
      }
      for (String[] own :
          new String[][] {
            {"ops.example.com:8001", "http://ops.example.com:8001"},
            {"ops.example.com:80", "http://ops.example.com"},
            {"ops.example.com", "http://ops.example.com:8080"},
            {"ops.example.com:8001", "https://ops.example.com"},
            {"127.0.0.1:8001", "http://ops.example.com:8080"},
          }) {
        assertThat(raw(f, session(own))).as(List.of(own).toString()).isEqualTo(200);
      }
    }
  }

  private static String session(String... hostAndOrigin) {
    return "GET /-/api/session HTTP/1.1\r\nHost: "
        + hostAndOrigin[0]
        + "\r\nOrigin: "
        + hostAndOrigin[1]
        + "\r\n\r\n";
  }

  @Test
  void anotherAddressThanLoopback_needsAnAuthenticator() throws Exception {
    InetSocketAddress everywhere = new InetSocketAddress("0.0.0.0", 0);
    try (ConsoleFixture f = new ConsoleFixture()) {
      HttpServer open = HttpServer.create(everywhere, 0);
      try {
        assertThatIllegalStateException()
            .isThrownBy(() -> f.console.mount(open, "/ops/"))
            .withMessageContaining("authenticator");
        assertThatIllegalStateException().isThrownBy(() -> f.console.start(everywhere).close());
        assertThatIllegalStateException()
            .isThrownBy(() -> f.console.mount(HttpServer.create(), "/"))
            .withMessageContaining("null");
      } finally {
        open.stop(0);
      }
    }
    try (ConsoleFixture f = new ConsoleFixture(b -> b.authenticator(password("ops")))) {
      HttpServer open = HttpServer.create(everywhere, 0);
      assertThatCode(() -> f.console.mount(open, "/ops/")).doesNotThrowAnyException();
      open.stop(0);
    }
  }

  private static BasicAuthenticator password(String user) {
    return new BasicAuthenticator("console") {
      @Override
      public boolean checkCredentials(String name, String password) {
        return (name.equals(user) || name.equals("other")) && password.equals("right");
      }
    };
  }

  private static String basic(String name, String password) {
    return "Basic "
        + Base64.getEncoder()
            .encodeToString((name + ":" + password).getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void withAnAuthenticator_everythingAsksWhoYouAre() throws Exception {
    try (ConsoleFixture f =
        new ConsoleFixture(b -> b.actions(true).authenticator(password("ops")))) {
      for (String path :
          new String[] {"", "-/app.js", "-/api/session", "-/api/events/stream", "-/api/x"}) {
        HttpResponse<String> answer = f.get(path);
        assertThat(answer.statusCode()).as(path).isEqualTo(401);
        assertThat(answer.headers().firstValue("WWW-Authenticate"))
            .hasValueSatisfying(v -> assertThat(v).contains("console"));
      }
      HttpRequest.Builder wrong =
          HttpRequest.newBuilder(f.at("-/api/session"))
              .header("Authorization", basic("ops", "wrong"));
      assertThat(f.send(wrong).statusCode()).isEqualTo(401);
    }
  }

  @Test
  void theTokenOfOneUser_isNoneForAnother() throws Exception {
    try (ConsoleFixture f =
        new ConsoleFixture(b -> b.actions(true).authenticator(password("ops")))) {
      String token =
          ConsoleJson.parse(
                  f.send(
                          HttpRequest.newBuilder(f.at("-/api/session"))
                              .header("Authorization", basic("ops", "right")))
                      .body())
              .path("token")
              .asText();
      String host = "Host: localhost:PORT";
      assertThat(raw(f, post(f, token, host, "Authorization: " + basic("other", "right"))))
          .isEqualTo(403);
      assertThat(raw(f, post(f, token, host, "Authorization: " + basic("ops", "right"))))
          .isEqualTo(201);
    }
  }

  @Test
  void whatIsTooLarge_isRefused() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      String large = "{\"name\":\"a\",\"description\":\"" + "x".repeat(Request.MAX_BODY) + "\"}";
      assertThat(f.change("POST", "-/api/deployments", large).statusCode()).isEqualTo(413);
      assertThat(f.get("-/api/events?x=" + "y".repeat(5000)).statusCode()).isEqualTo(414);
      assertThat(f.get("-/api/events?limit=1001").statusCode()).isEqualTo(422);
    }
  }

  @Test
  void aFormOfAnotherSite_isNoJson() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      HttpRequest.Builder form =
          HttpRequest.newBuilder(f.at("-/api/deployments"))
              .header("Content-Type", "text/plain")
              .header(RequestGuard.TOKEN_HEADER, f.token())
              .POST(BodyPublishers.ofString(NEW));
      assertThat(f.send(form).statusCode()).isEqualTo(415);
    }
  }

  @Test
  void everyAnswer_isProtectedAgainstScriptsAndFrames() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      for (String path : new String[] {"", "-/app.js", "-/api/session", "-/nothing"}) {
        HttpResponse<String> answer = f.get(path);
        assertThat(answer.headers().firstValue("Content-Security-Policy"))
            .as(path)
            .hasValueSatisfying(
                policy ->
                    assertThat(policy)
                        .contains("default-src 'none'", "script-src 'self'", "frame-ancestors")
                        .doesNotContain("unsafe"));
        assertThat(answer.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
        assertThat(answer.headers().firstValue("Access-Control-Allow-Origin")).isEmpty();
      }
    }
  }

  @Test
  void secrets_areInNoAnswer() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      f.provider.firstLines = java.util.List.of("my settings: API_KEY=sk-very-secret");
      f.autoDeploy.deploy(VOICE);
      f.change("POST", "-/api/deployments/voice/start", "");
      Await.until(
          () -> f.json("-/api/deployments/voice").path("status").asText().equals("running"));
      String id = f.autoDeploy.deployment("voice").status().instances().get(0).id();
      HttpResponse<String> log = f.get("-/api/deployments/voice/instances/" + id + "/logs");
      assertThat(log.body()).contains("my settings: API_KEY=").doesNotContain("sk-very-secret");

      f.change("PATCH", "-/api/deployments/voice", "{\"startCommand\":\"exit 3\"}");
      f.change("POST", "-/api/deployments/voice/start", "");
      Await.until(() -> f.json("-/api/deployments/voice").path("startFailures").asInt() > 0);
      for (String path :
          new String[] {"deployments", "deployments/voice", "events", "deployments/voice/usage"}) {
        assertThat(f.get("-/api/" + path).body()).as(path).doesNotContain("sk-very-secret");
      }
      assertThat(f.get("-/api/deployments/voice").body()).contains("API_KEY", "exit 3</b>");
      f.change("DELETE", "-/api/deployments/voice", "");
      Await.until(() -> f.autoDeploy.deployments().isEmpty());
      assertThat(f.get("-/api/events").body())
          .contains("exit 3</b>")
          .doesNotContain("sk-very-secret");
    }
  }

  @Test
  void nothingOfTheJarButThePage_canBeAskedFor() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      for (String path :
          new String[] {
            "/-/../Console.class",
            "/-/%2e%2e/Console.class",
            "/-/index.html",
            "/Console.class",
            "//"
          }) {
        String request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
        assertThat(raw(f, request)).as(path).isBetween(400, 404);
      }
    }
  }
}
