package dev.autodeploy.proxy.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Budget;
import dev.autodeploy.Money;
import dev.autodeploy.Schedule;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.StartProgress;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
public abstract class ErrorsOnTheLinkContract extends LinkContract {

  protected static void assertProblem(RawClient.Response response, int status, String type) {
    assertThat(response.status).as(response.toString()).isEqualTo(status);
    assertThat(response.field("Content-Type")).isEqualTo("application/problem+json");
    assertThat(response.body)
        .contains("\"type\":\"https://autodeploy.dev/problems/" + type + "\"")
        .contains("\"status\":" + status)
        .contains("\"title\":\"")
        .contains("\"detail\":\"");
  }

  @Test
  void unknownLink_is404() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x"))) {
      assertProblem(link.get("/elsewhere"), 404, "link-not-found");
      assertProblem(link.get("/d/"), 404, "link-not-found");
      assertProblem(link.get("/%64/app/"), 404, "link-not-found");
      RawClient.Response response = link.get("/d/nobody/x");
      assertProblem(response, 404, "deployment-not-found");
      assertThat(response.body).contains("\"deployment\":\"nobody\"");
      assertProblem(link.get("/d/%61pp/"), 404, "deployment-not-found");
      assertThat(link.provider.starts).isEmpty();
    }
  }

  @Test
  void failedStart_is503WithExitCodeAndLogTail() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x"))) {
      link.provider.gate =
          CompletableFuture.failedFuture(
              new InstanceStartException(
                  "the command ended",
                  new InstanceExit(7, true, List.of("line 1", "no \"CUDA\" device"), null, null),
                  null));

      RawClient.Response response = link.get("/d/app/");

      assertProblem(response, 503, "start-failed");
      assertThat(response.body)
          .contains("\"deployment\":\"app\"")
          .contains("\"exitCode\":7")
          .contains("\"outOfMemory\":true")
          .contains("\"logTail\":[\"line 1\",\"no \\\"CUDA\\\" device\"]")
          .contains("\"attempts\":1")
          .contains("\"cause\":\"out-of-memory\"");
      assertThat(Integer.parseInt(response.field("Retry-After"))).isPositive();
      assertThat(response.body).doesNotContain("at dev.autodeploy");
      assertThat(response.body)
          .contains("\"error\":{\"message\":")
          .contains("\"type\":\"server_error\",\"code\":\"start_failed\"}");
      assertThat(response.field("x-should-retry")).isEqualTo("false");
      assertProblem(link.get("/d/app/"), 503, "start-failed"); // backing off, with the same cause
      assertThat(link.provider.starts).hasSize(1);
    }
  }

  @Test
  void deploymentThatIsClosed_is503AndSaysWhenItOpens() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x"))) {
      Schedule closed = Schedule.weekly(ZoneOffset.UTC).closed("daily", "00:00", "24:00");
      link.engine.update(link.app.spec().toBuilder().schedule(closed).build());
      assertProblem(link.get("/d/app/"), 503, "not-open"); // it never opens
      LocalTime hence = LocalTime.now(ZoneOffset.UTC).plusHours(2).truncatedTo(ChronoUnit.MINUTES);
      Schedule opens =
          Schedule.weekly(ZoneOffset.UTC)
              .closed("daily", hence.minusHours(5).toString(), hence.toString());
      link.engine.update(link.app.spec().toBuilder().schedule(opens).build());

      RawClient.Response response = link.get("/d/app/");

      assertProblem(response, 503, "not-open");
      assertThat(response.body).contains("\"opensAt\":\"");
      assertThat(Integer.parseInt(response.field("Retry-After"))).isBetween(7_000, 7_200);
      assertThat(link.provider.starts).isEmpty();
    }
  }

  @Test
  void deploymentWithoutBudget_is429WithTheAmounts() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x"))) {
      Budget none = Budget.gpuTime(Duration.ZERO).per(Budget.Period.WEEK, ZoneOffset.UTC);
      link.engine.update(link.app.spec().toBuilder().budget(none).build());

      RawClient.Response response = link.get("/d/app/");

      assertProblem(response, 429, "budget-exhausted");
      assertThat(response.body)
          .contains("\"budget\":\"0 s of GPU time per week\"")
          .contains("\"spent\":\"0 s of GPU time\"")
          .contains("\"left\":\"0 s of GPU time\"")
          .contains("\"resetsAt\":\"");
      assertThat(Integer.parseInt(response.field("Retry-After"))).isBetween(1, 7 * 86_400);
      assertThat(link.provider.starts).isEmpty();
    }
  }

  @Test
  void requestThatCannotWaitForAPull_isToldHowFarItIs() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x"));
        RawClient client = link.client()) {
      link.provider.gate = new CompletableFuture<>();
      client.send("GET /d/app/ HTTP/1.1\r\nHost: a\r\nPrefer: wait=2\r\n\r\n");
      link.awaitHeld(1);
      Await.until("a start", () -> !link.provider.starts.isEmpty());
      link.provider.progress(
          link.provider.starts.get(0).instanceId(),
          new StartProgress(
              "pulling",
              "app:1, 3.2 of 6.0 MB, 0 of 1 layers",
              3_200_000,
              6_000_000,
              StartProgress.Phase.PREPARING,
              List.of(
                  new StartProgress.Part(
                      "9fb3aa", StartProgress.PartState.DOWNLOADING, 3_200_000, 6_000_000))));

      assertThat(link.get("/-/status").body)
          .contains("\"step\":\"pulling\"")
          .contains("\"state\":\"downloading\"");
      RawClient.Response response = client.response();
      assertProblem(response, 504, "acquire-timeout");
      assertThat(response.body)
          .contains("is pulling app:1, 3.2 of 6.0 MB, 0 of 1 layers: 53 %")
          .contains("\"progress\":{\"step\":\"pulling\"")
          .contains("\"parts\":[{\"name\":\"9fb3aa\",\"state\":\"downloading\"");
      link.provider.gate.complete(null);
    }
  }

  @Test
  void budget_isInTheStatus_withWhatIsLeft() throws Exception {
    Budget budget = Budget.money("20", "USD").per(Budget.Period.MONTH, ZoneOffset.UTC);
    try (TestLink link =
        link(
            TestInstance.App.text("well"),
            spec -> spec.pricePerHour(Money.of("3.6", "USD")).budget(budget),
            proxy -> {})) {
      assertThat(link.get("/-/status").body)
          .contains(
              "\"budget\":{\"currency\":\"USD\",\"limit\":\"20\",\"spent\":\"0\",\"left\":\"20\","
                  + "\"exhausted\":false,\"resetsAt\":\"2");
    }
  }

  @Test
  void routeTarget_thatDoesNotExist_isCode1006() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x"))) {
      for (String rule : new String[] {"random", "round-robin", "app-0-nobody", "NO SUCH RULE"}) {
        RawClient.Response response =
            link.ask("GET /d/app/ HTTP/1.1\r\nHost: a\r\nDeploy-Route-Rule: " + rule + "\r\n\r\n");
        assertProblem(response, 404, "route-target-not-found");
        assertThat(response.body)
            .contains("\"code\":1006")
            .contains("\"msg\":\"route target not found\"");
      }
      assertThat(link.provider.starts).isEmpty();
    }
  }

  @Test
  void scaleOut_atTheMaximum_isCode1007() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x")).warm()) {
      RawClient.Response response =
          link.ask("GET /d/app/ HTTP/1.1\r\nHost: a\r\nDeploy-Route-Rule: scale-out\r\n\r\n");

      assertProblem(response, 409, "replica-quota-exceeded");
      assertThat(response.body)
          .contains("\"code\":1007")
          .contains("\"msg\":\"deployment replica quota exceeded\"");
    }
  }

  @Test
  void releasedByForce_is503() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x"));
        RawClient client = link.client()) {
      link.provider.gate = new CompletableFuture<>();
      client.send("GET /d/app/ HTTP/1.1\r\nHost: a\r\n\r\n");
      link.awaitHeld(1);
      CompletableFuture<Void> released = link.app.releaseNow();

      RawClient.Response response = client.response();
      assertProblem(response, 503, "released");
      assertThat(response.field("Retry-After")).isEqualTo("1");
      link.provider.gate.complete(null);
      released.join();
    }
  }

  @Test
  void bodyThatIsTooLarge_is413() throws Exception {
    try (TestLink link =
        link((request, out) -> request.drain(), spec -> {}, proxy -> proxy.maxRequestBody(10))) {
      assertProblem(
          link.ask("POST /d/app/ HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world"),
          413,
          "body-too-large");
      assertThat(link.provider.starts).isEmpty();
      assertProblem(
          link.ask(
              "POST /d/app/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                  + "b\r\nhello world\r\n0\r\n\r\n"),
          413,
          "body-too-large");
      link.awaitQuiet();
    }
  }

  @Test
  void answerThatIsNoHttp_is502() throws Exception {
    try (TestLink link =
        link((request, out) -> {
              TestInstance.write(out, "SSH-2.0-OpenSSH_9\r\n\r\n");
              request.socket.close();
            })
            .warm()) {
      assertProblem(link.get("/d/app/"), 502, "instance-broke-exchange");
      link.awaitQuiet();
    }
  }

  @Test
  void problemForHead_hasNoBody() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x"))) {
      RawClient.Response response = link.ask("HEAD /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");

      assertThat(response.status).isEqualTo(404);
      assertThat(Integer.parseInt(response.field("Content-Length"))).isPositive();
    }
  }
}
