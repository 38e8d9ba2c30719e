package dev.autodeploy.proxy.jdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.proxy.AccessCheck;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
final class AccessTest {
  private static final String TOKEN = "token-of-app-0123456789";
  private static final String OTHER = "token-of-other-0123456789";

  private static JdkLink link(Consumer<JdkHttpProxy.Builder> settings) throws Exception {
    JdkLink link = new JdkLink(TestInstance.App.text("x"), spec -> {}, settings);
    link.engine.deploy(DeploymentSpec.builder("other").port(8080).startCommand("serve").build());
    return link;
  }

  private static RawClient.Response get(JdkLink link, String path, String authorization)
      throws Exception {
    return link.ask(
        "GET "
            + path
            + " HTTP/1.1\r\nHost: a\r\n"
            + (authorization == null ? "" : "Authorization: " + authorization + "\r\n")
            + "\r\n");
  }

  @Test
  void token_opensItsDeploymentOnly() throws Exception {
    try (JdkLink link =
        link(proxy -> proxy.bearerToken("app", TOKEN).bearerToken("other", OTHER))) {
      for (String wrong :
          new String[] {
            null,
            "Bearer " + OTHER,
            "Bearer x",
            "Basic " + TOKEN,
            "Bearer",
            TOKEN,
            "Bearer " + TOKEN + "x"
          }) {
        RawClient.Response response = get(link, "/d/app/", wrong);
        assertThat(response.status).as(wrong).isEqualTo(401);
        assertThat(response.field("WWW-Authenticate")).isEqualTo("Bearer realm=\"autodeploy\"");
        assertThat(response.body).contains("problems/not-allowed").doesNotContain(TOKEN);
      }
      assertThat(get(link, "/d/nobody/", "Bearer " + TOKEN).status).isEqualTo(401);
      assertThat(link.provider.starts).isEmpty();

      assertThat(get(link, "/d/app/", "Bearer " + TOKEN).status).isEqualTo(200);
      assertThat(get(link, "/d/app/", "bearer  " + TOKEN).status).isEqualTo(200);

      assertThat(link.instance().requests.get(0).field("Authorization")).isNull();
    }
  }

  @Test
  void tokenForEveryDeployment_opensAll() throws Exception {
    try (JdkLink link = link(proxy -> proxy.bearerToken("*", TOKEN).forwardAuthorization(true))) {
      assertThat(get(link, "/d/app/", "Bearer " + TOKEN).status).isEqualTo(200);
      assertThat(link.instance().requests.get(0).field("Authorization"))
          .isEqualTo("Bearer " + TOKEN);
      assertThat(get(link, "/d/other/", "Bearer " + TOKEN).status).isEqualTo(200);
    }
  }

  @Test
  void status_showsWhatTheTokenOpens() throws Exception {
    try (JdkLink link =
        link(proxy -> proxy.bearerToken("app", TOKEN).bearerToken("other", OTHER))) {
      assertThat(get(link, "/-/status", null).status).isEqualTo(401);
      assertThat(get(link, "/-/status", "Bearer " + TOKEN).body)
          .contains("\"name\":\"app\"")
          .doesNotContain("\"name\":\"other\"");
    }
  }

  @Test
  void hostApplicationsCheck_decidesAndFailsClosed() throws Exception {
    AccessCheck check =
        request -> {
          if (request.path().equals("/broken")) {
            throw new IllegalStateException("on purpose");
          }
          return request.headers().apply("x-user").contains("ann")
              && request.deployment().equals("app");
        };
    try (JdkLink link = link(proxy -> proxy.access(check))) {
      assertThat(link.get("/d/app/").status).isEqualTo(401);
      assertThat(link.ask("GET /d/app/ HTTP/1.1\r\nHost: a\r\nX-User: ann\r\n\r\n").status)
          .isEqualTo(200);
      assertThat(link.ask("GET /d/app/broken HTTP/1.1\r\nHost: a\r\nX-User: ann\r\n\r\n").status)
          .isEqualTo(401);
      assertThat(link.ask("GET /d/other/ HTTP/1.1\r\nHost: a\r\nX-User: ann\r\n\r\n").status)
          .isEqualTo(401);
    }
  }

  @Test
  void listeningForOthers_needsAnAccessRule() throws Exception {
    InetSocketAddress everywhere = new InetSocketAddress(InetAddress.getByName("0.0.0.0"), 0);
    assertThatThrownBy(() -> link(proxy -> proxy.bind(everywhere)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("needs an access rule");
    try (JdkLink link = link(proxy -> proxy.bind(everywhere).access(AccessCheck.everybody()))) {
      assertThat(link.get("/d/app/").status).isEqualTo(200);
      assertThat(link.proxy.serviceLink(link.app)).hasHost("localhost");
    }
  }

  @Test
  void shortToken_isRefusedWithoutSayingIt() {
    assertThatThrownBy(() -> link(proxy -> proxy.bearerToken("app", "s3cret")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("16 or more")
        .hasMessageNotContaining("s3cret");
  }

  @Test
  void rateLimit_answers429UntilTheBucketFillsUp() throws Exception {
    try (JdkLink link = link(proxy -> proxy.rateLimit(3, Duration.ofHours(1))).warm()) {
      for (int i = 0; i < 3; i++) {
        assertThat(link.get("/d/app/").status).isEqualTo(200);
      }
      RawClient.Response response = link.get("/d/app/");
      assertThat(response.status).isEqualTo(429);
      assertThat(response.body).contains("rate-limited").contains("\"limit\":3");
      assertThat(Integer.parseInt(response.field("Retry-After"))).isBetween(1190, 1200);
      assertThat(link.get("/-/status").status).isEqualTo(200);
    }
  }

  @Test
  void rateLimit_countsEachTokenByItself() throws Exception {
    try (JdkLink link =
        link(proxy ->
                proxy
                    .bearerToken("app", TOKEN)
                    .bearerToken("app", OTHER)
                    .rateLimit(2, Duration.ofHours(1)))
            .warm()) {
      for (String token : new String[] {TOKEN, OTHER}) {
        for (int i = 0; i < 2; i++) {
          assertThat(get(link, "/d/app/", "Bearer " + token).status).isEqualTo(200);
        }
        assertThat(get(link, "/d/app/", "Bearer " + token).status).isEqualTo(429);
      }
    }
  }
}
