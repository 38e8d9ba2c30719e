package dev.autodeploy.proxy.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.RouteRule;
import dev.autodeploy.proxy.Sticky;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Callers whose requests all go to one instance. */
public abstract class StickyContract extends LinkContract {
  private final Map<Integer, Set<String>> joined = new ConcurrentHashMap<>();

  /** Knows whom it has seen join, as long as it lives; each instance has its own port. */
  private void respond(TestInstance.Request request, java.io.OutputStream out) throws IOException {
    Set<String> mine =
        joined.computeIfAbsent(
            request.socket.getLocalPort(), port -> ConcurrentHashMap.newKeySet());
    String id = request.target.replaceAll(".*id=([a-z0-9]*).*", "$1");
    String body;
    if (request.method.equals("POST")) {
      mine.add(id);
      body = "joined";
    } else {
      body = mine.contains(id) ? "hit" : "miss";
    }
    TestInstance.App.text(body).respond(request, out);
  }

  private TestLink two(int concurrency, Sticky way) throws Exception {
    TestLink link =
        link(
            this::respond,
            spec -> spec.maxInstances(2).concurrency(concurrency),
            proxy -> proxy.sticky("app", way));
    link.warm();
    link.app.acquire(Duration.ofSeconds(20), RouteRule.scaleOut()).close();
    assertThat(link.provider.instances).hasSize(2);
    return link;
  }

  private static String ask(String method, String target, String fields) {
    return method
        + " "
        + target
        + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
        + fields
        + "\r\n";
  }

  /** Returns what a cookie jar sends back. */
  private static String cookies(RawClient.Response response) {
    String set = response.field("Set-Cookie");
    return set == null ? "" : "Cookie: theme=dark; " + set.split(";", 2)[0] + "\r\n";
  }

  @Test
  void cookieJar_getsFiftyHitsOutOfFifty() throws Exception {
    try (TestLink link = two(100, Sticky.byCookie())) {
      for (String id : List.of("a", "b", "c")) {
        RawClient.Response join = link.ask(ask("POST", "/d/app/join?id=" + id, ""));
        assertThat(join.field("Set-Cookie"))
            .startsWith("AutoDeploy-Instance=app-")
            .endsWith("; Path=/d/app; HttpOnly; SameSite=Lax");
        String jar = cookies(join);
        for (int i = 0; i < 50; i++) {
          // Others come and go, and would take turns.
          link.get("/d/app/data?id=none");
          RawClient.Response data = link.ask(ask("GET", "/d/app/data?id=" + id, jar));
          assertThat(data.body).as("round %d of %s", i, id).isEqualTo("hit");
          assertThat(data.field("Set-Cookie")).isNull();
        }
      }
      for (TestInstance instance : link.provider.instances.values()) {
        assertThat(instance.requests)
            .allMatch(
                request ->
                    request.field("Cookie") == null
                        || request.field("Cookie").equals("theme=dark"));
      }
    }
  }

  @Test
  void headerAndQuery_recogniseACallerToo() throws Exception {
    try (TestLink link = two(100, Sticky.byHeader("Mcp-Session-Id"))) {
      for (String id : List.of("a", "b", "c", "d")) {
        String session = "Mcp-Session-Id: " + id + "\r\n";
        link.ask(ask("POST", "/d/app/join?id=" + id, session));
        for (int i = 0; i < 10; i++) {
          link.get("/d/app/data?id=none");
          assertThat(link.ask(ask("GET", "/d/app/data?id=" + id, session)).body).isEqualTo("hit");
        }
      }
    }
    joined.clear();
    try (TestLink link = two(100, Sticky.byQuery("id"))) {
      for (String id : List.of("a", "b", "c", "d")) {
        link.ask(ask("POST", "/d/app/join?id=" + id, ""));
        for (int i = 0; i < 10; i++) {
          link.get("/d/app/data");
          assertThat(link.get("/d/app/data?id=" + id).body).isEqualTo("hit");
        }
      }
    }
    joined.clear();
    try (TestLink link = two(100, Sticky.byAddress())) {
      link.ask(ask("POST", "/d/app/join?id=a", ""));
      for (int i = 0; i < 10; i++) {
        assertThat(link.get("/d/app/data?id=a").body).isEqualTo("hit");
      }
    }
  }

  @Test
  void nextInstance_takesOver_whenACallersOwnIsGone() throws Exception {
    try (TestLink link = two(100, Sticky.byCookie())) {
      RawClient.Response join = link.ask(ask("POST", "/d/app/join?id=a", ""));
      String first = join.field("AutoDeploy-Instance");
      link.provider.crash(first, 1);
      Await.until("it is gone", () -> link.app.status().instances().size() < 2);

      RawClient.Response next = link.ask(ask("GET", "/d/app/data?id=a", cookies(join)));
      assertThat(next.status).isEqualTo(200);
      String second = next.field("AutoDeploy-Instance");
      assertThat(second).isNotEqualTo(first);
      assertThat(next.field("Set-Cookie")).startsWith("AutoDeploy-Instance=" + second);
      for (String forged : List.of("nobody", "../../x", "%0d%0a", "a b", "")) {
        assertThat(
                link.ask(
                        ask(
                            "GET",
                            "/d/app/data?id=a",
                            "Cookie: AutoDeploy-Instance=" + forged + "\r\n"))
                    .status)
            .isEqualTo(200);
      }
    }
  }

  @Test
  void callerOfABusyInstance_waitsForIt_whileOthersAreServed() throws Exception {
    CountDownLatch hold = new CountDownLatch(1);
    try (TestLink link =
        link(
            (request, out) -> {
              if (request.target.contains("slow")) {
                try {
                  hold.await(20, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              }
              respond(request, out);
            },
            spec -> spec.maxInstances(2).concurrency(1),
            proxy -> proxy.sticky("*", Sticky.byCookie()))) {
      link.warm();
      RawClient.Response join = link.ask(ask("POST", "/d/app/join?id=a", ""));
      String jar = cookies(join);
      List<RawClient> clients = new ArrayList<>();
      clients.add(link.client().send(ask("GET", "/d/app/slow?id=a", jar)));
      Await.until("it is busy", () -> link.app.status().inFlight() == 1);
      clients.add(link.client().send(ask("GET", "/d/app/data?id=a", jar)));
      link.awaitHeld(1);

      // A new caller has another instance started; the known one goes on waiting for its own.
      assertThat(link.get("/d/app/data?id=b").body).isEqualTo("miss");
      assertThat(link.provider.starts).hasSize(2);
      assertThat(link.proxy.held()).isEqualTo(1);
      hold.countDown();
      assertThat(
              clients.stream()
                  .map(
                      client -> {
                        try (client) {
                          return client.response().body;
                        } catch (IOException e) {
                          return e.toString();
                        }
                      })
                  .collect(Collectors.toList()))
          .containsExactly("hit", "hit");
      link.awaitQuiet();
    }
  }

  @Test
  void routeRule_comesBeforeTheCookie() throws Exception {
    try (TestLink link = two(100, Sticky.byCookie())) {
      RawClient.Response join = link.ask(ask("POST", "/d/app/join?id=a", ""));
      String other =
          link.provider.instances.keySet().stream()
              .filter(id -> !id.equals(join.field("AutoDeploy-Instance")))
              .findAny()
              .orElseThrow();

      RawClient.Response named =
          link.ask(
              ask(
                  "GET",
                  "/d/app/data?id=a",
                  cookies(join) + "Deploy-Route-Rule: " + other + "\r\n"));

      assertThat(named.field("AutoDeploy-Instance")).isEqualTo(other);
      assertThat(named.field("Set-Cookie")).isNull();
    }
  }
}
