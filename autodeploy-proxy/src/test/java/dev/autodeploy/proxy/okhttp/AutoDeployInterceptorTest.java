package dev.autodeploy.proxy.okhttp;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.TestEngine;
import dev.autodeploy.proxy.contract.TestInstance;
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

  private static Call call(TestEngine host, String url) {
    OkHttpClient client =
        new OkHttpClient.Builder()
            .addInterceptor(AutoDeployInterceptor.of(host.engine, Duration.ofSeconds(20)))
            .build();
    return client.newCall(new Request.Builder().url(url).build());
  }

  @Test
  void call_startsAnInstanceAndHoldsItUntilTheResponseIsClosed() throws Exception {
    try (TestEngine host = new TestEngine(TestInstance.App.text("hello"))) {
      try (Response response = call(host, "http://app.autodeploy/v1/x?y=z").execute()) {
        assertThat(host.app.status().inFlight()).isEqualTo(1);
        assertThat(response.body().string()).isEqualTo("hello");
      }
      assertThat(host.app.status().inFlight()).isZero();
      assertThat(host.instance().requests.get(0).target).isEqualTo("/v1/x?y=z");
    }
  }

  @Test
  void cancelledCall_givesUpItsPlace() throws Exception {
    try (TestEngine host = new TestEngine(TestInstance.App.text("hello"))) {
      host.provider.gate = new CompletableFuture<>();
      Call call = call(host, "http://app.autodeploy/");
      CompletableFuture<Throwable> outcome =
          CompletableFuture.supplyAsync(
              () -> {
                try (Response response = call.execute()) {
                  return new AssertionError(response.toString());
                } catch (IOException e) {
                  return e;
                }
              });
      Await.until("it waits", () -> host.app.status().pending() == 1);
      call.cancel();

      assertThat(outcome.join()).hasMessage("Canceled");
      assertThat(host.app.status().pending()).isZero();
      host.provider.gate.complete(null);
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
    try (TestEngine host = new TestEngine(endless);
        Response response = call(host, "http://app.autodeploy/").execute()) {
      host.provider.exit(host.provider.starts.get(0).instanceId(), 1);

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
      TestEngine host, CompletableFuture<String> said, CompletableFuture<Throwable> failed) {
    OkHttpClient client =
        new OkHttpClient.Builder().addInterceptor(AutoDeployInterceptor.of(host.engine)).build();
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
    try (TestEngine host = new TestEngine(AutoDeployInterceptorTest::webSocket)) {
      CompletableFuture<String> said = new CompletableFuture<>();
      WebSocket socket = open(host, said, new CompletableFuture<>());
      assertThat(said.get(20, TimeUnit.SECONDS)).isEqualTo("hello");
      assertThat(host.app.status().inFlight()).isEqualTo(1);

      socket.close(1000, null);
      host.awaitQuiet();
    }
  }

  @Test
  void webSocketThatIsCancelled_givesTheInstanceBack() throws Exception {
    try (TestEngine host = new TestEngine(AutoDeployInterceptorTest::webSocket)) {
      CompletableFuture<String> said = new CompletableFuture<>();
      WebSocket socket = open(host, said, new CompletableFuture<>());
      assertThat(said.get(20, TimeUnit.SECONDS)).isEqualTo("hello");

      socket.cancel();
      host.awaitQuiet();
    }
  }

  @Test
  void webSocketToAnInstanceThatIsLost_fails() throws Exception {
    try (TestEngine host = new TestEngine(AutoDeployInterceptorTest::webSocket)) {
      CompletableFuture<String> said = new CompletableFuture<>();
      CompletableFuture<Throwable> failed = new CompletableFuture<>();
      open(host, said, failed);
      assertThat(said.get(20, TimeUnit.SECONDS)).isEqualTo("hello");

      host.provider.exit(host.provider.starts.get(0).instanceId(), 1);
      assertThat(failed.get(20, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
      host.awaitQuiet();
    }
  }

  @Test
  void unknownDeployment_isAnIoExceptionThatSaysSo() throws Exception {
    try (TestEngine host = new TestEngine(TestInstance.App.text("hello"))) {
      assertThatThrownBy(() -> call(host, "http://nobody.autodeploy/").execute())
          .isInstanceOf(IOException.class)
          .hasCauseInstanceOf(AutoDeployException.class)
          .hasMessageContaining("nobody");
    }
  }

  @Test
  void otherHosts_areLeftAlone() throws Exception {
    try (TestEngine host = new TestEngine(TestInstance.App.text("hello")).warm()) {
      try (Response response = call(host, host.instance().endpoint().toString()).execute()) {
        assertThat(response.body().string()).isEqualTo("hello");
        assertThat(host.app.status().inFlight()).isZero();
      }
    }
  }
}
