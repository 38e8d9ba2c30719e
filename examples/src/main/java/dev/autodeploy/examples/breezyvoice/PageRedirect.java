package dev.autodeploy.examples.breezyvoice;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.net.URI;

/** The answer at the link's {@code /}: a redirect to the page, which is on a port of its own. */
final class PageRedirect implements HttpHandler {
  private final String page;

  PageRedirect(URI page) {
    this.page = page.toString();
  }

  @Override
  public void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (exchange.getRequestURI().getPath().equals("/")) {
        exchange.getResponseHeaders().set("Location", page);
        exchange.sendResponseHeaders(302, -1);
      } else {
        exchange.sendResponseHeaders(404, -1);
      }
    }
  }
}
