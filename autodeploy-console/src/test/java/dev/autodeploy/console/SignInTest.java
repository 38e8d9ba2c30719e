package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.BasicAuthenticator;
import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.DeploymentSpec;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class SignInTest {
  static final String PASSWORD = "correct horse";
  private static final String HASH = PasswordHash.of(PASSWORD.toCharArray()).toString();
  private static final String NEW = "{\"name\":\"voice\",\"port\":8080}";

  static SignIn users() {
    return SignIn.builder()
        .user("mei", HASH, ConsoleRole.ACT)
        .user("wall", HASH, ConsoleRole.READ)
        .build();
  }

  private static ConsoleFixture fixture() throws Exception {
    return new ConsoleFixture(b -> b.actions(true).signIn(users()));
  }

  private static HttpResponse<String> signIn(ConsoleFixture f, String user, String password)
      throws Exception {
    return f.send(
        HttpRequest.newBuilder(f.at("-/api/sign-in"))
            .header("Content-Type", "application/json")
            .POST(
                BodyPublishers.ofString(
                    ConsoleJson.text(
                        ConsoleJson.object().put("user", user).put("password", password)))));
  }

  private static String session(ConsoleFixture f, String user) throws Exception {
    HttpResponse<String> response = signIn(f, user, PASSWORD);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return ConsoleJson.parse(response.body()).path("session").asText();
  }

  private static HttpResponse<String> get(ConsoleFixture f, String session, String path)
      throws Exception {
    return f.send(HttpRequest.newBuilder(f.at(path)).header("Authorization", "Bearer " + session));
  }

  private static HttpResponse<String> change(
      ConsoleFixture f, String session, String method, String path, String body) throws Exception {
    String token =
        ConsoleJson.parse(get(f, session, "-/api/session").body()).path("token").asText("");
    return f.send(
        HttpRequest.newBuilder(f.at(path))
            .header("Authorization", "Bearer " + session)
            .header("Content-Type", "application/json")
            .header(RequestGuard.TOKEN_HEADER, token)
            .method(method, BodyPublishers.ofString(body)));
  }

  @Test
  void withoutASession_onlyThePageItself_andTheWayIn_answer() throws Exception {
    try (ConsoleFixture f = fixture()) {
      f.autoDeploy.deploy(DeploymentSpec.builder("voice").port(8080).build());
      for (String path :
          List.of(
              "provider",
              "deployments",
              "deployments/voice",
              "events",
              "audit",
              "x",
              "events/stream",
              "deployments/voice/usage",
              "deployments/voice/instances/x/logs")) {
        HttpResponse<String> response = f.get("-/api/" + path);
        assertThat(response.statusCode()).as(path).isEqualTo(401);
        assertThat(response.headers().firstValue("WWW-Authenticate"))
            .hasValueSatisfying(v -> assertThat(v).startsWith("Bearer"));
        assertThat(get(f, "guess", "-/api/" + path).statusCode()).as(path).isEqualTo(401);
      }
      for (String[] change :
          new String[][] {
            {"POST", "deployments"},
            {"PATCH", "deployments/voice"},
            {"DELETE", "deployments/voice"},
            {"POST", "deployments/voice/start"},
            {"POST", "sign-out"},
            {"POST", "check"}
          }) {
        assertThat(f.change(change[0], "-/api/" + change[1], "{}").statusCode())
            .as(change[1])
            .isEqualTo(401);
      }
      assertThat(f.provider.started).hasValue(0);
      JsonNode session = f.json("-/api/session");
      assertThat(session.path("signIn").asBoolean()).isTrue();
      assertThat(session.path("token").isNull()).isTrue();
      assertThat(session.path("owner").isNull()).isTrue();
      assertThat(session.path("provider").isNull()).isTrue();
      assertThat(f.get("").statusCode()).isEqualTo(200);
      assertThat(f.get("-/app.js").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void aUserWhoMayAct_signsInActsAndSignsOut() throws Exception {
    try (ConsoleFixture f = fixture()) {
      String session = session(f, "mei");
      JsonNode json = ConsoleJson.parse(get(f, session, "-/api/session").body());
      assertThat(json.path("user").asText()).isEqualTo("mei");
      assertThat(json.path("actions").asBoolean()).isTrue();
      assertThat(change(f, session, "POST", "-/api/deployments", NEW).statusCode()).isEqualTo(201);
      assertThat(change(f, session, "POST", "-/api/sign-out", "").statusCode()).isEqualTo(204);
      assertThat(get(f, session, "-/api/deployments").statusCode()).isEqualTo(401);
    }
  }

  @Test
  void aUserWhoMayLook_changesNothing_andSeesNoAudit() throws Exception {
    try (ConsoleFixture f = fixture()) {
      f.autoDeploy.deploy(DeploymentSpec.builder("voice").port(8080).build());
      String session = session(f, "wall");
      assertThat(get(f, session, "-/api/deployments/voice").statusCode()).isEqualTo(200);
      assertThat(
              ConsoleJson.parse(get(f, session, "-/api/session").body())
                  .path("actions")
                  .asBoolean())
          .isFalse();
      for (String[] change :
          new String[][] {
            {"POST", "deployments"},
            {"PATCH", "deployments/voice"},
            {"DELETE", "deployments/voice"},
            {"POST", "deployments/voice/start"},
            {"POST", "deployments/voice/release"},
            {"POST", "deployments/voice/snapshot"}
          }) {
        assertThat(change(f, session, change[0], "-/api/" + change[1], NEW).statusCode())
            .as(change[1])
            .isEqualTo(403);
      }
      assertThat(get(f, session, "-/api/audit").statusCode()).isEqualTo(403);
      assertThat(f.autoDeploy.deployments()).hasSize(1);
      assertThat(change(f, session, "POST", "-/api/sign-out", "").statusCode()).isEqualTo(204);
    }
  }

  @Test
  void theTokenOfOneUser_isNoneForAnother() throws Exception {
    try (ConsoleFixture f = fixture()) {
      String wall =
          ConsoleJson.parse(get(f, session(f, "wall"), "-/api/session").body())
              .path("token")
              .asText("");
      HttpResponse<String> response =
          f.send(
              HttpRequest.newBuilder(f.at("-/api/deployments"))
                  .header("Authorization", "Bearer " + session(f, "mei"))
                  .header("Content-Type", "application/json")
                  .header(RequestGuard.TOKEN_HEADER, wall)
                  .POST(BodyPublishers.ofString(NEW)));
      assertThat(response.statusCode()).isEqualTo(403);
    }
  }

  @Test
  void aWrongPassword_andAnUnknownUser_areToldAlike_andSlowedDown() throws Exception {
    try (ConsoleFixture f = fixture()) {
      HttpResponse<String> wrong = signIn(f, "mei", "wrong horse");
      HttpResponse<String> unknown = signIn(f, "nobody", "wrong horse");
      assertThat(wrong.statusCode()).isEqualTo(401);
      assertThat(unknown.statusCode()).isEqualTo(401);
      assertThat(unknown.body()).isEqualTo(wrong.body());
      for (int i = 0; i < 4; i++) {
        assertThat(signIn(f, "mei", "wrong horse").statusCode()).isEqualTo(401);
      }
      HttpResponse<String> slowed = signIn(f, "mei", PASSWORD);
      assertThat(slowed.statusCode()).isEqualTo(429);
      assertThat(slowed.headers().firstValueAsLong("Retry-After")).hasValue(1);
      // Another user is not locked out by that.
      assertThat(signIn(f, "wall", PASSWORD).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void noCookie_isSetOrTaken() throws Exception {
    try (ConsoleFixture f = fixture()) {
      HttpResponse<String> response = signIn(f, "mei", PASSWORD);
      assertThat(response.headers().firstValue("Set-Cookie")).isEmpty();
      String session = ConsoleJson.parse(response.body()).path("session").asText();
      HttpRequest.Builder cookie =
          HttpRequest.newBuilder(f.at("-/api/deployments"))
              .header("Cookie", "session=" + session + "; autodeploy.session=" + session);
      assertThat(f.send(cookie).statusCode()).isEqualTo(401);
    }
  }

  @Test
  void aSessionThatIsSignedOut_losesItsEventStream() throws Exception {
    try (ConsoleFixture f = fixture()) {
      String session = session(f, "mei");
      try (Socket socket = new Socket("localhost", f.server.port())) {
        socket.setSoTimeout(20_000);
        socket
            .getOutputStream()
            .write(
                ("GET /-/api/events/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                        + session
                        + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
        assertThat(in.lines().anyMatch(line -> line.startsWith("event: hello"))).isTrue();
        change(f, session, "POST", "-/api/sign-out", "");
        assertThat(in.lines().anyMatch(line -> line.equals("0"))).isTrue(); // the last chunk
      }
    }
  }

  @Test
  void everyAction_isInTheAuditLog_withWhoAndWhat_andWithoutSecrets() throws Exception {
    try (ConsoleFixture f = fixture()) {
      signIn(f, "mei", "not-her-password");
      signIn(f, "my-password-by-mistake\r\nuser=mei", "x");
      String mei = session(f, "mei");
      String wall = session(f, "wall");
      change(f, wall, "POST", "-/api/deployments", NEW);
      change(
          f,
          mei,
          "POST",
          "-/api/deployments",
          "{\"name\":\"voice\",\"port\":8080,\"environment\":{\"API_KEY\":\"sk-very-secret\"}}");
      change(f, mei, "PATCH", "-/api/deployments/voice", "{\"startCommand\":\"exit 3\"}");
      change(f, mei, "POST", "-/api/deployments/voice/start", "");
      change(f, mei, "POST", "-/api/deployments/voice/release", "{\"forced\":true}");
      change(f, mei, "POST", "-/api/deployments/voice/snapshot", "{\"name\":\"warm\"}");
      change(f, mei, "DELETE", "-/api/deployments/voice", "");
      Await.until(() -> f.autoDeploy.deployments().isEmpty());
      String body = get(f, mei, "-/api/audit").body();
      assertThat(body)
          .doesNotContain("sk-very-secret", "not-her-password", "my-password-by-mistake", PASSWORD);
      JsonNode entries = ConsoleJson.parse(body).path("entries");
      assertThat(entries)
          .extracting(e -> e.path("user").asText() + " " + e.path("action").asText())
          .contains(
              "mei sign-in",
              "(unknown) sign-in",
              "wall sign-in",
              "wall create",
              "mei create",
              "mei update",
              "mei start",
              "mei release",
              "mei snapshot",
              "mei remove");
      for (JsonNode entry : entries) {
        assertThat(entry.path("address").asText()).isIn("127.0.0.1", "::1");
        String outcome = entry.path("outcome").asText();
        switch (entry.path("user").asText() + " " + entry.path("action").asText()) {
          case "wall create" -> assertThat(outcome).isEqualTo("refused: role-reads");
          case "(unknown) sign-in" -> assertThat(outcome).startsWith("refused");
          case "mei create" -> {
            assertThat(outcome).isEqualTo("done");
            assertThat(entry.path("detail").asText()).isEqualTo("name, port, environment");
            assertThat(entry.path("deployment").asText()).isEqualTo("voice");
          }
          default -> assertThat(outcome).isNotEmpty();
        }
      }
    }
  }

  @Test
  void somebodyWhoOnlyTries_canNeitherFloodTheAuditLog_norWriteIntoIt() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      f.autoDeploy.deploy(DeploymentSpec.builder("voice").port(8080).build());
      f.change("POST", "-/api/deployments", "{\"name\":\"other\",\"port\":1}");
      for (int i = 0; i < 1100; i++) {
        String path = i % 2 == 0 ? "deployments/made-up-" + i : "%0A%1B%5B31mforged-" + i;
        f.send(HttpRequest.newBuilder(f.at("-/api/" + path)).POST(BodyPublishers.ofString("{}")));
      }
      JsonNode entries = f.json("-/api/audit").path("entries");
      assertThat(entries).hasSize(2);
      assertThat(entries.toString()).doesNotContain("made-up", "forged", "\\u001b");
      assertThat(entries.get(0).path("times").asInt()).isEqualTo(1100);
      assertThat(entries.get(0).path("outcome").asText()).isEqualTo("refused: token-missing");
      assertThat(entries.get(1).path("action").asText()).isEqualTo("create");
    }
  }

  @Test
  void mountsOfTheHost_areRefusedUntilTheApplicationAllowsThem() throws Exception {
    String mounting =
        "{\"name\":\"NAME\",\"port\":80,\"image\":\"x\","
            + "\"mounts\":[{\"source\":\"PATH\",\"target\":\"/m\"}]}";
    try (ConsoleFixture f =
        new ConsoleFixture(b -> b.actions(true).allowedMounts("/srv/models").allowedImages("x"))) {
      String evil = mounting.replace("NAME", "evil").replace("PATH", "/var/run/docker.sock");
      for (String path : List.of("-/api/deployments", "-/api/check")) {
        HttpResponse<String> response = f.change("POST", path, evil);
        assertThat(response.statusCode()).isEqualTo(422);
        assertThat(ConsoleJson.parse(response.body()).path("field").asText()).isEqualTo("mounts");
      }
      String good = mounting.replace("NAME", "good").replace("PATH", "/srv/models/a");
      assertThat(f.change("POST", "-/api/deployments", good).statusCode()).isEqualTo(201);
      String change = "{\"mounts\":[{\"source\":\"/\",\"target\":\"/m\"}]}";
      assertThat(f.change("PATCH", "-/api/deployments/good", change).statusCode()).isEqualTo(422);
      assertThat(f.change("PATCH", "-/api/deployments/good", "{\"image\":\"evil\"}").statusCode())
          .isEqualTo(422);
      assertThat(f.change("PATCH", "-/api/deployments/good", "{\"maxInstances\":2}").statusCode())
          .isEqualTo(200);
    }
  }

  @Test
  void anotherAddressThanLoopback_isFineWithSignIn() throws Exception {
    try (ConsoleFixture f = fixture()) {
      HttpServer open = HttpServer.create(new InetSocketAddress("0.0.0.0", 0), 0);
      assertThatCode(() -> f.console.mount(open, "/ops/")).doesNotThrowAnyException();
      open.stop(0);
    }
  }

  @Test
  void settingsThatCannotBe_areRefused() throws Exception {
    assertThatIllegalStateException().isThrownBy(() -> SignIn.builder().build());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SignIn.builder().user("a b", HASH, ConsoleRole.ACT));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                SignIn.builder()
                    .user("mei", HASH, ConsoleRole.ACT)
                    .user("mei", HASH, ConsoleRole.READ));
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                new ConsoleFixture(
                        b ->
                            b.signIn(users())
                                .authenticator(
                                    new BasicAuthenticator("x") {
                                      @Override
                                      public boolean checkCredentials(String name, String word) {
                                        return false;
                                      }
                                    }))
                    .close())
        .withMessageContaining("choose one");
  }
}
