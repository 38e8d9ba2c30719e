package dev.autodeploy.proxy.contract;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.spi.InstanceStartException;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Answers that come before the request's body has ended: the client gets them all the same. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
public abstract class EarlyAnswersContract extends LinkContract {
  private static final int BIG = 16 * 1024 * 1024;
  private static final int ROUNDS = 20;

  /** The reasons for which a link answers early. */
  public enum Early {
    TOKEN(401, "problems/not-allowed") {
      @Override
      void set(LinkBuilder<?> proxy) {
        proxy.bearerToken("app", "0123456789abcdef");
      }
    },
    UNKNOWN(404, "problems/deployment-not-found") {
      @Override
      String path() {
        return "/d/other/";
      }
    },
    TOO_LARGE(413, "problems/body-too-large") {
      @Override
      void set(LinkBuilder<?> proxy) {
        proxy.maxRequestBody(1000);
      }
    },
    TOO_MANY(429, "problems/rate-limited") {
      @Override
      void set(LinkBuilder<?> proxy) {
        proxy.rateLimit(1, Duration.ofHours(1));
      }
    },
    START_FAILED(503, "the model file is missing") {
      @Override
      void spoil(TestLink link) {
        link.provider.gate =
            CompletableFuture.failedFuture(
                new InstanceStartException("the model file is missing", null, null));
      }
    },
    INSTANCE(403, "not today") {
      @Override
      TestInstance.App app() {
        return (request, out) -> {
          TestInstance.write(
              out,
              "HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\nConnection: close\r\n\r\nnot today");
          request.socket.close();
        };
      }
    },
    INSTANCE_THAT_READS_NOTHING(413, "too large") {
      @Override
      TestInstance.App app() {
        return (request, out) -> {
          TestInstance.write(out, "HTTP/1.1 413 Too\r\nContent-Length: 9\r\n\r\ntoo large");
          pause();
        };
      }
    },
    INSTANCE_WITHOUT_A_WORD(413, "") {
      @Override
      TestInstance.App app() {
        return (request, out) -> {
          TestInstance.write(out, "HTTP/1.1 413 Too\r\nContent-Length: 0\r\n\r\n");
          pause();
        };
      }
    };

    final int status;
    final String reason;

    Early(int status, String reason) {
      this.status = status;
      this.reason = reason;
    }

    void set(LinkBuilder<?> proxy) {}

    void spoil(TestLink link) {}

    String path() {
      return "/d/app/";
    }

    TestInstance.App app() {
      return TestInstance.App.text("served");
    }

    static void pause() {
      try {
        TimeUnit.SECONDS.sleep(2);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Returns whether the front's server leaves it to the link to say 100. */
  protected boolean answersExpectationItself() {
    return true;
  }

  private TestLink link(Early early) throws IOException {
    Consumer<DeploymentSpec.Builder> spec =
        one -> one.startBackoff(Duration.ofMillis(1), Duration.ofMillis(1));
    TestLink link = link(early.app(), spec, early::set);
    early.spoil(link);
    if (early == Early.TOO_MANY) {
      link.get("/d/app/");
    }
    return link;
  }

  @ParameterizedTest
  @EnumSource
  void clientThatReadsOnlyOnceAllIsSent_getsTheAnswer(Early early) throws Exception {
    byte[] body = new byte[BIG];
    try (TestLink link = link(early)) {
      for (int i = 0; i < ROUNDS; i++) {
        try (RawClient client = link.client()) {
          client.send(
              "POST "
                  + early.path()
                  + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                  + BIG
                  + "\r\n\r\n");
          client.out().write(body);
          RawClient.Response response = client.response();

          assertThat(response.status).as("round %d: %s", i, response).isEqualTo(early.status);
          assertThat(response.body).contains(early.reason);
        }
        if (early.name().startsWith("INSTANCE_")) {
          return; // which takes its time
        }
      }
      link.awaitQuiet();
    }
  }

  @Test
  void chunksOfAClientThatReadsOnlyOnceAllIsSent_areReadAway() throws Exception {
    byte[] body = new byte[64 * 1024];
    try (TestLink link = link(Early.TOKEN);
        RawClient client = link.client()) {
      client.send("POST /d/app/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
      for (int i = 0; i < 256; i++) {
        client.send("10000\r\n");
        client.out().write(body);
        client.send("\r\n");
      }
      client.send("0\r\n\r\n");

      assertThat(client.response().status).isEqualTo(401);
    }
  }

  @Test
  void clientOnASlowLine_getsTheAnswer() throws Exception {
    try (TestLink link = link(Early.TOKEN)) {
      for (int i = 0; i < 3; i++) {
        try (RawClient client = link.client()) {
          client.send("POST /d/app/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 98304\r\n\r\n");
          for (int piece = 0; piece < 12; piece++) {
            TimeUnit.MILLISECONDS.sleep(100);
            client.out().write(new byte[8192]);
          }
          RawClient.Response response = client.response();

          assertThat(response.status).as("round %d", i).isEqualTo(401);
          assertThat(response.field("Connection")).isEqualTo("close");
        }
      }
    }
  }

  @Test
  void instanceThatAnswersEarly_isNotKeptByItsClient() throws Exception {
    try (TestLink link = link(Early.INSTANCE);
        RawClient client = link.client()) {
      client.send("POST /d/app/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n");
      client.out().write(new byte[200_000]);
      TimeUnit.MILLISECONDS.sleep(300);
      client.out().write(new byte[1000]); // a thread that waits for the client sees it only now

      assertThat(client.response().body).isEqualTo("not today");
      // Though the client has not sent the rest.
      Await.until("the lease is given back", () -> link.app.status().inFlight() == 0);
    }
  }

  @Test
  void pythonsClient_getsTheAnswer20TimesOutOf20() throws Exception {
    String script =
        "import http.client, sys\n"
            + "body = bytes(16 * 1024 * 1024)\n"
            + "for i in range(20):\n"
            + "    c = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]), timeout=30)\n"
            + "    c.request('POST', '/d/app/', body, {'Authorization': 'Bearer wrong'})\n"
            + "    r = c.getresponse()\n"
            + "    print(r.status, b'not-allowed' in r.read())\n"
            + "    c.close()\n";
    try (TestLink link = link(Early.TOKEN)) {
      String output = run("python3", "-c", script, Integer.toString(link.port));

      assertThat(output).isEqualTo("401 True\n".repeat(ROUNDS));
    }
  }

  @Test
  void curl_getsTheAnswer() throws Exception {
    try (TestLink link = link(Early.TOKEN)) {
      for (String expect : new String[] {"Expect:", "Expect: 100-continue"}) {
        String output =
            run(
                "sh",
                "-c",
                "head -c 16777216 /dev/zero | curl -sS -m 30 -H '"
                    + expect
                    + "' --data-binary @- -w ' %{http_code}' http://127.0.0.1:"
                    + link.port
                    + "/d/app/");
        assertThat(output).contains("problems/not-allowed").endsWith(" 401");
      }
    }
  }

  @Test
  void expectation_ofARequestThatIsRefused_getsNo100() throws Exception {
    assumeTrue(answersExpectationItself(), "the server says 100 by itself");
    try (TestLink link = link(Early.TOKEN);
        RawClient client = link.client()) {
      client.send(
          "POST /d/app/ HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
              + "Content-Length: 100000\r\n\r\n");

      assertThat(client.head().status).isEqualTo(401);
    }
  }

  @Test
  void expectation_ofALargeBody_getsIts100OnlyWithAnInstance() throws Exception {
    assumeTrue(answersExpectationItself(), "the server says 100 by itself");
    try (TestLink link = link(TestInstance.App.text("served"))) {
      link.provider.gate = new CompletableFuture<>();
      try (RawClient client = link.client()) {
        client.send(
            "POST /d/app/ HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                + "Content-Length: 100000\r\n\r\n");
        link.awaitHeld(1);
        client.socket.setSoTimeout(300);
        org.assertj.core.api.Assertions.assertThatThrownBy(client::head)
            .isInstanceOf(java.net.SocketTimeoutException.class);
        client.socket.setSoTimeout(20_000);
        link.provider.gate.complete(null);
        assertThat(client.head().status).isEqualTo(100);
        client.out().write(new byte[100_000]);
        assertThat(client.response().body).isEqualTo("served");
      }
    }
  }

  /** Runs a program of this machine, which CI has and others may not. */
  static String run(String... command) throws Exception {
    boolean there =
        new ProcessBuilder("sh", "-c", "command -v " + command[0] + " curl")
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor()
            == 0;
    assumeTrue(there || System.getenv("CI") != null, command[0] + " is not there");
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (OutputStream none = process.getOutputStream()) {
      none.flush();
    }
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    process.waitFor();
    return output;
  }
}
