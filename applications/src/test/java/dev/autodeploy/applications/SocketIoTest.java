package dev.autodeploy.applications;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Socket.IO, of npm: polls, and goes over to a WebSocket where the front carries one. */
final class SocketIoTest {

  @ParameterizedTest
  @CsvSource({"JDK, PATH, polling", "NETTY, PATH, websocket", "NETTY, PORT, websocket"})
  void clients_talkToEachOther_afterAColdStart(FrontKind front, LinkKind kind, String transport)
      throws Exception {
    Path node = Needs.npm("socket.io@4", "socket.io-client@4");
    String command =
        "exec /usr/bin/node '"
            + ApplicationLink.resource("socketio/server.mjs")
            + "' '"
            + node
            + "' $PORT";
    try (ApplicationLink link = new ApplicationLink(front, command, "/", spec -> {}, links -> {})) {
      Process client =
          new ProcessBuilder(
                  "/usr/bin/node",
                  ApplicationLink.resource("socketio/client.mjs").toString(),
                  node.toString(),
                  link.root(kind).toString())
              .redirectErrorStream(true)
              .start();
      String output = new String(client.getInputStream().readAllBytes(), UTF_8);
      assertThat(client.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(output.lines())
          .containsExactly(
              "room of true", "text grüße 你好", "binary 0", "said hello", "by " + transport);
    }
  }
}
