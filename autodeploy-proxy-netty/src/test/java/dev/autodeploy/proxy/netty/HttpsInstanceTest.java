package dev.autodeploy.proxy.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestCertificate;
import dev.autodeploy.proxy.contract.TestInstance;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Instances that are reached over TLS. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
final class HttpsInstanceTest {
  @TempDir static Path directory;

  /** Answers every request on every connection with its body. */
  private static void serve(ServerSocket server) {
    daemon(
        () -> {
          try {
            while (true) {
              Socket socket = server.accept();
              daemon(() -> answer(socket));
            }
          } catch (IOException e) {
            // The test is over.
          }
        });
  }

  private static void answer(Socket socket) {
    try (socket) {
      BufferedInputStream in = new BufferedInputStream(socket.getInputStream());
      while (true) {
        TestInstance.Request request = TestInstance.Request.read(in, socket);
        if (request == null) {
          return;
        }
        String body = request.body();
        TestInstance.App.text(request.target + body.length())
            .respond(request, socket.getOutputStream());
      }
    } catch (IOException e) {
      // The proxy has gone, or refuses the certificate.
    }
  }

  private static void daemon(Runnable task) {
    Thread thread = new Thread(task, "https-instance");
    thread.setDaemon(true);
    thread.start();
  }

  private static void withInstance(String names, boolean trusted, Check check) throws Exception {
    TestCertificate certificate = new TestCertificate(directory, names);
    ServerSocket server =
        certificate
            .context()
            .getServerSocketFactory()
            .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
    serve(server);
    String before = System.getProperty("javax.net.ssl.trustStore");
    if (trusted) {
      System.setProperty("javax.net.ssl.trustStore", certificate.store.toString());
      System.setProperty("javax.net.ssl.trustStorePassword", TestCertificate.PASSWORD);
    }
    URI endpoint = URI.create("https://localhost:" + server.getLocalPort());
    try (server;
        AutoDeploy engine =
            AutoDeploy.builder()
                .provider(new FixedInstance(endpoint))
                .releaseOnShutdown(false)
                .drainTimeout(Duration.ofMillis(200))
                .build()) {
      engine.deploy(DeploymentSpec.builder("app").port(8080).startCommand("serve").build());
      try (NettyHttpProxy proxy = NettyFront.of(engine).start()) {
        check.of(proxy.port());
      }
    } finally {
      System.clearProperty("javax.net.ssl.trustStorePassword");
      if (before == null) {
        System.clearProperty("javax.net.ssl.trustStore");
      } else {
        System.setProperty("javax.net.ssl.trustStore", before);
      }
    }
  }

  private interface Check {
    void of(int port) throws Exception;
  }

  @Test
  void instance_whoseCertificateTheJvmTrusts_isServed() throws Exception {
    withInstance(
        "san=dns:localhost",
        true,
        port -> {
          int size = 3_000_000;
          try (RawClient client = new RawClient(port)) {
            for (int i = 0; i < 3; i++) {
              client.send(
                  "POST /d/app/x HTTP/1.1\r\nHost: a\r\nContent-Length: " + size + "\r\n\r\n");
              client.send("x".repeat(size));
              assertThat(client.response().body).isEqualTo("/x" + size);
            }
          }
        });
  }

  @Test
  void instance_withAnUnknownCertificate_is502() throws Exception {
    withInstance(
        "san=dns:localhost",
        false,
        port -> assertThat(RawClient.get(port, "/d/app/").status).isEqualTo(502));
  }

  @Test
  void instance_withTheCertificateOfAnotherHost_is502() throws Exception {
    withInstance(
        "san=dns:other.example",
        true,
        port -> assertThat(RawClient.get(port, "/d/app/").status).isEqualTo(502));
  }
}
