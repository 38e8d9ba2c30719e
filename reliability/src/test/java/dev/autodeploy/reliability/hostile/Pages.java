package dev.autodeploy.reliability.hostile;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.console.Console;
import dev.autodeploy.console.ConsoleServer;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Web pages, in a browser of this machine: a model's own, and those of any site. */
@SuppressWarnings(
    "InlineFormatString") // scripts of their own, too long to stand in the midst of Java
final class Pages {
  private static final String INSTANCE = "page of an instance, in Chromium";
  private static final String SITE = "page of another site, in Chromium";
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** The script that an instance's page tries on the page that may act. */
  private static final String TAKE_OVER =
      """
      (async () => {
        let got = '';
        try {
          const token = (await (await fetch('%1$s-/api/session')).json()).token;
          got += ' token';
          const answer = await fetch('%1$s-/api/deployments', { method: 'POST',
            headers: { 'Content-Type': 'application/json', 'X-AutoDeploy-Token': token },
            body: JSON.stringify({ name: 'evil', port: 1, startCommand: 'true' }) });
          got += ' created ' + answer.status;
        } catch (e) { }
        try {
          await fetch('%1$s-/api/deployments', { method: 'POST', mode: 'no-cors',
            body: JSON.stringify({ name: 'evil', port: 1, startCommand: 'true' }) });
        } catch (e) { }
        document.title = 'over' + got;
      })();
      """;

  /** All the ways in which a page can send a request to somebody else. */
  private static final String WAKE =
      """
      (async () => {
        const wait = (ms) => new Promise(done => setTimeout(done, ms));
        const link = '%s';
        fetch(link, { mode: 'no-cors' }).catch(() => {});
        fetch(link, { mode: 'no-cors', method: 'POST', body: 'x' }).catch(() => {});
        new Image().src = link + 'image';
        const script = document.createElement('script');
        script.src = link + 'script'; document.body.append(script);
        const frame = document.createElement('iframe');
        frame.name = 'frame'; document.body.append(frame);
        const form = document.createElement('form');
        form.method = 'post'; form.action = link; form.target = 'frame';
        document.body.append(form); form.submit();
        const other = document.createElement('iframe');
        other.src = link; document.body.append(other);
        await wait(1500);
        document.title = 'over';
      })();
      """;

  private static final String STREAMS =
      """
      (async () => {
        for (let i = 0; i < 6; i++) {
          new EventSource('%1$s-/api/events/stream');
          fetch('%1$s-/api/events/stream', { mode: 'no-cors' }).catch(() => {});
        }
        await new Promise(done => setTimeout(done, 1500));
        document.title = 'over';
      })();
      """;

  private Pages() {}

  static void addTo(Map<String, Attack> attacks) {
    attacks.put(
        "take-over",
        new Attack(
            INSTANCE,
            "gets the token of the page that may act, and makes a deployment",
            ground -> takeOver(ground, true),
            ground -> takeOver(ground, false)));
    attacks.put(
        "wake",
        new Attack(
            SITE,
            "wakes an instance by scripts, images, frames and forms",
            Pages::wakeAnything,
            Pages::wake));
    attacks.put(
        "rebinding",
        new Attack(
            SITE,
            "names of its own that lead to this machine, as `127.evil.example`, to read link,"
                + " status and page",
            ground -> rebinding(ground, everything(ground), everything(ground)),
            Pages::rebinding));
    attacks.put(
        "streams",
        new Attack(
            SITE,
            "uses up the page's event streams",
            ground -> streams(ground, fewStreams(ground)),
            ground -> streams(ground, fewListeners(ground))));
  }

  private static int fewListeners(Ground ground) throws IOException {
    AutoDeploy engine = ground.engine();
    return page(ground, Console.builder(engine).maxListeners(2)).port();
  }

  private static Chromium browser(Ground ground) {
    return ground.keep(Chromium.open(ground.directory().resolve("profile")));
  }

  private static ConsoleServer page(Ground ground, Console.Builder settings) throws IOException {
    return ground.keep(ground.keep(settings.build()).start(0));
  }

  private static String html(String script) {
    return "<!DOCTYPE html><meta charset=utf-8><title>model</title><body><script>"
        + script
        + "</script></body>";
  }

  private static HttpHandler serving(String type, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return exchange -> {
      exchange.getRequestBody().readAllBytes();
      exchange.getResponseHeaders().set("Content-Type", type);
      exchange.sendResponseHeaders(200, bytes.length);
      exchange.getResponseBody().write(bytes);
      exchange.close();
    };
  }

  /** The page is where the instance's answers are, or on a port of its own. */
  private static @Nullable String takeOver(Ground ground, boolean oneOrigin) throws Exception {
    AutoDeploy engine;
    String model;
    if (oneOrigin) {
      engine = ground.engine();
      Console console = ground.keep(Console.builder(engine).actions(true).build());
      HttpServer server = ground.plainServer(16);
      server.createContext("/", console.handler("/"));
      server.createContext("/d/app/", serving("text/html", html(TAKE_OVER.formatted("/"))));
      model = "http://localhost:" + server.getAddress().getPort() + "/d/app/";
    } else {
      Victim victim = Victim.start(ground, Victim.SERVED).warm();
      engine = victim.engine;
      String page = page(ground, Console.builder(engine).actions(true)).uri().toString();
      String body = html(TAKE_OVER.formatted(page));
      Victim.answer(
          ground,
          "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s"
              .formatted(body.length(), body));
      model = victim.proxy.serviceLink(victim.app) + "/";
    }
    Chromium browser = browser(ground);
    browser.go(model);
    String title = browser.title(LIMIT);
    boolean made = engine.deployments().stream().anyMatch(d -> d.name().equals("evil"));
    return title.equals("over") && !made ? null : title + (made ? ", and it is there" : "");
  }

  private static void visit(Ground ground, String script) throws Exception {
    HttpServer site = ground.plainServer(4);
    site.createContext("/", serving("text/html", html(script)));
    Chromium browser = browser(ground);
    browser.go("http://evil.example:" + site.getAddress().getPort() + "/");
    browser.title(LIMIT);
  }

  private static @Nullable String wakeAnything(Ground ground) throws Exception {
    AtomicInteger hits = new AtomicInteger();
    HttpServer server = ground.plainServer(8);
    HttpHandler served = serving("text/plain", "served");
    server.createContext(
        "/",
        exchange -> {
          hits.incrementAndGet();
          served.handle(exchange);
        });
    visit(ground, WAKE.formatted("http://localhost:" + server.getAddress().getPort() + "/"));
    // Less, and ours would not be tried in all these ways.
    return hits.get() < 6 ? null : hits + " requests came through";
  }

  private static @Nullable String wake(Ground ground) throws Exception {
    Victim victim = Victim.start(ground, Victim.SERVED);
    visit(ground, WAKE.formatted(victim.proxy.serviceLink(victim.app) + "/"));
    if (!victim.app.status().instances().isEmpty()) {
      return "an instance was started: " + victim.app.status().instances();
    }
    // Its own users do wake it.
    victim.warm();
    return null;
  }

  private static int everything(Ground ground) throws IOException {
    HttpServer server = ground.plainServer(4);
    server.createContext("/", serving("text/html", "{\"deployments\":[],\"token\":\"t\"}"));
    server.createContext("/d/app/", serving("text/html", "served"));
    return server.getAddress().getPort();
  }

  private static @Nullable String rebinding(Ground ground) throws Exception {
    Victim victim = Victim.start(ground, Victim.SERVED).warm();
    int page = page(ground, Console.builder(victim.engine).actions(true)).port();
    return rebinding(ground, victim.proxy.port(), page);
  }

  private static @Nullable String rebinding(Ground ground, int link, int page) throws Exception {
    Chromium browser = browser(ground);
    for (String name : new String[] {"rebound.example", "127.evil.example"}) {
      browser.go("http://" + name + ":" + link + "/d/app/");
      String app = browser.fetch("/d/app/");
      String got = app + browser.fetch("/-/status");
      browser.go("http://" + name + ":" + page + "/");
      got += browser.fetch("/-/api/session") + browser.fetch("/-/api/deployments");
      if (app.equals("served") || got.contains("\"deployments\":") || got.contains("\"token\":")) {
        return "read under " + name + ": " + got;
      }
    }
    return null;
  }

  /** A page with two event streams, first come, first served. */
  private static int fewStreams(Ground ground) throws IOException {
    AtomicInteger taken = new AtomicInteger();
    HttpServer server = ground.plainServer(32);
    server.createContext(
        "/",
        exchange -> {
          if (taken.incrementAndGet() > 2) {
            exchange.sendResponseHeaders(503, -1);
            exchange.close();
          } else {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().flush();
          }
        });
    return server.getAddress().getPort();
  }

  private static @Nullable String streams(Ground ground, int port) throws Exception {
    visit(ground, STREAMS.formatted("http://localhost:" + port + "/"));
    // The attacker's page is still open.
    try (Socket socket =
        Wire.send(Ground.loopback(), port, Wire.head("GET /-/api/events/stream", "") + "\r\n")) {
      socket.setSoTimeout((int) Victim.LIMIT.toMillis());
      String status = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
      return status.equals("HTTP/1.1 200") ? null : "a user's stream got " + status;
    }
  }
}
