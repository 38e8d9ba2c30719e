package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.DeploymentSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A page that an instance serves under {@code /d/x/}, opened in a real browser while the console is
 * on another port of the same host: the same site, but another origin.
 */
@Timeout(180)
@SuppressWarnings(
    "InlineFormatString") // a script of its own, too long to stand in the midst of Java
class CrossOriginTest {
  /** Everything that such a page can try; each line is what it got. */
  private static final String ATTACK =
      """
      const tried = {};
      const note = async (name, work) => {
        try { tried[name] = String(await work()); } catch (error) { tried[name] = 'blocked'; }
      };
      const page = '%s';
      const json = { 'Content-Type': 'application/json' };
      const evil = JSON.stringify({ name: 'evil', port: 1, startCommand: 'touch /tmp/evil' });
      const wait = (ms) => new Promise((done) => setTimeout(done, ms));
      const framed = () => new Promise((done) => {
        const frame = document.createElement('iframe');
        frame.onload = () => {
          let seen = 'blocked';
          try { seen = frame.contentWindow.location.href === 'about:blank' ? 'blocked'
            : 'read ' + frame.contentDocument.title; } catch (error) { seen = 'blocked'; }
          done(seen);
        };
        frame.src = page;
        document.body.append(frame);
      });
      const form = (action, type) => new Promise((done) => {
        const sink = document.createElement('iframe');
        sink.name = 'sink' + Math.random();
        document.body.append(sink);
        const element = document.createElement('form');
        element.method = 'post'; element.action = action; element.enctype = type; element.target = sink.name;
        const field = document.createElement('input');
        field.name = '{"name":"evil","port":1,"description":"'; field.value = '"}';
        element.append(field); document.body.append(element); element.submit();
        setTimeout(() => done('sent'), 500);
      });
      (async () => {
        await note('token', async () => (await (await fetch(page + '-/api/session')).json()).token);
        await note('tokenWithCredentials', async () => (await (await fetch(page + '-/api/session', { credentials: 'include' })).json()).token);
        await note('deployments', async () => (await fetch(page + '-/api/deployments')).text());
        await note('blind', async () => (await fetch(page + '-/api/deployments', { method: 'POST', mode: 'no-cors', body: evil })).type);
        await note('json', async () => (await fetch(page + '-/api/deployments', { method: 'POST', headers: json, body: evil })).status);
        await note('guess', async () => (await fetch(page + '-/api/deployments', { method: 'POST', headers: { ...json, 'X-AutoDeploy-Token': 'guess' }, body: evil })).status);
        await note('signIn', async () => (await fetch(page + '-/api/sign-in', { method: 'POST', headers: json, body: '{"user":"mei","password":"%s"}' })).status);
        await note('script', () => new Promise((done, fail) => {
          const script = document.createElement('script');
          script.type = 'module'; script.src = page + '-/api.js'; script.onload = () => done('loaded'); script.onerror = fail;
          document.body.append(script);
        }));
        await note('frame', framed);
        await note('form', () => form(page + '-/api/deployments', 'text/plain'));
        await note('worker', async () => (await navigator.serviceWorker.register(page + '-/app.js', { scope: page })).scope);
        await note('window', async () => {
          const opened = window.open(page);
          await wait(1500);
          try { return opened.document.title; } finally { try { opened.close(); } catch (error) { /* severed */ } }
        });
        // Cookies know no ports: whatever this page sets goes to the console as well.
        document.cookie = 'session=forged; path=/';
        document.cookie = 'autodeploy.session=forged; path=/';
        const streams = [];
        for (let i = 0; i < 6; i++) {
          const source = new EventSource(page + '-/api/events/stream');
          source.onmessage = source.onopen = () => { tried.streamEvents = 'opened'; };
          streams.push(source);
          fetch(page + '-/api/events/stream', { mode: 'no-cors' }).catch(() => {});
          new Image().src = page + '-/api/events/stream';
        }
        await wait(1500);
        tried.storage = String(Object.keys(sessionStorage).length);
        document.title = 'over';
        window.tried = tried;
      })();
      """;

  private final ExecutorService executor = Executors.newCachedThreadPool();
  private final List<String> cookiesAtTheLink = new CopyOnWriteArrayList<>();
  private volatile String attack = "";
  private HttpServer link;

  @BeforeEach
  void start() throws IOException {
    link = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    link.setExecutor(executor);
    link.createContext(
        "/d/x/",
        exchange -> {
          cookiesAtTheLink.addAll(exchange.getRequestHeaders().getOrDefault("Cookie", List.of()));
          String html =
              "<!DOCTYPE html><meta charset=utf-8><title>model</title><body><script>"
                  + attack
                  + "</script></body>";
          byte[] body = html.getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
          exchange.getResponseHeaders().set("Service-Worker-Allowed", "/");
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    link.start();
  }

  @AfterEach
  void stop() {
    link.stop(0);
    executor.shutdownNow();
  }

  private URI instance() {
    return URI.create("http://localhost:" + link.getAddress().getPort() + "/d/x/");
  }

  @SuppressWarnings("unchecked")
  private Map<String, String> attack(Browser browser, URI page) {
    attack = ATTACK.formatted(page, SignInTest.PASSWORD);
    browser.go(instance());
    browser.until(() -> "over".equals(browser.driver.getTitle()), "the attack to be over");
    return (Map<String, String>) browser.script("return window.tried");
  }

  private static Socket listen(ConsoleFixture f) throws IOException {
    Socket socket = new Socket("localhost", f.server.port());
    socket.setSoTimeout(20_000);
    socket
        .getOutputStream()
        .write(
            "GET /-/api/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
                .getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private static String status(Socket socket) throws IOException {
    return new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
  }

  private static void assertHeld(Map<String, String> tried, ConsoleFixture f) throws Exception {
    assertThat(tried).hasSizeGreaterThan(12).containsEntry("form", "sent");
    tried.forEach(
        (what, got) -> {
          if (!List.of("form", "storage").contains(what)) {
            assertThat(got).as(what).isEqualTo("blocked");
          }
        });
    assertThat(tried).doesNotContainKey("streamEvents").containsEntry("storage", "0");
    assertThat(f.autoDeploy.deployments()).extracting(d -> d.name()).containsExactly("voice");
  }

  @Test
  void aPageOfAnInstance_canNeitherReadNorActNorFrameNorListen() throws Exception {
    // One for each of the two listeners, and one for the page that the attack opens in a window.
    try (ConsoleFixture f = new ConsoleFixture(b -> b.actions(true).maxListeners(3));
        Browser browser = Browser.open("en-US,en")) {
      f.autoDeploy.deploy(DeploymentSpec.builder("voice").port(8080).build());
      try (Socket socket = listen(f)) {
        assertThat(status(socket)).isEqualTo("HTTP/1.1 200");
        assertHeld(attack(browser, f.server.uri()), f);
        // Another listener gets in while the attacker's page is open,
        try (Socket another = listen(f)) {
          assertThat(status(another)).isEqualTo("HTTP/1.1 200");
        }
        // and the one who was there before is still there.
        f.autoDeploy.deploy(DeploymentSpec.builder("later").port(8080).build());
        StringBuilder seen = new StringBuilder();
        byte[] buffer = new byte[4096];
        while (seen.indexOf("\"later\"") < 0) {
          int count = socket.getInputStream().read(buffer);
          assertThat(count).isPositive();
          seen.append(new String(buffer, 0, count, StandardCharsets.UTF_8));
        }
      }
    }
  }

  /** Shows that the attack is one, and why a page that may act has to be elsewhere. */
  @Test
  void onTheOriginOfTheLinks_theSamePageWouldGetIn() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture();
        Browser browser = Browser.open("en-US,en")) {
      link.createContext("/", f.console.handler("/"));
      Map<String, String> tried = attack(browser, instance().resolve("/"));
      assertThat(tried).containsEntry("token", f.token()).containsEntry("script", "loaded");
      assertThat(tried.get("deployments")).contains("\"deployments\"");
    }
  }

  @Test
  void aUserWhoIsSignedIn_isSafeFromIt_andNoSessionReachesIt() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture(b -> b.actions(true).signIn(SignInTest.users()));
        Browser browser = Browser.open("en-US,en")) {
      f.autoDeploy.deploy(DeploymentSpec.builder("voice").port(8080).build());
      browser.size(1280, 900, false).go(f.server.uri());
      browser.type("#user-name", "mei");
      browser.type("#password", SignInTest.PASSWORD);
      browser.click("#sign-in");
      browser.untilText("#user", "mei");
      Object secret = browser.script("return sessionStorage.getItem('autodeploy.session')");
      assertThat(secret).isNotNull();

      assertHeld(attack(browser, f.server.uri()), f);

      assertThat(cookiesAtTheLink).noneMatch(cookie -> cookie.contains(String.valueOf(secret)));
      // The same tab, back on the page: still signed in, whatever cookies were set meanwhile.
      browser.go(f.server.uri());
      browser.untilText("#user", "mei");
      browser.untilText("main", "voice");
    }
  }
}
