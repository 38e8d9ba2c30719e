package dev.autodeploy.proxy.netty;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.autodeploy.proxy.contract.TestCertificate;
import dev.autodeploy.proxy.contract.TestInstance;
import dev.autodeploy.proxy.contract.TestLink;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that others have written, over HTTP/2. */
final class RealClientsTest {
  @TempDir static Path directory;
  private static SSLContext tls;

  @BeforeAll
  static void makeCertificate() throws Exception {
    tls = new TestCertificate(directory, "san=dns:localhost,ip:127.0.0.1").context();
  }

  private static TestLink link(boolean secure) throws IOException {
    TestInstance.App app =
        (request, out) ->
            TestInstance.App.text(request.method + request.target + request.body())
                .respond(request, out);
    return new TestLink(
        app,
        spec -> {},
        engine -> secure ? NettyFront.of(engine).sslContext(tls) : NettyFront.of(engine));
  }

  private static String curl(String... arguments) throws Exception {
    boolean there = Files.isExecutable(Path.of("/usr/bin/curl"));
    if (!there && System.getenv("CI") != null) {
      throw new AssertionError("curl is missing");
    }
    assumeTrue(there, "curl is missing");
    List<String> command = new ArrayList<>(List.of("curl", "-sS", "--max-time", "20"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  @Test
  void curl_withPriorKnowledge() throws Exception {
    try (TestLink link = link(false)) {
      String url = "http://localhost:" + link.port + "/d/app/x?y=1";
      String version = " %{http_version}";
      assertThat(curl("--http2-prior-knowledge", "-w", version, url)).isEqualTo("GET/x?y=1 2");
      assertThat(curl("--http2-prior-knowledge", "-w", version, "-d", "body", url))
          .isEqualTo("POST/x?y=1body 2");
      assertThat(curl("--http2", "-w", version, url)) // asks for an upgrade, which is obsolete
          .isEqualTo("GET/x?y=1 1.1");
      link.awaitQuiet();
    }
  }

  @Test
  void curl_overTls() throws Exception {
    try (TestLink link = link(true)) {
      String url = "https://localhost:" + link.port + "/d/app/x";
      String version = " %{http_version}";
      assertThat(curl("-k", "--http2", "-w", version, url)).isEqualTo("GET/x 2");
      assertThat(curl("-k", "--http1.1", "-w", version, url)).isEqualTo("GET/x 1.1");
      assertThat(curl("-k", "--no-alpn", "-w", version, url)).isEqualTo("GET/x 1.1");
      link.awaitQuiet();
    }
  }

  @Test
  void clientOfTheJdk_sendsManyRequestsAtOnce() throws Exception {
    try (TestLink link = link(true).warm()) {
      HttpClient client = HttpClient.newBuilder().sslContext(tls).build();
      String body = "z".repeat(300_000);
      List<CompletableFuture<HttpResponse<String>>> all =
          IntStream.range(0, 60)
              .mapToObj(
                  i ->
                      client.sendAsync(
                          HttpRequest.newBuilder(
                                  URI.create("https://localhost:" + link.port + "/d/app/" + i))
                              .POST(HttpRequest.BodyPublishers.ofString(body))
                              .build(),
                          HttpResponse.BodyHandlers.ofString()))
              .toList();
      for (int i = 0; i < all.size(); i++) {
        HttpResponse<String> response = all.get(i).get();
        assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(response.body()).isEqualTo("POST/" + i + body);
      }
      link.awaitQuiet();
    }
  }
}
