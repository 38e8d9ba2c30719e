package dev.autodeploy.proxy.netty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.LinkContract;
import dev.autodeploy.proxy.contract.TestInstance;
import dev.autodeploy.proxy.contract.TestLink;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The JDK's own WebSocket client through the link: text, binary, ping, subprotocol, close. */
final class WebSocketClientTest extends LinkContract {
  private static final int CLOSE = 8;
  private static final int PING = 9;

  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return NettyFront.of(engine);
  }

  /** Sends every frame back, and a pong for a ping. */
  static void echo(TestInstance.Request request, OutputStream out) throws IOException {
    TestInstance.write(
        out,
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Accept: "
            + accept(request.field("Sec-WebSocket-Key"))
            + "\r\n\r\n");
    for (int first = request.read(); first >= 0; first = request.read()) {
      long length = request.read() & 0x7f; // clients mask what they send
      for (int more = length == 126 ? 2 : length == 127 ? 8 : 0, i = 0; i < more; i++) {
        length = (i == 0 ? 0 : length << 8) | request.read();
      }
      byte[] mask = new byte[4];
      for (int i = 0; i < mask.length; i++) {
        mask[i] = (byte) request.read();
      }
      byte[] payload = new byte[(int) length];
      for (int i = 0; i < payload.length; i++) {
        payload[i] = (byte) (request.read() ^ mask[i % 4]);
      }
      int kind = first & 0xf;
      out.write(kind == PING ? first + 1 : first);
      if (payload.length < 126) {
        out.write(payload.length);
      } else {
        out.write(127);
        out.write(ByteBuffer.allocate(8).putLong(payload.length).array());
      }
      out.write(payload);
      out.flush();
      if (kind == CLOSE) {
        return;
      }
    }
  }

  static String accept(String key) {
    try {
      byte[] text = (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(ISO_8859_1);
      return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-1").digest(text));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static final class Heard implements WebSocket.Listener {
    private final BlockingQueue<String> all = new LinkedBlockingQueue<>();
    private long bytes;

    String next() throws InterruptedException {
      return String.valueOf(all.poll(20, TimeUnit.SECONDS));
    }

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      all.add("text " + data);
      return WebSocket.Listener.super.onText(from, data, last);
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
      bytes += data.remaining();
      if (last) {
        all.add("binary " + bytes);
      }
      return WebSocket.Listener.super.onBinary(from, data, last);
    }

    @Override
    public CompletionStage<?> onPong(WebSocket from, ByteBuffer message) {
      all.add("pong " + ISO_8859_1.decode(message));
      return WebSocket.Listener.super.onPong(from, message);
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int status, String reason) {
      all.add("close " + status + " " + reason);
      return WebSocket.Listener.super.onClose(from, status, reason);
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
      all.add("error " + error);
    }
  }

  @Test
  void messagesOfAllKinds_pass_andTheCloseCodeToo() throws Exception {
    try (TestLink link = link(WebSocketClientTest::echo)) {
      Heard heard = new Heard();
      WebSocket socket =
          HttpClient.newHttpClient()
              .newWebSocketBuilder()
              .subprotocols("chat")
              .buildAsync(URI.create("ws://localhost:" + link.port + "/d/app/ws"), heard)
              .get(20, TimeUnit.SECONDS);
      assertThat(socket.getSubprotocol()).isEqualTo("chat");
      assertThat(link.app.status().inFlight()).isEqualTo(1);

      socket.sendText("hello", true).join();
      assertThat(heard.next()).isEqualTo("text hello");
      socket.sendBinary(ByteBuffer.allocate(1 << 20), true).join();
      assertThat(heard.next()).isEqualTo("binary " + (1 << 20));
      socket.sendPing(ByteBuffer.wrap("p".getBytes(ISO_8859_1))).join();
      assertThat(heard.next()).isEqualTo("pong p");
      socket.sendClose(4001, "enough").join();
      assertThat(heard.next()).isEqualTo("close 4001 enough");
      link.awaitQuiet();
    }
  }
}
