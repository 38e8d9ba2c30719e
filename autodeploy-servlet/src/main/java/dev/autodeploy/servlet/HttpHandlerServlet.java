package dev.autodeploy.servlet;

import static java.util.Objects.requireNonNull;

import com.sun.net.httpserver.HttpHandler;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/**
 * A handler of the JDK's server as a servlet, such as the page: {@code
 * HttpHandlerServlet.of(console.handler("/autodeploy/"))}. To be mapped with asynchronous support.
 * The handler gets the user whom the application has signed in as its principal. Thread-safe.
 */
public final class HttpHandlerServlet extends HttpServlet {
  private static final long serialVersionUID = 1L;

  private final transient HttpHandler handler;

  private HttpHandlerServlet(HttpHandler handler) {
    this.handler = handler;
  }

  /**
   * Returns a servlet.
   *
   * @param handler the handler; one that needs the server's context does not work
   * @return the servlet
   */
  public static HttpHandlerServlet of(HttpHandler handler) {
    return new HttpHandlerServlet(requireNonNull(handler, "handler"));
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws ServletException, IOException {
    if (!request.isAsyncSupported()) {
      throw new ServletException(
          "The page needs asynchronous requests: set asyncSupported on the servlet '"
              + getServletName()
              + "' and on every filter before it");
    }
    ServletHttpExchange exchange = new ServletHttpExchange(request, response);
    try {
      handler.handle(exchange);
    } catch (IOException | RuntimeException | Error e) {
      if (!response.isCommitted()) {
        response.setStatus(HttpServletResponse.SC_INTERNAL_SERVER_ERROR);
      }
      exchange.close();
      throw e;
    }
    if (!exchange.responded()) {
      exchange.close(); // as the JDK's server does with a handler that says nothing
    }
  }
}
