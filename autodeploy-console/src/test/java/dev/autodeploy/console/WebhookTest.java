package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.DeploymentSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class WebhookTest {
  private static final String SECRET = "a-secret-of-two-parties";
  private static final Pattern SIGNATURE = Pattern.compile("t=(\\d+),v1=([0-9a-f]{64})");

  private record Delivery(String id, String signature, String body) {}

  private final List<Delivery> deliveries = new CopyOnWriteArrayList<>();
  private final Queue<Integer> answers = new ConcurrentLinkedQueue<>();
  private final CountDownLatch open = new CountDownLatch(1);
  private volatile boolean hold;
  private HttpServer receiver;
  private AutoDeploy autoDeploy;

  @BeforeEach
  void start() throws IOException {
    receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    receiver.createContext(
        "/hook",
        exchange -> {
          String body =
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          deliveries.add(
              new Delivery(
                  exchange.getRequestHeaders().getFirst("X-AutoDeploy-Delivery"),
                  exchange.getRequestHeaders().getFirst("X-AutoDeploy-Signature"),
                  body));
          if (hold) {
            try {
              open.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
          Integer answer = answers.poll();
          exchange.sendResponseHeaders(answer == null ? 204 : answer, -1);
          exchange.close();
        });
    receiver.start();
    autoDeploy =
        AutoDeploy.builder().provider(new InJvmProvider()).releaseOnShutdown(false).build();
  }

  @AfterEach
  void stop() {
    open.countDown();
    autoDeploy.close();
    receiver.stop(0);
  }

  private Webhook.Builder hook() {
    URI address = URI.create("http://127.0.0.1:" + receiver.getAddress().getPort() + "/hook");
    return Webhook.builder(autoDeploy, address, SECRET)
        .backoff(Duration.ofMillis(20), Duration.ofMillis(100));
  }

  private void deploy(String name) {
    autoDeploy.deploy(
        DeploymentSpec.builder(name).port(80).environment("KEY", "sk-very-secret").build());
  }

  @Test
  void events_arePostedInOrder_withASignatureThatHolds() throws Exception {
    try (Webhook webhook = hook().build()) {
      deploy("voice");
      autoDeploy.deployment("voice").warmUp().get();
      Await.until(() -> deliveries.size() >= 5);
      assertThat(webhook.dropped()).isZero();
    }
    assertThat(deliveries)
        .extracting(d -> ConsoleJson.parse(d.body()).path("type").asText())
        .startsWith("created", "instance-starting")
        .contains("status-changed", "instance-ready");
    for (Delivery delivery : deliveries) {
      Matcher signature = SIGNATURE.matcher(delivery.signature());
      assertThat(signature.matches()).isTrue();
      long time = Long.parseLong(signature.group(1));
      assertThat(time)
          .isCloseTo(Instant.now().getEpochSecond(), org.assertj.core.data.Offset.offset(60L));
      assertThat(signature.group(2))
          .isEqualTo(Webhook.sign(SECRET.getBytes(StandardCharsets.UTF_8), time, delivery.body()));
    }
  }

  @Test
  void theSignature_isTheStandardOne() {
    // openssl: printf '1.{}' | openssl dgst -sha256 -hmac key
    assertThat(Webhook.sign("key".getBytes(StandardCharsets.UTF_8), 1, "{}"))
        .isEqualTo("1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224");
  }

  @Test
  void aReceiverThatFails_isTriedAgainWithTheSameId() throws Exception {
    answers.addAll(List.of(500, 429, 503));
    try (Webhook webhook = hook().build()) {
      deploy("voice");
      Await.until(() -> webhook.delivered() == 1);
    }
    assertThat(deliveries).hasSize(4);
    assertThat(deliveries).extracting(Delivery::id).containsOnly(deliveries.get(0).id());
    assertThat(deliveries).extracting(Delivery::body).containsOnly(deliveries.get(0).body());
  }

  @Test
  void anEventThatIsRefused_isGivenUp_andTheNextOneGoesOn() throws Exception {
    answers.addAll(List.of(400));
    try (Webhook webhook = hook().build()) {
      deploy("voice");
      deploy("second");
      Await.until(() -> webhook.delivered() == 1);
      assertThat(webhook.dropped()).isEqualTo(1);
    }
    assertThat(deliveries).hasSize(2);
  }

  @Test
  void attempts_areBounded() throws Exception {
    answers.addAll(List.of(500, 500, 500, 500));
    try (Webhook webhook = hook().attempts(3).build()) {
      deploy("voice");
      Await.until(() -> webhook.dropped() == 1);
      assertThat(deliveries).hasSize(3);
    }
  }

  @Test
  void aFullQueue_dropsAndCounts_andHoldsUpNobody() throws Exception {
    hold = true;
    try (Webhook webhook = hook().queueSize(2).closeTimeout(Duration.ofMillis(50)).build()) {
      deploy("first");
      Await.until(() -> deliveries.size() == 1);
      for (int i = 0; i < 5; i++) {
        deploy("more-" + i);
      }
      Await.until(() -> webhook.dropped() == 3);
    }
  }

  @Test
  void anAddressThatWouldShowEventsToTheNetwork_andAWeakSecret_areRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> Webhook.builder(autoDeploy, URI.create("http://example.com/hook"), SECRET))
        .withMessageContaining("https");
    for (String host : List.of("127.evil.example", "127.0.0.1.evil.example", "localhost.evil")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Webhook.builder(autoDeploy, URI.create("http://" + host + "/"), SECRET))
          .withMessageContaining("https");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> Webhook.builder(autoDeploy, URI.create("https://example.com/hook"), "short"))
        .withMessageContaining("16");
  }
}
