package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients that hold up the page's own server, none of which needs to know any secret. */
@Timeout(120)
class SlowClientsTest {
  private static final int MANY = 200;
  private static final String HEAD = " HTTP/1.1\r\nHost: localhost\r\n";

  private static void withSlowClients(String request, int times) throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      List<Socket> sockets = new ArrayList<>();
      try {
        for (int i = 0; i < MANY; i++) {
          sockets.add(send(f.server.port(), request.repeat(times)));
        }
        for (int i = 0; i < 5; i++) {
          long start = System.nanoTime();
          HttpResponse<String> response = f.get("-/api/session");
          assertThat(response.statusCode()).isEqualTo(200);
          assertThat(Duration.ofNanos(System.nanoTime() - start))
              .isLessThan(ServerWorkers.CLIENT_LIMIT);
        }
      } finally {
        for (Socket socket : sockets) {
          socket.close();
        }
      }
    }
  }

  private static Socket send(int port, String text) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(4096);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  @Test
  void unfinishedHeads_doNotStopThePage() throws Exception {
    withSlowClients("GET / HT", 1);
  }

  @Test
  void unfinishedBodies_doNotStopThePage() throws Exception {
    withSlowClients("POST /-/api/check" + HEAD + "Content-Length: 100\r\n\r\n{", 1);
  }

  @Test
  void bodiesThatNobodyAskedFor_doNotStopThePage() throws Exception {
    withSlowClients("GET /-/api/session" + HEAD + "Content-Length: 100\r\n\r\n", 1);
  }

  @Test
  void responsesThatNobodyReads_doNotStopThePage() throws Exception {
    withSlowClients("GET /-/api/openapi.json" + HEAD + "\r\n", 100);
  }

  @Test
  void eventStreamsThatNobodyReads_doNotStopThePage() throws Exception {
    withSlowClients("GET /-/api/events/stream" + HEAD + "\r\n", 1);
  }

  @Test
  void anUnfinishedHead_isDisconnectedAfterTheLimit() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture();
        ConsoleServer server =
            ConsoleServer.start(
                f.console,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                Duration.ofMillis(300));
        Socket socket = send(server.port(), "GET / HT")) {
      socket.setSoTimeout(20_000);
      assertThat(endOf(socket)).isTrue();
    }
  }

  @Test
  void aClientThatIsSlowButNotTooSlow_isAnswered() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture();
        Socket socket = send(f.server.port(), "GET /-/api/session HT")) {
      TimeUnit.MILLISECONDS.sleep(600);
      socket
          .getOutputStream()
          .write("TP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      socket.setSoTimeout(20_000);
      byte[] head = socket.getInputStream().readNBytes(12);
      assertThat(new String(head, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 200");
    }
  }

  @Test
  void everyAddressOfLocalhost_isOurs() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      for (String text : List.of("127.0.0.1", "::1")) { // whatever the hosts file has
        InetAddress address = InetAddress.getByName(text);
        if (!isUsable(address)) {
          continue;
        }
        try (Socket socket = new Socket(address, f.server.port())) {
          socket
              .getOutputStream()
              .write(("GET /" + HEAD + "\r\n").getBytes(StandardCharsets.US_ASCII));
          assertThat(new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII))
              .as(address.toString())
              .isEqualTo("HTTP/1.1 200");
        }
      }
    }
  }

  private static boolean isUsable(InetAddress address) {
    try (ServerSocket any = new ServerSocket(0, 1, address)) {
      return any.isBound();
    } catch (IOException e) {
      return false; // no IPv6
    }
  }

  private static boolean endOf(Socket socket) {
    try {
      InputStream in = socket.getInputStream();
      return in.read() < 0;
    } catch (java.net.SocketTimeoutException e) {
      return false;
    } catch (IOException e) {
      return true; // reset
    }
  }
}
