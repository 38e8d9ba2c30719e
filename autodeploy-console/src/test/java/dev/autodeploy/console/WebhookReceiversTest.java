package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.DeploymentSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Receivers that answer as no receiver should. None of them may stop a webhook. */
@Timeout(60)
class WebhookReceiversTest {
  private static final byte[] BYTES = new byte[8192];

  /** An answer to one request. */
  @FunctionalInterface
  private interface Answer {
    void write(OutputStream out) throws IOException, InterruptedException;
  }

  private final ExecutorService executor = Executors.newCachedThreadPool();
  private final List<Socket> connections = new CopyOnWriteArrayList<>();
  private final List<String> heads = new CopyOnWriteArrayList<>();
  private final List<String> ended = new CopyOnWriteArrayList<>();

  @AfterEach
  void stop() {
    executor.shutdownNow();
  }

  private static void text(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.US_ASCII));
    out.flush();
  }

  private void withReceiver(Answer answer, Events events) throws Exception {
    try (ServerSocket receiver = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        AutoDeploy autoDeploy =
            AutoDeploy.builder().provider(new InJvmProvider()).releaseOnShutdown(false).build()) {
      executor.execute(() -> accept(receiver, answer));
      URI address = URI.create("http://127.0.0.1:" + receiver.getLocalPort() + "/hook");
      try (Webhook webhook =
          Webhook.builder(autoDeploy, address, "a-secret-of-two-parties")
              .backoff(Duration.ofMillis(20), Duration.ofMillis(100))
              .attempts(2)
              .closeTimeout(Duration.ofMillis(50))
              .build()) {
        for (String name : List.of("first", "second", "third")) {
          autoDeploy.deploy(DeploymentSpec.builder(name).port(80).build());
        }
        events.of(webhook);
      }
    }
  }

  /** The expectation about the events of three deployments. */
  @FunctionalInterface
  private interface Events {
    void of(Webhook webhook) throws Exception;
  }

  private void accept(ServerSocket receiver, Answer answer) {
    try {
      while (true) {
        Socket socket = receiver.accept();
        connections.add(socket);
        executor.execute(() -> answer(socket, answer));
      }
    } catch (IOException e) {
      // The test is over.
    }
  }

  private void answer(Socket socket, Answer answer) {
    try (socket) {
      byte[] head = new byte[8192];
      int length = socket.getInputStream().read(head);
      heads.add(new String(head, 0, Math.max(0, length), StandardCharsets.US_ASCII));
      answer.write(socket.getOutputStream());
    } catch (IOException e) {
      ended.add("connection");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void anAnswerThatDrips_countsByItsStatus_andIsCutOff() throws Exception {
    withReceiver(
        out -> {
          text(out, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
          while (true) {
            text(out, "x");
            TimeUnit.MILLISECONDS.sleep(50);
          }
        },
        webhook -> {
          Await.until(() -> webhook.delivered() == 3);
          Await.until(() -> ended.size() == connections.size());
        });
  }

  @Test
  void anAnswerWithoutEnd_isCutOff() throws Exception {
    withReceiver(
        out -> {
          text(out, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
          while (true) {
            out.write(BYTES);
          }
        },
        webhook -> {
          Await.until(() -> webhook.delivered() == 3);
          Await.until(() -> ended.size() == connections.size());
        });
  }

  @Test
  void aHeadThatDrips_isGivenUp_andTheNextEventGoesOn() throws Exception {
    withReceiver(
        out -> {
          text(out, "HTTP/1.1 200 OK\r\n");
          while (true) {
            text(out, "X-More: yes\r\n");
            TimeUnit.MILLISECONDS.sleep(50);
          }
        },
        webhook -> {
          long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(50);
          while (webhook.dropped() == 0 && System.nanoTime() < deadline) {
            TimeUnit.MILLISECONDS.sleep(50);
          }
          assertThat(webhook.dropped()).isPositive();
          assertThat(webhook.delivered()).isZero();
        });
  }

  /** In HTTP/2 a receiver may ask for acknowledgements without end, and never take one. */
  @Test
  void anotherProtocol_isNotOffered_norTaken() throws Exception {
    withReceiver(
        out -> {
          text(out, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n");
          text(out, "Upgrade: h2c\r\n\r\n");
          out.write(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0}); // settings
          byte[] ping = {0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
          while (true) {
            out.write(ping);
          }
        },
        webhook -> {
          Await.until(() -> webhook.dropped() == 3);
          assertThat(heads)
              .isNotEmpty()
              .noneMatch(head -> head.contains("h2c") || head.contains("HTTP2-Settings"));
          Await.until(() -> ended.size() == connections.size());
        });
  }

  @Test
  void anAnswerOfEscapeSequences_doesNotReachTheLogAsSuch() throws Exception {
    PrintStream err = System.err;
    ByteArrayOutputStream logged = new ByteArrayOutputStream();
    System.setErr(new PrintStream(logged, true, StandardCharsets.UTF_8));
    try {
      withReceiver(
          out -> text(out, "HTTP/1.1 \u001B[31mno\u001B[0m\u0007 status\r\n\r\n"),
          webhook -> Await.until(() -> webhook.dropped() == 3));
    } finally {
      System.setErr(err);
    }
    assertThat(logged.toString(StandardCharsets.UTF_8))
        .contains("no\uFFFD status") // quoted by the HTTP client
        .doesNotContain("\u001B", "\u0007");
  }

  @Test
  void aRedirect_isNotFollowed_norTriedAgain() throws Exception {
    try (ServerSocket elsewhere = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      elsewhere.setSoTimeout(300);
      withReceiver(
          out ->
              text(
                  out,
                  "HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\nConnection: close\r\n"
                      + "Location: http://127.0.0.1:"
                      + elsewhere.getLocalPort()
                      + "/\r\n\r\n"),
          webhook -> {
            Await.until(() -> webhook.dropped() == 3);
            assertThat(connections).hasSize(3);
            org.assertj.core.api.Assertions.assertThatExceptionOfType(
                    java.net.SocketTimeoutException.class)
                .isThrownBy(elsewhere::accept);
          });
    }
  }
}
