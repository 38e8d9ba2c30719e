package dev.autodeploy.applications;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** FastAPI under uvicorn, of Debian's packages. */
final class FastApiTest {
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();

  @BeforeAll
  static void packages() {
    Needs.python("fastapi", "uvicorn", "multipart", "websockets");
  }

  private static ApplicationLink start(FrontKind front, LinkKind kind) throws Exception {
    String root = kind == LinkKind.PATH ? " --root-path /d/app" : "";
    return new ApplicationLink(
        front,
        "cd '"
            + ApplicationLink.resource("fastapi")
            + "' && exec /usr/bin/python3 -B -m uvicorn app:app --port $PORT"
            + root,
        "/health",
        spec -> {},
        links -> {});
  }

  private static HttpResponse<String> get(URI address) throws Exception {
    return CLIENT.send(
        HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
  }

  @ParameterizedTest
  @CsvSource({"JDK, PATH", "JDK, PORT", "NETTY, PATH", "NETTY, PORT"})
  void application_worksThroughItsLink(FrontKind front, LinkKind kind) throws Exception {
    try (ApplicationLink link = start(front, kind)) {
      URI root = link.root(kind);

      // The framework redirects to the address with a slash, made from Host.
      HttpResponse<String> items = get(root.resolve("v1/items?page=2"));
      assertThat(items.statusCode()).isEqualTo(200);
      assertThat(items.uri()).isEqualTo(root.resolve("v1/items/?page=2"));
      assertThat(items.body()).contains("\"page\":2", "\"url\":\"" + root);

      // The page of the documentation names its description.
      HttpResponse<String> docs = get(root.resolve("docs"));
      Matcher description = Pattern.compile("url: '([^']+)'").matcher(docs.body());
      assertThat(description.find()).isTrue();
      assertThat(get(root.resolve(description.group(1))).body()).contains("\"title\":\"Voices\"");

      HttpResponse<String> events = get(root.resolve("events"));
      assertThat(events.body()).isEqualTo("data: 0\n\ndata: 1\n\ndata: 2\n\n");
      assertThat(events.headers().firstValue("X-Accel-Buffering")).contains("no");

      assertThat(upload(root.resolve("upload"), "x".repeat(300_000)))
          .contains("\"name\":\"voice.wav\"", "\"size\":300000");
      if (front == FrontKind.NETTY) {
        assertThat(say(root.resolve("ws"), "hello")).isEqualTo("echo: hello");
      } else {
        assertThatThrownBy(() -> say(root.resolve("ws"), "hello"))
            .isInstanceOf(CompletionException.class)
            .cause()
            .isInstanceOfSatisfying(
                WebSocketHandshakeException.class,
                refused -> assertThat(refused.getResponse().statusCode()).isEqualTo(501));
      }
    }
  }

  private static String upload(URI address, String content) throws Exception {
    String body =
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"voice.wav\"\r\n\r\n"
            + content
            + "\r\n--b--\r\n";
    HttpRequest request =
        HttpRequest.newBuilder(address)
            .header("Content-Type", "multipart/form-data; boundary=b")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    return CLIENT.send(request, HttpResponse.BodyHandlers.ofString()).body();
  }

  private static String say(URI address, String text) throws Exception {
    CompletableFuture<String> answer = new CompletableFuture<>();
    WebSocket socket =
        CLIENT
            .newWebSocketBuilder()
            .buildAsync(
                URI.create(address.toString().replaceFirst("http", "ws")),
                new WebSocket.Listener() {
                  @Override
                  public CompletionStage<?> onText(
                      WebSocket from, CharSequence data, boolean last) {
                    answer.complete(data.toString());
                    return CompletableFuture.completedFuture(null);
                  }
                })
            .join();
    socket.sendText(text, true).join();
    try {
      return answer.get(20, TimeUnit.SECONDS);
    } finally {
      socket.abort();
    }
  }
}
