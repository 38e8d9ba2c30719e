package dev.autodeploy.proxy.jdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
final class RoutingTest {

  private static String get(String path, String host, String... fields) {
    return "GET "
        + path
        + " HTTP/1.1\r\nHost: "
        + host
        + "\r\n"
        + (fields.length == 0 ? "" : String.join("\r\n", fields) + "\r\n")
        + "\r\n";
  }

  @Test
  void portThatIsTaken_isNamed() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();

      assertThatThrownBy(
              () -> new JdkLink(TestInstance.App.text("x"), spec -> {}, proxy -> proxy.port(port)))
          .isInstanceOf(IOException.class)
          .hasMessageStartingWith("cannot listen on ")
          .hasMessageContaining(":" + port + " (");
    }
  }

  @Test
  void hostBelowTheSuffix_goesToItsDeploymentWithTheWholePath() throws Exception {
    try (JdkLink link =
        new JdkLink(
            TestInstance.App.text("x"),
            spec -> {},
            proxy ->
                proxy
                    .hostSuffix("gpu.example.com")
                    .context(
                        "/",
                        exchange -> {
                          exchange.sendResponseHeaders(202, -1);
                          exchange.close();
                        }))) {
      assertThat(link.ask(get("/d/other/x?y", "app.gpu.example.com:8000")).status).isEqualTo(200);
      assertThat(link.ask(get("/", "APP.gpu.example.com")).status).isEqualTo(200);
      assertThat(link.ask(get("/", "nobody.gpu.example.com")).status).isEqualTo(404);
      assertThat(link.ask(get("/", "a.app.gpu.example.com")).status).isEqualTo(202);
      assertThat(link.ask(get("/", "gpu.example.com")).status).isEqualTo(202);
      assertThat(link.ask(get("/", "xgpu.example.com")).status).isEqualTo(421);

      assertThat(link.instance().requests)
          .extracting(request -> request.target)
          .containsExactly("/d/other/x?y", "/");
      assertThat(link.instance().requests.get(0).field("X-Forwarded-Prefix")).isNull();
    }
  }

  @Test
  void dedicatedPort_goesToItsDeploymentWithTheWholePath() throws Exception {
    try (JdkLink link =
        new JdkLink(
            TestInstance.App.text("x"), spec -> {}, proxy -> proxy.dedicatedPort("app", 0))) {
      int port = link.proxy.dedicatedPort("app");

      assertThat(RawClient.ask(port, get("/-/status?a", "localhost:" + port)).status)
          .isEqualTo(200);

      assertThat(link.instance().requests.get(0).target).isEqualTo("/-/status?a");
      assertThat(link.instance().requests.get(0).field("X-Forwarded-Port"))
          .isEqualTo(Integer.toString(port));
      assertThatThrownBy(() -> link.proxy.dedicatedPort("other"))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void publicUrl_isWhatLinksBeginWith() throws Exception {
    try (JdkLink link =
        new JdkLink(
            TestInstance.App.text("x"),
            spec -> {},
            proxy -> proxy.publicUrl(URI.create("https://gpu.example.com/links/")))) {
      assertThat(link.proxy.serviceLink(link.app))
          .hasToString("https://gpu.example.com/links/d/app");
      assertThat(link.get("/-/status").body).contains("https://gpu.example.com/links/d/app");
    }
  }

  @Test
  void tls_servesLinksAndTellsTheInstance(@TempDir Path directory) throws Exception {
    SSLContext context = selfSigned(directory);
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(store(directory));
    try (JdkLink link =
        new JdkLink(
            TestInstance.App.text("secret"), spec -> {}, proxy -> proxy.sslContext(context))) {
      OkHttpClient client =
          new OkHttpClient.Builder()
              .sslSocketFactory(
                  context.getSocketFactory(),
                  (javax.net.ssl.X509TrustManager) trust.getTrustManagers()[0])
              .build();
      URI uri = link.proxy.serviceLink(link.app);
      assertThat(uri).hasScheme("https");
      try (Response response =
          client.newCall(new Request.Builder().url(uri + "/x").build()).execute()) {
        assertThat(response.body().string()).isEqualTo("secret");
      }
      assertThat(link.instance().requests.get(0).field("X-Forwarded-Proto")).isEqualTo("https");
      client.connectionPool().evictAll();
    }
  }

  @Test
  void secondHandshakeOnAConnection_isRefused(@TempDir Path directory) throws Exception {
    SSLContext context = selfSigned(directory);
    try (JdkLink link =
            new JdkLink(
                TestInstance.App.text("secret"), spec -> {}, proxy -> proxy.sslContext(context));
        SSLSocket socket =
            (SSLSocket)
                context
                    .getSocketFactory()
                    .createSocket(InetAddress.getLoopbackAddress(), link.port)) {
      socket.setEnabledProtocols(new String[] {"TLSv1.2"});
      socket.setSoTimeout(20_000);
      String get = "GET /d/app/x HTTP/1.1\r\nHost: localhost\r\n\r\n";
      RawClient client = new RawClient(socket);
      assertThat(client.send(get).response().body).isEqualTo("secret");

      assertThatThrownBy(
              () -> {
                socket.startHandshake();
                client.send(get).response();
              })
          .isInstanceOf(IOException.class)
          .as("not one that the server never answers")
          .isNotInstanceOf(SocketTimeoutException.class);
    }
  }

  private static SSLContext selfSigned(Path directory) throws Exception {
    Path tool = Path.of(System.getProperty("java.home"), "bin", "keytool");
    Process process =
        new ProcessBuilder(
                tool.toString(),
                "-genkeypair",
                "-keystore",
                directory.resolve("k").toString(),
                "-storepass",
                "changeit",
                "-alias",
                "a",
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-ext",
                "san=dns:localhost",
                "-storetype",
                "PKCS12")
            .redirectErrorStream(true)
            .start();
    String said =
        new String(
            process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(said).isZero();
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store(directory), "changeit".toCharArray());
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(store(directory));
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private static KeyStore store(Path directory) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(directory.resolve("k"))) {
      store.load(in, "changeit".toCharArray());
    }
    return store;
  }

  @Test
  void routeRules_chooseTheInstanceAndTellWhich() throws Exception {
    try (JdkLink link =
        new JdkLink(TestInstance.App.text("x"), spec -> spec.maxInstances(2), proxy -> {}).warm()) {
      RawClient.Response second = link.ask(get("/d/app/", "a", "Deploy-Route-Rule: scale-out"));
      assertThat(second.status).isEqualTo(200);
      String target = second.field("Deploy-Route-Target");
      assertThat(target).isEqualTo(link.provider.starts.get(1).instanceId());

      Set<String> seen = new HashSet<>();
      for (int i = 0; i < 2; i++) {
        seen.add(
            link.ask(get("/d/app/", "a", "Deploy-Route-Rule: round-robin"))
                .field("Deploy-Route-Target"));
      }
      assertThat(seen).hasSize(2);
      for (int i = 0; i < 3; i++) {
        RawClient.Response same = link.ask(get("/d/app/", "a", "Deploy-Route-Rule: " + target));
        assertThat(same.field("Deploy-Route-Target")).isEqualTo(target);
      }
      assertThat(link.ask(get("/d/app/", "a", "Deploy-Route-Rule: random")).status).isEqualTo(200);
      assertThat(link.ask(get("/d/app/", "a")).field("Deploy-Route-Target")).isNull();
      assertThat(link.provider.instances.get(target).requests.get(0).field("Deploy-Route-Rule"))
          .isNull();
    }
  }

  @Test
  void optionsThatMayGoNoFurther_areAnsweredByTheLink() throws Exception {
    try (JdkLink link = new JdkLink(TestInstance.App.text("x"))) {
      RawClient.Response response =
          link.ask("OPTIONS /d/app/ HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n");

      assertThat(response.status).isEqualTo(204);
      assertThat(link.provider.starts).isEmpty();
    }
  }
}
