package dev.autodeploy.proxy.netty;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.TestCertificate;
import dev.autodeploy.proxy.contract.TestInstance;
import dev.autodeploy.proxy.contract.TestLink;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real browser, over TLS and so over HTTP/2, with all that it does by itself. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
final class ChromiumTest {
  private static final String PAGE =
      "<script>"
          + "const socket = new WebSocket(location.href.replace('https', 'wss') + 'chat', 'chat');"
          + "socket.onopen = () => socket.send('hello');"
          + "socket.onmessage = m => fetch('result?' + m.data + '-' + socket.protocol);"
          + "socket.onerror = () => fetch('result?error');"
          + "</script>";

  @TempDir static Path directory;

  private static Path chromium() {
    Optional<Path> found =
        Stream.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
            .map(Path::of)
            .filter(Files::isExecutable)
            .findFirst();
    if (found.isEmpty() && System.getenv("CI") != null) {
      throw new AssertionError("Chromium is missing");
    }
    assumeTrue(found.isPresent(), "Chromium is missing");
    return found.orElseThrow();
  }

  private static Process open(String url) throws IOException {
    return new ProcessBuilder(
            chromium().toString(),
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--ignore-certificate-errors",
            "--remote-debugging-port=0", // without which it ends at once
            "--user-data-dir=" + directory.resolve("profile"),
            url)
        .redirectErrorStream(true)
        .redirectOutput(new File(directory.toFile(), "chromium.log"))
        .start();
  }

  /** Ends it with all its processes, which write to its directory until then. */
  private static void end(Process browser) {
    List<ProcessHandle> all =
        Stream.concat(browser.descendants(), Stream.of(browser.toHandle())).toList();
    all.forEach(ProcessHandle::destroyForcibly);
    all.forEach(one -> one.onExit().join());
  }

  private static void serve(TestInstance.Request request, OutputStream out) throws IOException {
    if (request.target.equals("/chat")) {
      chat(request, out);
    } else {
      TestInstance.write(
          out,
          "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: "
              + PAGE.length()
              + "\r\n\r\n"
              + PAGE);
    }
  }

  /** Sends one message back in capitals. */
  private static void chat(TestInstance.Request request, OutputStream out) throws IOException {
    TestInstance.write(
        out,
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Accept: "
            + WebSocketClientTest.accept(request.field("Sec-WebSocket-Key"))
            + "\r\n\r\n");
    request.read(); // the last frame of a text
    int length = request.read() & 127;
    int[] mask = {request.read(), request.read(), request.read(), request.read()};
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append((char) (request.read() ^ mask[i % 4]));
    }
    byte[] answer = text.toString().toUpperCase(Locale.ROOT).getBytes(US_ASCII);
    out.write(0x81);
    out.write(answer.length);
    out.write(answer);
    out.flush();
    while (request.read() >= 0) {
      // until the page is closed
    }
    throw new IOException("done");
  }

  private static List<TestInstance.Request> to(TestLink link, String target) {
    return List.copyOf(link.instance().requests).stream()
        .filter(request -> request.target.startsWith(target))
        .toList();
  }

  @Test
  void pageOpensAWebSocket_onAStreamOfItsConnection() throws Exception {
    SSLContext tls = new TestCertificate(directory, "san=dns:localhost,ip:127.0.0.1").context();
    try (TestLink link =
        new TestLink(
                ChromiumTest::serve, spec -> {}, engine -> NettyFront.of(engine).sslContext(tls))
            .warm()) {
      Process browser = open("https://localhost:" + link.port + "/d/app/");
      try {
        Await.until("the page has its socket", () -> !to(link, "/chat").isEmpty());
        Await.until("the page has its answer", () -> !to(link, "/result").isEmpty());

        assertThat(to(link, "/result").get(0).target).isEqualTo("/result?HELLO-chat");
        TestInstance.Request chat = to(link, "/chat").get(0);
        assertThat(chat.field("Via")).as("the version that the browser spoke").startsWith("2 ");
        assertThat(chat.field("Upgrade")).isEqualTo("websocket");
        Await.until("the socket alone is open", () -> link.app.status().inFlight() == 1);
      } finally {
        end(browser);
      }
      link.awaitQuiet(); // the browser has gone, and the tunnel with it
    }
  }
}
