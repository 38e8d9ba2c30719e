package dev.autodeploy.proxy.jdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Money;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class StatusTest {

  @Test
  void status_tellsOfAllDeploymentsAndWakesNothing() throws Exception {
    try (JdkLink link =
        new JdkLink(
            TestInstance.App.text("x"),
            spec ->
                spec.description("say \"hi\"")
                    .environment("TOKEN", "s3cret-value")
                    .pricePerHour(Money.of("0.49", "USD")),
            proxy -> {})) {
      RawClient.Response response = link.get("/-/status");

      assertThat(response.status).isEqualTo(200);
      assertThat(response.field("Content-Type")).isEqualTo("application/json");
      assertThat(response.body)
          .contains("\"name\":\"app\"")
          .contains("\"description\":\"say \\\"hi\\\"\"")
          .contains("\"status\":\"STANDBY\"")
          .contains("\"inFlight\":0")
          .contains("\"pending\":0")
          .contains("\"instances\":[]")
          .contains("\"link\":\"http://localhost:" + link.port + "/d/app\"")
          .contains("\"currency\":\"USD\"")
          .doesNotContain("s3cret")
          .doesNotContain("TOKEN")
          .doesNotContain("serve");
      assertThat(link.provider.starts).isEmpty();
    }
  }

  @Test
  void status_tellsMoneyWithoutZerosAtItsEnd() throws Exception {
    try (JdkLink link =
        new JdkLink(
            TestInstance.App.text("x"),
            spec -> spec.pricePerHour(Money.of("0.49", "USD")),
            proxy -> {})) {
      link.get("/d/app/");
      link.awaitQuiet();

      assertThat(link.get("/-/status").body)
          .contains("\"releasing\":\"0\"")
          .containsPattern("\"total\":\"0\\.\\d*[1-9]\"");
    }
  }

  @Test
  void status_tellsWhoWaitsAndWhichInstanceServes() throws Exception {
    try (JdkLink link = new JdkLink(TestInstance.App.text("x"));
        RawClient client = link.client()) {
      link.provider.gate = new CompletableFuture<>();
      client.send("GET /d/app/ HTTP/1.1\r\nHost: a\r\n\r\n");
      link.awaitHeld(1);
      assertThat(link.get("/-/status").body)
          .contains("\"status\":\"IDLE\"")
          .contains("\"pending\":1")
          .contains("\"phase\":\"STARTING\"");

      link.provider.gate.complete(null);
      client.response();
      link.awaitQuiet();

      assertThat(link.get("/-/status").body)
          .contains("\"status\":\"RUNNING\"")
          .contains("\"phase\":\"READY\"")
          .contains("\"id\":\"" + link.provider.starts.get(0).instanceId() + "\"")
          .contains("\"releaseAt\":\"2")
          .contains("\"idleSince\":\"2")
          .contains("\"coldStarts\":1");
    }
  }

  @Test
  void status_tellsWhatTheNextStartLacks_untilItIsThereAgain() throws Exception {
    try (JdkLink link = new JdkLink(TestInstance.App.text("x"))) {
      assertThat(link.get("/-/status").body).contains("\"degraded\":null");
      link.provider.degrade("app", "volume 'weights' was removed");
      assertThat(link.get("/-/status").body)
          .contains("\"degraded\":\"volume 'weights' was removed\"");
      link.provider.degrade("app", null);
      assertThat(link.get("/-/status").body).contains("\"degraded\":null");
    }
  }

  @Test
  void status_isReadOnly() throws Exception {
    try (JdkLink link = new JdkLink(TestInstance.App.text("x"))) {
      assertThat(link.ask("POST /-/status HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").status)
          .isEqualTo(405);
      assertThat(link.ask("HEAD /-/status HTTP/1.1\r\nHost: a\r\n\r\n").status).isEqualTo(200);
    }
  }

  @Test
  void status_ofMany_isInPagesInTheOrderInWhichTheyWereMade() throws Exception {
    try (JdkLink link = new JdkLink(TestInstance.App.text("x"))) {
      for (int i = 0; i < 4; i++) {
        link.engine.deploy(DeploymentSpec.builder("other-" + (4 - i)).port(1).build());
      }

      assertThat(names(link, "")).isEqualTo("app other-4 other-3 other-2 other-1");
      assertThat(names(link, "?limit=2")).isEqualTo("app other-4 | other-4");
      assertThat(names(link, "?limit=2&after=other-4")).isEqualTo("other-3 other-2 | other-2");
      assertThat(names(link, "?limit=2&after=other-2")).isEqualTo("other-1");
      assertThat(names(link, "?name=OTHER&limit=3")).isEqualTo("other-4 other-3 other-2 | other-2");
      assertThat(names(link, "?state=standby&name=%61pp")).isEqualTo("app");
      assertThat(names(link, "?state=RUNNING")).isEmpty();
    }
  }

  @Test
  void status_askedForWhatMakesNoSense_saysWhat() throws Exception {
    try (JdkLink link = new JdkLink(TestInstance.App.text("x"))) {
      for (String query : List.of("limit=0", "limit=10001", "limit=-1", "limit=many", "limit=")) {
        RawClient.Response response = link.get("/-/status?" + query);
        assertThat(response.status).as(query).isEqualTo(400);
        assertThat(response.body)
            .contains("/bad-request", "limit must be a whole number from 1 to");
      }
      assertThat(link.get("/-/status?after=gone").body).contains("after names no deployment");
      assertThat(link.get("/-/status?state=on").body).contains("state must be standby, idle or");
      assertThat(link.get("/-/status?name=%zz").status).isEqualTo(400);
    }
  }

  @Test
  void status_inPages_hasOnlyWhatTheCallerMayUse() throws Exception {
    try (JdkLink link =
        new JdkLink(
            TestInstance.App.text("x"),
            spec -> {},
            proxy -> proxy.access(request -> request.deployment().endsWith("-1")))) {
      for (int i = 0; i < 4; i++) {
        link.engine.deploy(DeploymentSpec.builder("a" + i + "-" + i % 2).port(1).build());
      }

      assertThat(names(link, "?limit=1")).isEqualTo("a1-1 | a1-1");
      assertThat(names(link, "?limit=1&after=a1-1")).isEqualTo("a3-1");
      assertThat(names(link, "?after=a3-1")).isEmpty();
    }
  }

  /** Returns the names on a page, and behind a bar where the next one goes on. */
  private static String names(JdkLink link, String query) throws Exception {
    RawClient.Response response = link.get("/-/status" + query);
    assertThat(response.status).isEqualTo(200);
    String names =
        Pattern.compile("\"name\":\"([^\"]+)\"")
            .matcher(response.body)
            .results()
            .map(found -> found.group(1))
            .collect(Collectors.joining(" "));
    Matcher next = Pattern.compile("\"next\":\"([^\"]+)\"").matcher(response.body);
    return next.find() ? names + " | " + next.group(1) : names;
  }

  @Test
  void hostApplication_mountsItsOwnHandlersBesideTheLinks() throws Exception {
    try (JdkLink link =
        new JdkLink(
            TestInstance.App.text("from the instance"),
            spec -> {},
            proxy ->
                proxy.context(
                    "/",
                    exchange -> {
                      exchange.sendResponseHeaders(200, 4);
                      exchange
                          .getResponseBody()
                          .write("host".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                      exchange.close();
                    }))) {
      assertThat(link.get("/console").body).isEqualTo("host");
      assertThat(link.get("/").body).isEqualTo("host");
      assertThat(link.get("/d/app/").body).isEqualTo("from the instance");
      assertThat(link.get("/-/status").body).contains("\"deployments\"");
      assertThat(link.ask("GET /console HTTP/1.1\r\n\r\n").status).isEqualTo(400);
    }
  }
}
