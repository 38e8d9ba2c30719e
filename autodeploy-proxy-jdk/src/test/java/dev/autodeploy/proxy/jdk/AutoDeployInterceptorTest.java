package dev.autodeploy.proxy.jdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.proxy.okhttp.AutoDeployInterceptor;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import okhttp3.Call;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.junit.jupiter.api.Test;

final class AutoDeployInterceptorTest {

  private static Call call(TestLink link, String url) {
    OkHttpClient client =
        new OkHttpClient.Builder()
            .addInterceptor(AutoDeployInterceptor.of(link.engine, Duration.ofSeconds(20)))
            .build();
    return client.newCall(new Request.Builder().url(url).build());
  }

  @Test
  void call_startsAnInstanceAndHoldsItUntilTheResponseIsClosed() throws Exception {
    try (TestLink link = new TestLink(TestInstance.App.text("hello"))) {
      try (Response response = call(link, "http://app.autodeploy/v1/x?y=z").execute()) {
        assertThat(link.app.status().inFlight()).isEqualTo(1);
        assertThat(response.body().string()).isEqualTo("hello");
      }
      assertThat(link.app.status().inFlight()).isZero();
      assertThat(link.instance().requests.get(0).target).isEqualTo("/v1/x?y=z");
    }
  }

  @Test
  void cancelledCall_givesUpItsPlace() throws Exception {
    try (TestLink link = new TestLink(TestInstance.App.text("hello"))) {
      link.provider.gate = new CompletableFuture<>();
      Call call = call(link, "http://app.autodeploy/");
      CompletableFuture<Throwable> outcome =
          CompletableFuture.supplyAsync(
              () -> {
                try (Response response = call.execute()) {
                  return new AssertionError(response.toString());
                } catch (IOException e) {
                  return e;
                }
              });
      Await.until("it waits", () -> link.app.status().pending() == 1);
      call.cancel();

      assertThat(outcome.join()).hasMessage("Canceled");
      assertThat(link.app.status().pending()).isZero();
      link.provider.gate.complete(null);
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
    try (TestLink link = new TestLink(endless);
        Response response = call(link, "http://app.autodeploy/").execute()) {
      link.provider.exit(link.provider.starts.get(0).instanceId(), 1);

      assertThatThrownBy(() -> response.body().bytes()).isInstanceOf(IOException.class);
    }
  }

  @Test
  void unknownDeployment_isAnIoExceptionThatSaysSo() throws Exception {
    try (TestLink link = new TestLink(TestInstance.App.text("hello"))) {
      assertThatThrownBy(() -> call(link, "http://nobody.autodeploy/").execute())
          .isInstanceOf(IOException.class)
          .hasCauseInstanceOf(AutoDeployException.class)
          .hasMessageContaining("nobody");
    }
  }

  @Test
  void otherHosts_areLeftAlone() throws Exception {
    try (TestLink link = new TestLink(TestInstance.App.text("hello")).warm()) {
      try (Response response = call(link, link.instance().endpoint().toString()).execute()) {
        assertThat(response.body().string()).isEqualTo("hello");
        assertThat(link.app.status().inFlight()).isZero();
      }
    }
  }
}
