package dev.autodeploy.proxy.jdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.InstanceInfo;
import dev.autodeploy.proxy.NoWakeRule;
import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
final class NoWakeTest {

  @Test
  void monitorsAndCrawlers_areAnsweredFromTheStatus() throws Exception {
    try (JdkLink link =
        new JdkLink(
            TestInstance.App.text("x"),
            spec -> {},
            proxy ->
                proxy
                    .noWake(NoWakeRule.paths("/health"))
                    .noWake(NoWakeRule.methods("PROPFIND"))
                    .noWake(NoWakeRule.userAgents("(?i)bot")))) {
      String[] requests = {
        "GET /d/app/health HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /d/app/health?x=1 HTTP/1.1\r\nHost: a\r\n\r\n",
        "PROPFIND /d/app/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /d/app/ HTTP/1.1\r\nHost: a\r\nUser-Agent: SomeBot/1.0\r\n\r\n",
      };
      for (String request : requests) {
        RawClient.Response response = link.ask(request);
        assertThat(response.status).isEqualTo(200);
        assertThat(response.body).isEqualTo("{\"deployment\":\"app\",\"status\":\"STANDBY\"}");
      }
      assertThat(link.provider.starts).isEmpty();

      assertThat(link.get("/d/app/").body).isEqualTo("x");
      link.awaitQuiet();
      InstanceInfo before = link.app.status().instances().get(0);
      for (String request : requests) {
        assertThat(link.ask(request).field("AutoDeploy-Status")).isEqualTo("RUNNING");
      }
      InstanceInfo after = link.app.status().instances().get(0);
      assertThat(after.idleSince()).isEqualTo(before.idleSince());
      assertThat(after.releaseAt()).isEqualTo(before.releaseAt());
      assertThat(link.instance().requests).hasSize(1);
    }
  }

  @Test
  void browser_getsAWaitingPageWhileAnInstanceStarts() throws Exception {
    String browser =
        "GET /d/app/ HTTP/1.1\r\nHost: a\r\nAccept: text/html,application/xhtml+xml\r\n"
            + "Sec-Fetch-Mode: navigate\r\n\r\n";
    try (JdkLink link =
        new JdkLink(
            TestInstance.App.text("the service"),
            spec -> spec.description("<b>speech</b>"),
            proxy -> proxy.waitingPage(true))) {
      link.provider.gate = new CompletableFuture<>();
      for (int i = 0; i < 3; i++) {
        RawClient.Response page = link.ask(browser);
        assertThat(page.status).isEqualTo(503);
        assertThat(page.field("Content-Type")).startsWith("text/html");
        assertThat(page.field("Retry-After")).isEqualTo("2");
        assertThat(page.body)
            .contains("http-equiv=\"refresh\" content=\"2\"")
            .contains("An instance has been starting for 0 s")
            .contains("&lt;b&gt;speech")
            .doesNotContain("<b>");
      }
      assertThat(link.provider.starts).hasSize(1);

      link.provider.gate.complete(null);
      Await.until("it is ready", () -> link.app.status().state().name().equals("RUNNING"));
      assertThat(link.ask(browser).body).isEqualTo("the service");
      link.awaitQuiet();
    }
  }

  @Test
  void programs_areHeldWhereBrowsersGetAPage() throws Exception {
    try (JdkLink link =
        new JdkLink(
            TestInstance.App.text("the service"), spec -> {}, proxy -> proxy.waitingPage(true))) {
      assertThat(link.ask("GET /d/app/ HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n").body)
          .isEqualTo("the service");
    }
  }

  @Test
  void ruleThatFails_isAnErrorThatSaysSo() throws Exception {
    try (JdkLink link =
        new JdkLink(
            TestInstance.App.text("x"),
            spec -> {},
            proxy -> proxy.noWake(request -> request.headers().apply("X").get(0).equals("y")))) {
      RawClient.Response response = link.get("/d/app/");

      assertThat(response.status).isEqualTo(500);
      assertThat(response.body).contains("problems/internal-error");
      assertThat(link.provider.starts).isEmpty();
    }
  }
}
