package dev.autodeploy.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import dev.autodeploy.proxy.contract.RawClient;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.apache.catalina.Context;
import org.apache.catalina.Wrapper;
import org.apache.catalina.startup.Tomcat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HttpHandlerServletTest {
  @TempDir Path directory;
  private final Tomcat tomcat = new Tomcat();

  private int serve(HttpHandler handler) throws Exception {
    tomcat.setBaseDir(directory.toString());
    tomcat.setPort(0);
    tomcat.setSilent(true);
    tomcat.getConnector().setProperty("address", "127.0.0.1");
    tomcat.getConnector().setProperty("maxThreads", "2");
    Context context = tomcat.addContext("", directory.toString());
    Wrapper wrapper = Tomcat.addServlet(context, "page", HttpHandlerServlet.of(handler));
    wrapper.setAsyncSupported(true);
    context.addServletMappingDecoded("/page/*", "page");
    tomcat.start();
    return tomcat.getConnector().getLocalPort();
  }

  @AfterEach
  void stop() throws Exception {
    tomcat.stop();
    tomcat.destroy();
  }

  @Test
  void handler_seesTheRequest_andItsResponsePasses() throws Exception {
    int port =
        serve(
            exchange -> {
              String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
              String said =
                  exchange.getRequestMethod()
                      + " "
                      + exchange.getRequestURI()
                      + " "
                      + exchange.getRequestHeaders().getFirst("X-Mine")
                      + " "
                      + body
                      + " "
                      + exchange.getLocalAddress().getAddress().isLoopbackAddress();
              exchange.getResponseHeaders().set("X-Yours", "2");
              exchange.sendResponseHeaders(201, said.length());
              exchange.getResponseBody().write(said.getBytes(UTF_8));
              exchange.close();
            });

    RawClient.Response response =
        RawClient.ask(
            port,
            "POST /page/a%20b?c=%26 HTTP/1.1\r\nHost: localhost\r\nX-Mine: 1\r\n"
                + "Content-Length: 2\r\n\r\nhi");

    assertThat(response.status).isEqualTo(201);
    assertThat(response.field("X-Yours")).isEqualTo("2");
    assertThat(response.body).isEqualTo("POST /page/a%20b?c=%26 1 hi true");
  }

  @Test
  void responseWithoutBody_isComplete() throws Exception {
    int port = serve(exchange -> exchange.sendResponseHeaders(404, -1));

    RawClient.Response response = RawClient.get(port, "/page/");

    assertThat(response.status).isEqualTo(404);
    assertThat(response.body).isEmpty();
  }

  /** As event streams do. */
  @Test
  void response_mayGoOnAfterTheHandlerHasReturned_withoutAThread() throws Exception {
    CompletableFuture<HttpExchange> open = new CompletableFuture<>();
    int port =
        serve(
            exchange -> {
              exchange.sendResponseHeaders(200, 0);
              exchange.getResponseBody().flush();
              open.complete(exchange);
            });
    try (RawClient client = new RawClient(port)) {
      client.send("GET /page/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertThat(client.head().status).isEqualTo(200);
      OutputStream out = open.join().getResponseBody();
      out.write("data: 1\n\n".getBytes(UTF_8));
      out.flush();
      assertThat(client.line()).isEqualTo("9");
      out.close();
      assertThat(new String(client.exactly(9), UTF_8)).isEqualTo("data: 1\n\n");
      assertThat(client.line()).isEmpty();
      assertThat(client.line()).isEqualTo("0");
    }
  }

  @Test
  void handlerThatFails_endsTheExchange() throws Exception {
    int port =
        serve(
            exchange -> {
              throw new IOException("broken");
            });

    assertThat(RawClient.get(port, "/page/").status).isEqualTo(500);
  }
}
