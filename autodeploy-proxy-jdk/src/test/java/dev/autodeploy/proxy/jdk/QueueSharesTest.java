package dev.autodeploy.proxy.jdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A queue that is full: whoever has the most places makes room for others. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
final class QueueSharesTest {
  private static final String[] TOKENS = {"token-one-0123456789", "token-two-0123456789"};
  private static final String ONE = "Authorization: Bearer " + TOKENS[0] + "\r\n";
  private static final String OTHER = "Authorization: Bearer " + TOKENS[1] + "\r\n";

  private final List<RawClient> clients = new ArrayList<>();

  private static JdkLink link(Consumer<JdkHttpProxy.Builder> settings) throws IOException {
    JdkLink link =
        new JdkLink(TestInstance.App.text("served"), spec -> spec.maxPending(4), settings);
    link.provider.gate = new CompletableFuture<>();
    return link;
  }

  private RawClient ask(JdkLink link, String from, String fields) throws IOException {
    return askFor("app", link, from, fields);
  }

  private RawClient askFor(String name, JdkLink link, String from, String fields)
      throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    RawClient client =
        new RawClient(new Socket(loopback, link.port, InetAddress.getByName(from), 0));
    clients.add(client);
    return client.send("GET /d/" + name + "/ HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n");
  }

  @AfterEach
  void closeClients() throws IOException {
    for (RawClient client : clients) {
      client.close();
    }
  }

  @Test
  void fullQueue_ofOneCaller_makesRoomForOthers_untilTheSharesAreEven() throws Exception {
    for (boolean platformThreads : new boolean[] {false, true}) {
      try (JdkLink link =
          link(
              proxy -> {
                proxy.bearerToken("app", TOKENS[0]).bearerToken("app", TOKENS[1]);
                if (platformThreads) {
                  proxy.platformThreads(16);
                }
              })) {
        List<RawClient> first = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          first.add(ask(link, "127.0.0.1", ONE));
          link.awaitHeld(i + 1);
        }
        List<RawClient> second = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
          second.add(ask(link, "127.0.0.1", OTHER));
          RawClient.Response lost = first.get(3 - i).response();
          assertThat(lost.status).isEqualTo(429);
          assertThat(lost.body).contains("problems/queue-full").contains("another one");
          assertThat(lost.field("Retry-After")).isEqualTo("1");
        }
        assertThat(ask(link, "127.0.0.1", OTHER).response().status)
            .as("shares are even")
            .isEqualTo(429);
        link.awaitHeld(4);

        link.provider.gate.complete(null);
        for (RawClient served : List.of(first.get(0), first.get(1), second.get(0), second.get(1))) {
          assertThat(served.response().body).isEqualTo("served");
        }
        link.awaitQuiet();
      }
    }
  }

  @Test
  void fullQueue_ofTheOnlyCaller_refusesTheNewestAsBefore() throws Exception {
    try (JdkLink link = link(proxy -> {})) {
      List<RawClient> held = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        held.add(ask(link, "127.0.0.1", ""));
        link.awaitHeld(i + 1);
      }
      assertThat(ask(link, "127.0.0.1", "").response().status).isEqualTo(429);
      link.provider.gate.complete(null);
      for (RawClient served : held) {
        assertThat(served.response().body).isEqualTo("served");
      }
    }
  }

  @Test
  void fullLink_ofOneCaller_makesRoomForOthers_atEveryDeployment() throws Exception {
    for (boolean platformThreads : new boolean[] {false, true}) {
      try (JdkLink link =
          new JdkLink(
              TestInstance.App.text("served"),
              spec -> spec.maxPending(100),
              proxy -> {
                proxy.maxPendingTotal(4);
                proxy.bearerToken("app", TOKENS[0]).bearerToken("app", TOKENS[1]);
                proxy.bearerToken("other", TOKENS[1]);
                if (platformThreads) {
                  proxy.platformThreads(16);
                }
              })) {
        link.provider.gate = new CompletableFuture<>();
        link.engine.deploy(
            DeploymentSpec.builder("other")
                .maxPending(100)
                .port(8080)
                .startCommand("serve")
                .build());
        List<RawClient> first = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          first.add(ask(link, "127.0.0.1", ONE));
          link.awaitHeld(i + 1);
        }
        RawClient second = ask(link, "127.0.0.1", OTHER);
        RawClient third = askFor("other", link, "127.0.0.1", OTHER);
        for (int lost : new int[] {3, 2}) {
          RawClient.Response answer = first.get(lost).response();
          assertThat(answer.status).isEqualTo(429);
          assertThat(answer.body).contains("problems/queue-full").contains("another one");
        }
        assertThat(askFor("other", link, "127.0.0.1", OTHER).response().status)
            .as("shares are even")
            .isEqualTo(429);
        link.awaitHeld(4);

        link.provider.gate.complete(null);
        for (RawClient served : List.of(first.get(0), first.get(1), second, third)) {
          assertThat(served.response().body).isEqualTo("served");
        }
        link.awaitQuiet();
      }
    }
  }

  /** A user of this machine has sixteen million addresses of it. */
  @Test
  void fullQueue_ofOneAddressOfThisMachine_makesNoRoomForAnother() throws Exception {
    try (JdkLink link = link(proxy -> {})) {
      List<RawClient> held = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        held.add(ask(link, "127.0.0.1", ""));
        link.awaitHeld(i + 1);
      }
      assertThat(ask(link, "127.0.0.2", "").response().status).isEqualTo(429);
      link.provider.gate.complete(null);
      for (RawClient served : held) {
        assertThat(served.response().body).isEqualTo("served");
      }
    }
  }

  @Test
  void callers_areToldByToken_whereThereAreTokens() throws Exception {
    try (JdkLink link =
        link(proxy -> proxy.bearerToken("app", TOKENS[0]).bearerToken("app", TOKENS[1]))) {
      for (int i = 0; i < 4; i++) {
        ask(link, "127.0.0.1", ONE);
        link.awaitHeld(i + 1);
      }
      RawClient other = ask(link, "127.0.0.1", OTHER);
      assertThat(clients.get(3).response().status).isEqualTo(429);
      Await.until("the other is held", () -> link.app.status().pending() == 4);
      link.provider.gate.complete(null);
      assertThat(other.response().body).isEqualTo("served");
    }
  }
}
