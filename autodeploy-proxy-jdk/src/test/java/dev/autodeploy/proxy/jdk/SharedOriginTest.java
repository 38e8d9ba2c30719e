package dev.autodeploy.proxy.jdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import dev.autodeploy.internal.net.ActingPage;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * The tests of what else is served on the origin of links: an instance's page could use it as its
 * own.
 */
final class SharedOriginTest {

  private record Page(boolean mayAct) implements HttpHandler, ActingPage {
    @Override
    public void handle(HttpExchange http) throws IOException {
      http.sendResponseHeaders(204, -1);
      http.close();
    }
  }

  private static JdkLink link(Consumer<JdkHttpProxy.Builder> settings) throws IOException {
    return new JdkLink(
        TestInstance.App.raw(
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Security-Policy: default-src *\r\n\r\n"),
        spec -> {},
        settings);
  }

  @Test
  void pageThatMayAct_isRefused_whereverItIsMounted() {
    List<Consumer<JdkHttpProxy.Builder>> ways =
        List.of(
            proxy -> proxy.console(new Page(true)), proxy -> proxy.context("/ops", new Page(true)));
    for (Consumer<JdkHttpProxy.Builder> mount : ways) {
      assertThatThrownBy(() -> link(mount))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("Console.start")
          .hasMessageContaining("sandboxLinks");
    }
  }

  @Test
  void pageThatOnlyReads_isServed_andInstancesAreNotSandboxed() throws Exception {
    try (JdkLink link = link(proxy -> proxy.console(new Page(false)))) {
      assertThat(link.get("/").status).isEqualTo(204);
      assertThat(link.get("/d/app/").head).noneMatch(line -> line.contains("sandbox"));
    }
  }

  @Test
  void pageThatMayAct_besideSandboxedLinks_isServed() throws Exception {
    try (JdkLink link =
        link(proxy -> proxy.console(new Page(true)).sandboxLinks(true).dedicatedPort("app", 0))) {
      assertThat(link.get("/").status).isEqualTo(204);
      assertThat(link.get("/d/app/").head)
          .anyMatch(
              line ->
                  line.startsWith("Content-security-policy: sandbox")
                      && line.contains("allow-scripts")
                      && !line.contains("allow-same-origin"))
          .anyMatch(line -> line.equals("Content-security-policy: default-src *"));
      assertThat(RawClient.get(link.proxy.dedicatedPort("app"), "/").head)
          .noneMatch(line -> line.contains("sandbox"));
    }
  }
}
