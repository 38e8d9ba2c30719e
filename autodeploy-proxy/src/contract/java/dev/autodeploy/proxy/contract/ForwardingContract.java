package dev.autodeploy.proxy.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.DeploymentState;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
public abstract class ForwardingContract extends LinkContract {
  @Test
  void firstRequest_onStandby_startsAnInstanceAndIsAnsweredByIt() throws Exception {
    try (TestLink link = link(TestInstance.App.text("hello"))) {
      assertThat(link.app.status().state()).isEqualTo(DeploymentState.STANDBY);

      RawClient.Response response = link.get("/d/app/v1/audio");

      assertThat(response.status).isEqualTo(200);
      assertThat(response.body).isEqualTo("hello");
      assertThat(response.field("AutoDeploy-Cold-Start")).isEqualTo("true");
      assertThat(response.field("AutoDeploy-Instance"))
          .isEqualTo(link.provider.starts.get(0).instanceId());
      assertThat(link.app.status().state()).isEqualTo(DeploymentState.RUNNING);
      assertThat(link.get("/d/app/").field("AutoDeploy-Cold-Start")).isEqualTo("false");
      assertThat(link.provider.starts).hasSize(1);
      link.awaitQuiet();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST /d/app/none", "DELETE /d/app/page"})
  void bodyThatAnInstanceLeavesUnread_isNobodysRequest(String line) throws Exception {
    TestInstance.App app =
        (request, out) -> {
          if (request.target.equals("/none") || request.target.equals("/page")) {
            request.read(); // the first byte, and what follows is the next request to it
          } else if (request.target.equals("/inside")) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300));
          }
          String status = request.target.equals("/none") ? "404 Not Found" : "200 OK";
          TestInstance.write(
              out,
              "HTTP/1.1 "
                  + status
                  + "\r\nContent-Length: "
                  + request.target.length()
                  + "\r\n\r\n"
                  + request.target);
        };
    String body = "xGET /inside HTTP/1.1\r\nHost: localhost\r\n\r\n";
    try (TestLink link = link(app).warm();
        RawClient client = link.client()) {
      client.send(
          line
              + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
              + body.length()
              + "\r\n\r\n"
              + body);
      assertThat(client.response().body).isEqualTo(line.endsWith("none") ? "/none" : "/page");

      client.send("GET /d/app/own HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertThat(client.response().body).isEqualTo("/own");
    }
  }

  /** Returns whether bytes are noticed that an instance sends behind its response. */
  protected boolean noticesMore() {
    return true;
  }

  /** As of simple servers that handle {@code HEAD} like {@code GET}. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "HEAD /d/app/later",
        "HEAD /d/app/at-once",
        "GET /d/app/at-once",
        "GET /d/app/none"
      })
  void whatAnInstanceSendsBehindAResponse_isNobodysResponse(String line) throws Exception {
    if (!line.startsWith("HEAD") && !noticesMore()) {
      return;
    }
    TestInstance.App app =
        (request, out) -> {
          if (request.target.equals("/own")) {
            TestInstance.App.text("own").respond(request, out);
            return;
          }
          String head =
              request.target.equals("/none")
                  ? "HTTP/1.1 204 No Content\r\n\r\n"
                  : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
          String more = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nanother";
          if (request.target.equals("/later")) {
            TestInstance.write(out, head);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300));
            TestInstance.write(out, more);
          } else {
            TestInstance.write(out, head + more);
          }
        };
    try (TestLink link = link(app).warm();
        RawClient client = link.client()) {
      client.send(
          line
              + " HTTP/1.1\r\nHost: localhost\r\n\r\n"
              + "GET /d/app/own HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertThat(client.response(line.startsWith("HEAD")).body).isEmpty();
      assertThat(client.response().body).isEqualTo("own");
    }
  }

  @Test
  void serviceLink_isWhatRequestsGoTo() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x"))) {
      assertThat(link.proxy.serviceLink(link.app))
          .hasToString("http://localhost:" + link.port + "/d/app");
    }
  }

  @Test
  void pathAndQuery_reachTheInstanceByteForByte() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x")).warm()) {
      String[] targets = {
        "/a%20b/%C3%A9/%2F/c?x=%26&y=1+2&z=&=&&",
        "/~!$&'()*+,;=:@/x?a/b?c:d@e",
        "/?",
        "/",
        "/a;b=c/d",
        "/%E4%BD%A0?q=%E5%A5%BD",
      };
      for (String target : targets) {
        assertThat(link.get("/d/app" + target).status).as(target).isEqualTo(200);
      }
      assertThat(link.instance().requests)
          .extracting(request -> request.target)
          .containsExactly(targets);
    }
  }

  /**
   * Returns whether the server refuses an {@code Upgrade} that {@code Connection} does not name.
   */
  protected boolean refusesStrayUpgrade() {
    return false;
  }

  @Test
  void requestHeaders_passWithoutThoseOfTheConnection() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x")).warm()) {
      link.ask(
          "GET /d/app/x HTTP/1.1\r\nHost: link.example:8000\r\nConnection: keep-alive, X-Mine\r\n"
              + "X-Mine: 1\r\nKeep-Alive: timeout=5\r\nTE: gzip\r\n"
              + "Proxy-Authorization: Basic x\r\n"
              + (refusesStrayUpgrade() ? "" : "Upgrade: h2c\r\n")
              + "Authorization: Bearer sk-template\r\n"
              + "X-Multi: a\r\n"
              + "X-Multi: b\r\n"
              + "X-Forwarded-For: 6.6.6.6\r\n"
              + "X_Forwarded_Proto: https\r\n"
              + "Forwarded: for=6.6.6.6\r\n"
              + "Accept: */*\r\n\r\n");

      TestInstance.Request request = link.instance().requests.get(0);
      assertThat(request.field("Authorization")).isEqualTo("Bearer sk-template");
      assertThat(request.fields("X-Multi")).containsExactly("a", "b");
      for (String gone :
          new String[] {
            "X-Mine",
            "Keep-Alive",
            "TE",
            "Proxy-Authorization",
            "Upgrade",
            "X_Forwarded_Proto",
            "User-Agent",
            "Accept-Encoding"
          }) {
        assertThat(request.field(gone)).as(gone).isNull();
      }
      assertThat(request.fields("X-Forwarded-For")).containsExactly("127.0.0.1");
      assertThat(request.fields("X-Forwarded-Proto")).containsExactly("http");
      assertThat(request.fields("X-Forwarded-Host")).containsExactly("link.example:8000");
      assertThat(request.fields("X-Forwarded-Port")).containsExactly("8000");
      assertThat(request.fields("X-Forwarded-Prefix")).containsExactly("/d/app");
      assertThat(request.fields("Forwarded"))
          .containsExactly("for=127.0.0.1;host=\"link.example:8000\";proto=http");
      assertThat(request.fields("Via")).containsExactly("1.1 autodeploy");
      assertThat(request.fields("Host")).containsExactly("link.example:8000");
    }
  }

  @Test
  void forwardedHeaders_fromATrustedProxy_areAddedTo() throws Exception {
    try (TestLink link =
        link(TestInstance.App.text("x"), spec -> {}, proxy -> proxy.trustForwardedHeaders(true))
            .warm()) {
      link.ask(
          "GET /d/app/x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9\r\n"
              + "X-Forwarded-Proto: https\r\nX-Forwarded-Prefix: /outer\r\n"
              + "Forwarded: for=9.9.9.9\r\n\r\n");

      TestInstance.Request request = link.instance().requests.get(0);
      assertThat(request.fields("X-Forwarded-For")).containsExactly("9.9.9.9, 127.0.0.1");
      assertThat(request.fields("X-Forwarded-Proto")).containsExactly("https");
      assertThat(request.fields("X-Forwarded-Prefix")).containsExactly("/outer/d/app");
      assertThat(request.fields("Forwarded"))
          .containsExactly("for=9.9.9.9, for=127.0.0.1;host=\"a\";proto=https");
    }
  }

  @Test
  void responseHeaders_passWithoutThoseOfTheConnection() throws Exception {
    String response =
        "HTTP/1.1 299 Mine\r\nContent-Length: 2\r\nConnection: X-Private\r\nX-Private: 1\r\n"
            + "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nLocation: /x\r\nX-Utf: \u00c3\u00a9\r\n\r\nok";
    try (TestLink link = link(TestInstance.App.raw(response)).warm()) {
      RawClient.Response got = link.get("/d/app/");

      assertThat(got.status).isEqualTo(299);
      assertThat(got.body).isEqualTo("ok");
      assertThat(got.field("X-Private")).isNull();
      assertThat(
              got.head.stream()
                  .filter(
                      line -> line.toLowerCase(java.util.Locale.ROOT).startsWith("set-cookie:")))
          .hasSize(2);
      assertThat(got.field("X-Utf")).isEqualTo("\u00c3\u00a9");
      assertThat(got.field("Via")).isEqualTo("1.1 autodeploy");
    }
  }

  @Test
  void redirectsAndCookies_areLeftToTheClient() throws Exception {
    String response =
        "HTTP/1.1 302 Found\r\nLocation: elsewhere\r\nSet-Cookie: s=1\r\nContent-Length: 0\r\n\r\n";
    try (TestLink link = link(TestInstance.App.raw(response)).warm()) {
      assertThat(link.get("/d/app/").status).isEqualTo(302);
      RawClient.Response second = link.get("/d/app/");

      assertThat(second.field("Location")).isEqualTo("elsewhere");
      assertThat(link.instance().requests).hasSize(2);
      assertThat(link.instance().requests.get(1).field("Cookie")).isNull();
    }
  }

  @Test
  void compressedAnswer_staysCompressed() throws Exception {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (OutputStream zip = new GZIPOutputStream(zipped)) {
      zip.write("hello".getBytes(StandardCharsets.UTF_8));
    }
    String body = zipped.toString(StandardCharsets.ISO_8859_1);
    String response =
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body;
    try (TestLink link = link(TestInstance.App.raw(response)).warm()) {
      RawClient.Response got = link.get("/d/app/");

      assertThat(got.field("Content-Encoding")).isEqualTo("gzip");
      assertThat(got.body).isEqualTo(body);
    }
  }

  @Test
  void body_withLengthOrInChunks_reachesTheInstance() throws Exception {
    TestInstance.App echo =
        (request, out) -> TestInstance.App.text(request.body()).respond(request, out);
    try (TestLink link = link(echo).warm()) {
      assertThat(
              link.ask("POST /d/app/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello").body)
          .isEqualTo("hello");
      assertThat(
              link.ask(
                      "POST /d/app/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                          + "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n")
                  .body)
          .isEqualTo("hello");
      assertThat(link.ask("POST /d/app/ HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").body)
          .isEmpty();

      assertThat(link.instance().requests.get(0).field("Content-Length")).isEqualTo("5");
      assertThat(link.instance().requests.get(1).field("Transfer-Encoding")).isEqualTo("chunked");
      assertThat(link.instance().requests.get(2).field("Content-Length")).isEqualTo("0");
    }
  }

  @Test
  void answersWithoutBody_areFramedRight() throws Exception {
    TestInstance.App app =
        (request, out) -> {
          switch (request.target) {
            case "/204" -> TestInstance.write(out, "HTTP/1.1 204 No Content\r\n\r\n");
            case "/304" ->
                TestInstance.write(
                    out, "HTTP/1.1 304 Not Modified\r\nETag: x\r\nContent-Length: 7\r\n\r\n");
            case "/empty" ->
                TestInstance.write(out, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            default ->
                TestInstance.write(
                    out,
                    "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"
                        + (request.method.equals("HEAD") ? "" : "x".repeat(1234)));
          }
        };
    try (TestLink link = link(app).warm();
        RawClient client = link.client()) {
      String host = " HTTP/1.1\r\nHost: a\r\n\r\n";
      RawClient.Response head = client.send("HEAD /d/app/x" + host).response(true);
      assertThat(head.status).isEqualTo(200);
      assertThat(head.field("Content-Length")).isEqualTo("1234");
      RawClient.Response none = client.send("GET /d/app/204" + host).response();
      assertThat(none.status).isEqualTo(204);
      assertThat(none.field("Content-Length")).isNull();
      assertThat(none.field("Transfer-Encoding")).isNull();
      RawClient.Response unchanged = client.send("GET /d/app/304" + host).response();
      assertThat(unchanged.status).isEqualTo(304);
      assertThat(unchanged.field("ETag")).isEqualTo("x");
      RawClient.Response empty = client.send("GET /d/app/empty" + host).response();
      assertThat(empty.field("Content-Length")).isEqualTo("0");
      assertThat(client.send("GET /d/app/x" + host).response().body).hasSize(1234);
      link.awaitQuiet();
    }
  }

  @Test
  void expectContinue_isAnsweredBeforeTheBodyAndNotForwarded() throws Exception {
    try (TestLink link = link(TestInstance.App.text("ok")).warm();
        RawClient client = link.client()) {
      client.send(
          "POST /d/app/ HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
      assertThat(client.head().status).isEqualTo(100);
      assertThat(client.send("hi").response().status).isEqualTo(200);
      assertThat(link.instance().requests.get(0).field("Expect")).isNull();
    }
  }

  @Test
  void serverSentEvents_passAtOnce() throws Exception {
    java.util.concurrent.SynchronousQueue<String> events =
        new java.util.concurrent.SynchronousQueue<>();
    TestInstance.App app =
        (request, out) -> {
          TestInstance.write(
              out,
              "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                  + "Transfer-Encoding: chunked\r\n\r\n");
          try {
            for (String event = events.take(); !event.isEmpty(); event = events.take()) {
              TestInstance.write(
                  out, Integer.toHexString(event.length()) + "\r\n" + event + "\r\n");
            }
          } catch (InterruptedException e) {
            throw new java.io.IOException(e);
          }
          TestInstance.write(out, "0\r\n\r\n");
        };
    try (TestLink link = link(app).warm();
        RawClient client = link.client()) {
      client.send("GET /d/app/ HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(client.head().status).isEqualTo(200); // before the first event
      for (int i = 0; i < 5; i++) {
        String event = "data: " + i + "\n\n";
        events.put(event);
        if (i > 0) {
          client.line(); // the end of the chunk before, which may come with the next one
        }
        // Each one has to be here before the next is sent.
        assertThat(client.line()).isEqualTo(Integer.toHexString(event.length()));
        assertThat(client.exactly(event.length()))
            .asString(StandardCharsets.US_ASCII)
            .isEqualTo(event);
      }
      events.put("");
      client.line();
      assertThat(client.line()).isEqualTo("0");
      link.awaitQuiet();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void singleBytes_passAtOnce(boolean chunked) throws Exception {
    java.util.concurrent.SynchronousQueue<String> bytes =
        new java.util.concurrent.SynchronousQueue<>();
    String framing = chunked ? "Transfer-Encoding: chunked" : "Content-Length: 5";
    TestInstance.App app =
        (request, out) -> {
          TestInstance.write(out, "HTTP/1.1 200 OK\r\n" + framing + "\r\n\r\n");
          try {
            for (int i = 0; i < 5; i++) {
              String one = bytes.take();
              TestInstance.write(out, chunked ? "1\r\n" + one + "\r\n" : one);
            }
          } catch (InterruptedException e) {
            throw new java.io.IOException(e);
          }
          if (chunked) {
            TestInstance.write(out, "0\r\n\r\n");
          }
        };
    try (TestLink link = link(app).warm();
        RawClient client = link.client()) {
      client.send("GET /d/app/ HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(client.head().status).isEqualTo(200);
      for (int i = 0; i < 5; i++) {
        bytes.put(String.valueOf(i));
        // Each one has to be here before the next is sent.
        if (chunked) {
          if (i > 0) {
            client.line(); // the end of the chunk before, which may come with the next one
          }
          assertThat(client.line()).isEqualTo("1");
        }
        assertThat(client.exactly(1)).containsExactly((byte) ('0' + i));
      }
      link.awaitQuiet();
    }
  }

  @Test
  void upload_streamsWhileItIsSent() throws Exception {
    java.util.concurrent.SynchronousQueue<Integer> seen =
        new java.util.concurrent.SynchronousQueue<>();
    TestInstance.App app =
        (request, out) -> {
          request.copyBody(
              new OutputStream() {
                @Override
                public void write(int b) {
                  throw new UnsupportedOperationException();
                }

                @Override
                public void write(byte[] bytes, int offset, int length) throws java.io.IOException {
                  try {
                    seen.put(length);
                  } catch (InterruptedException e) {
                    throw new java.io.IOException(e);
                  }
                }
              });
          TestInstance.App.text("done").respond(request, out);
        };
    try (TestLink link = link(app).warm();
        RawClient client = link.client()) {
      client.send("POST /d/app/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
      for (int i = 0; i < 3; i++) {
        client.send("4\r\nabcd\r\n");
        assertThat(seen.take()).isEqualTo(4);
      }
      client.send("0\r\n\r\n");
      assertThat(client.response().body).isEqualTo("done");
    }
  }

  @Test
  void keepAlive_servesManyRequestsOnOneConnection() throws Exception {
    try (TestLink link = link(TestInstance.App.text("x")).warm();
        RawClient client = link.client()) {
      for (int i = 0; i < 50; i++) {
        assertThat(client.send("GET /d/app/ HTTP/1.1\r\nHost: a\r\n\r\n").response().body)
            .isEqualTo("x");
      }
      assertThat(link.instance().openConnections()).isEqualTo(1);
    }
  }

  @Test
  void http10_isAnsweredWithoutChunks() throws Exception {
    String response =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    try (TestLink link = link(TestInstance.App.raw(response)).warm()) {
      RawClient.Response got = link.ask("GET /d/app/ HTTP/1.0\r\n\r\n");

      assertThat(got.field("Transfer-Encoding")).isNull();
      assertThat(got.body).isEqualTo("hello");
      assertThat(link.instance().requests.get(0).field("Via")).isEqualTo("1.0 autodeploy");
    }
  }

  @Test
  void bigBodies_passBothWaysWithoutBeingKept() throws Exception {
    long size = 64L << 20; // more than the heap of these tests could take twice, in 32 KB steps
    byte[] block = new byte[1 << 16];
    TestInstance.App app =
        (request, out) -> {
          long got = request.copyBody(OutputStream.nullOutputStream());
          TestInstance.write(out, "HTTP/1.1 200 OK\r\nContent-Length: " + got + "\r\n\r\n");
          for (long sent = 0; sent < got; sent += block.length) {
            out.write(block);
          }
        };
    try (TestLink link = link(app).warm();
        RawClient client = link.client()) {
      client.send("PUT /d/app/ HTTP/1.1\r\nHost: a\r\nContent-Length: " + size + "\r\n\r\n");
      for (long sent = 0; sent < size; sent += block.length) {
        client.out().write(block);
      }
      RawClient.Response response = client.head();
      assertThat(response.field("Content-Length")).isEqualTo(Long.toString(size));
      for (long got = 0; got < size; got += block.length) {
        client.exactly(block.length);
      }
      link.awaitQuiet();
    }
  }
}
