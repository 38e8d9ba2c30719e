package dev.autodeploy.proxy.jdk;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.proxy.okhttp.AutoDeployInterceptor;
import java.io.IOException;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import okhttp3.Call;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.WebSocket;
import okhttp3.WebSocketListener;
import org.junit.jupiter.api.Test;

final class AutoDeployInterceptorTest {

  private static Call call(TestLink link, String url) {
    OkHttpClient client =
        new OkHttpClient.Builder()
            .addInterceptor(AutoDeployInterceptor.of(link.engine, Duration.ofSeconds(20)))
            .build();
    return client.newCall(new Request.Builder().url(url).build());
  }

  @Test
  void call_startsAnInstanceAndHoldsItUntilTheResponseIsClosed() throws Exception {
    try (TestLink link = new TestLink(TestInstance.App.text("hello"))) {
      try (Response response = call(link, "http://app.autodeploy/v1/x?y=z").execute()) {
        assertThat(link.app.status().inFlight()).isEqualTo(1);
        assertThat(response.body().string()).isEqualTo("hello");
      }
      assertThat(link.app.status().inFlight()).isZero();
      assertThat(link.instance().requests.get(0).target).isEqualTo("/v1/x?y=z");
    }
  }

  @Test
  void cancelledCall_givesUpItsPlace() throws Exception {
    try (TestLink link = new TestLink(TestInstance.App.text("hello"))) {
      link.provider.gate = new CompletableFuture<>();
      Call call = call(link, "http://app.autodeploy/");
      CompletableFuture<Throwable> outcome =
          CompletableFuture.supplyAsync(
              () -> {
                try (Response response = call.execute()) {
                  return new AssertionError(response.toString());
                } catch (IOException e) {
                  return e;
                }
              });
      Await.until("it waits", () -> link.app.status().pending() == 1);
      call.cancel();

      assertThat(outcome.join()).hasMessage("Canceled");
      assertThat(link.app.status().pending()).isZero();
      link.provider.gate.complete(null);
    }
  }

  @Test
  void instanceThatDies_endsTheCallAndTheLease() throws Exception {
    TestInstance.App endless =
        (request, out) -> {
          TestInstance.write(out, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
          if (request.socket.getInputStream().read() < 0) {
            throw new IOException("hung up");
          }
        };
    try (TestLink link = new TestLink(endless);
        Response response = call(link, "http://app.autodeploy/").execute()) {
      link.provider.exit(link.provider.starts.get(0).instanceId(), 1);

      assertThatThrownBy(() -> response.body().bytes()).isInstanceOf(IOException.class);
    }
  }

  /** Shakes hands as RFC 6455, 4.2.2 has it, then sends a text, and closes when it is told to. */
  private static void webSocket(TestInstance.Request request, OutputStream out) throws IOException {
    byte[] key =
        (request.field("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
            .getBytes(US_ASCII);
    String accept;
    try {
      accept = Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-1").digest(key));
    } catch (NoSuchAlgorithmException e) {
      throw new IOException(e);
    }
    TestInstance.write(
        out,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: "
            + accept
            + "\r\n\r\n\u0081\u0005hello");
    if (request.socket.getInputStream().read() == 0x88) { // the client closes
      TestInstance.write(out, "\u0088\u0002\u0003\u00e8");
    }
    throw new IOException("done");
  }

  private static WebSocket open(
      TestLink link, CompletableFuture<String> said, CompletableFuture<Throwable> failed) {
    OkHttpClient client =
        new OkHttpClient.Builder().addInterceptor(AutoDeployInterceptor.of(link.engine)).build();
    return client.newWebSocket(
        new Request.Builder().url("ws://app.autodeploy/ws").build(),
        new WebSocketListener() {
          @Override
          public void onMessage(WebSocket socket, String text) {
            said.complete(text);
          }

          @Override
          public void onFailure(WebSocket socket, Throwable error, Response response) {
            failed.complete(error);
          }
        });
  }

  @Test
  void webSocket_keepsTheInstanceUntilItIsClosed() throws Exception {
    try (TestLink link = new TestLink(AutoDeployInterceptorTest::webSocket)) {
      CompletableFuture<String> said = new CompletableFuture<>();
      WebSocket socket = open(link, said, new CompletableFuture<>());
      assertThat(said.get(20, TimeUnit.SECONDS)).isEqualTo("hello");
      assertThat(link.app.status().inFlight()).isEqualTo(1);

      socket.close(1000, null);
      link.awaitQuiet();
    }
  }

  @Test
  void webSocketThatIsCancelled_givesTheInstanceBack() throws Exception {
    try (TestLink link = new TestLink(AutoDeployInterceptorTest::webSocket)) {
      CompletableFuture<String> said = new CompletableFuture<>();
      WebSocket socket = open(link, said, new CompletableFuture<>());
      assertThat(said.get(20, TimeUnit.SECONDS)).isEqualTo("hello");

      socket.cancel();
      link.awaitQuiet();
    }
  }

  @Test
  void webSocketToAnInstanceThatIsLost_fails() throws Exception {
    try (TestLink link = new TestLink(AutoDeployInterceptorTest::webSocket)) {
      CompletableFuture<String> said = new CompletableFuture<>();
      CompletableFuture<Throwable> failed = new CompletableFuture<>();
      open(link, said, failed);
      assertThat(said.get(20, TimeUnit.SECONDS)).isEqualTo("hello");

      link.provider.exit(link.provider.starts.get(0).instanceId(), 1);
      assertThat(failed.get(20, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
      link.awaitQuiet();
    }
  }

  @Test
  void unknownDeployment_isAnIoExceptionThatSaysSo() throws Exception {
    try (TestLink link = new TestLink(TestInstance.App.text("hello"))) {
      assertThatThrownBy(() -> call(link, "http://nobody.autodeploy/").execute())
          .isInstanceOf(IOException.class)
          .hasCauseInstanceOf(AutoDeployException.class)
          .hasMessageContaining("nobody");
    }
  }

  @Test
  void otherHosts_areLeftAlone() throws Exception {
    try (TestLink link = new TestLink(TestInstance.App.text("hello")).warm()) {
      try (Response response = call(link, link.instance().endpoint().toString()).execute()) {
        assertThat(response.body().string()).isEqualTo("hello");
        assertThat(link.app.status().inFlight()).isZero();
      }
    }
  }
}
