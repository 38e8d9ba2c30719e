package dev.autodeploy.console;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.internal.document.ProblemType;
import dev.autodeploy.internal.net.ActingPage;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes requests to the page, its files and its API, wherever it is mounted. */
final class ConsoleHandler implements HttpHandler, ActingPage {
  static final String API = "-/api/";

  private static final Logger LOG = LoggerFactory.getLogger(ConsoleHandler.class);

  /** Scripts and styles from here only, none of them inline, and no text that turns into markup. */
  private static final String CONTENT_SECURITY_POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
          + " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
          + " require-trusted-types-for 'script'; trusted-types 'none'";

  private final @Nullable String basePath;
  private final RequestGuard guard;
  private final Api api;
  private final Assets assets;

  /**
   * Creates a handler.
   *
   * @param basePath where the console is mounted, or null for the path of the context
   */
  ConsoleHandler(@Nullable String basePath, RequestGuard guard, Api api, Assets assets) {
    this.basePath = basePath;
    this.guard = guard;
    this.api = api;
    this.assets = assets;
  }

  @Override
  public boolean mayAct() {
    return guard.actions();
  }

  @Override
  public void handle(HttpExchange exchange) throws IOException {
    ServerWorkers.working();
    protect(exchange.getResponseHeaders());
    JsonResponse response;
    try {
      response = answer(exchange);
    } catch (ProblemException e) {
      response = e.response();
    } catch (AutoDeployException e) {
      response = ProblemException.of(e).response();
    } catch (RuntimeException e) {
      LOG.error("The console could not answer {}", exchange.getRequestURI().getPath(), e);
      response =
          new ProblemException(ProblemType.INTERNAL_ERROR, "see the log of the host application")
              .response();
    }
    if (response != null) {
      if (response.status() >= 400) {
        // What is left of the body is not read: the next request needs a new connection.
        exchange.getResponseHeaders().set("Connection", "close");
      }
      response.send(exchange);
    }
  }

  private static void protect(Headers headers) {
    headers.set("Content-Security-Policy", CONTENT_SECURITY_POLICY);
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("X-Frame-Options", "DENY");
    headers.set("Referrer-Policy", "no-referrer");
    headers.set("Cross-Origin-Opener-Policy", "same-origin");
    headers.set("Cross-Origin-Resource-Policy", "same-origin");
    headers.set("Permissions-Policy", "camera=(), geolocation=(), microphone=()");
    headers.set("Cache-Control", "no-store");
  }

  private @Nullable JsonResponse answer(HttpExchange exchange) throws IOException {
    guard.admit(exchange);
    Caller caller = guard.caller(exchange);
    String base = base(exchange);
    String path = exchange.getRequestURI().getPath();
    if ((path + "/").equals(base)) {
      return JsonResponse.empty(308)
          .with("Location", path.substring(path.lastIndexOf('/') + 1) + "/");
    }
    if (!path.startsWith(base)) {
      throw ProblemException.notFound("the console is at " + base);
    }
    String rest = path.substring(base.length());
    boolean reads =
        exchange.getRequestMethod().equals("GET") || exchange.getRequestMethod().equals("HEAD");
    JsonResponse asset = reads ? assets.answer(exchange, rest) : null;
    if (asset != null) {
      return asset;
    }
    if (rest.startsWith(API)) {
      guard.admitToApi(exchange);
      Request request = Request.of(exchange, rest.substring(API.length()));
      if (caller != null) {
        return api.answer(request, caller);
      }
      return api.answerUnknown(request, RequestGuard.address(exchange));
    }
    throw ProblemException.notFound("the console has no such page");
  }

  private String base(HttpExchange exchange) {
    String base = basePath != null ? basePath : exchange.getHttpContext().getPath();
    return base.endsWith("/") ? base : base + "/";
  }
}
