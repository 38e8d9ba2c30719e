package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.model.Network;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.ProviderInstance;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The network of instances for which none is set, on the real daemon. */
@Tag("slow")
class InstanceNetworkTest {
  private static final String CREATE = "/networks/create";
  private static final String FULL =
      "{\"message\":\"could not find an available, non-overlapping IPv4 address pool among the"
          + " defaults to assign to the network\"}";
  private final String name = "adn" + ProcessHandle.current().pid() + "x";
  private DaemonProxy proxy;

  @BeforeEach
  void start() {
    TestDaemon.require();
    proxy = new DaemonProxy();
  }

  @AfterEach
  void cleanUp() {
    proxy.close();
    removeNetworks();
  }

  @Test
  void instancesWithoutASetNetwork_reachNoOther_andTheLinkReachesAll() throws Exception {
    try (ProviderFixture docker = open()) {
      ProviderInstance one = docker.ready(ProviderFixture.web().build());
      Network network = only();
      String gateway = network.getIpam().getConfig().get(0).getGateway().split("/", 2)[0];
      String other = "http://" + addressOf(one, name) + ":8080";
      String published = "http://" + gateway + ":" + one.endpoint().getPort();
      ProviderInstance curious = docker.ready(curious(other, published));

      assertThat(got(curious)).as("what one instance got of the other").isBlank();
      assertThat(ProviderFixture.get(one.endpoint().resolve("/"))).isEqualTo("ok\n");
      assertThat(ProviderFixture.get(URI.create(other + "/")))
          .as("from the host")
          .isEqualTo("ok\n");
      assertThat(network.getLabels()).containsKey("autodeploy.network");
      assertThat(docker.list()).contains(one, curious);
      docker.release(curious);
      docker.release(one);
    }
    assertThat(only().getName()).as("left for the next start").isEqualTo(name);
  }

  @Test
  void networkThatWasPruned_isMadeAgain() throws Exception {
    try (ProviderFixture docker = open()) {
      for (int i = 0; i < 2; i++) {
        ProviderInstance instance = docker.ready(ProviderFixture.web().build());
        assertThat(addressOf(instance, name)).isNotBlank();
        docker.release(instance);
        removeNetworks();
      }
    }
  }

  @Test
  void networkThatIsPrunedWhileAContainerIsMade_isMadeAgain() throws Exception {
    AtomicInteger starts = new AtomicInteger();
    proxy.set(
        call -> {
          if (call.is("POST", "/containers/[^/]+/start") && starts.incrementAndGet() == 1) {
            removeNetworks();
          }
          return false;
        });
    try (ProviderFixture docker = through(proxy)) {
      ProviderInstance instance = docker.ready(ProviderFixture.web().build());

      assertThat(starts).hasValue(2);
      assertThat(addressOf(instance, name)).isNotBlank();
      docker.release(instance);
    }
  }

  /** Daemons before 25 make two networks of a name when they are asked at the same time. */
  @Test
  void processesThatMakeItAtTheSameTime_useTheSame() throws Exception {
    CountDownLatch both = new CountDownLatch(2);
    proxy.set(
        call -> {
          if (call.is("POST", CREATE)) {
            both.countDown();
            both.await();
          }
          return false;
        });
    try (ProviderFixture one = through(proxy);
        ProviderFixture other = through(proxy)) {
      CompletableFuture<ProviderInstance> first =
          Async.supply(() -> one.ready(ProviderFixture.web().build()));
      ProviderInstance second = other.ready(ProviderFixture.web().build());

      assertThat(addressOf(first.join(), name)).isNotBlank();
      assertThat(addressOf(second, name)).isNotBlank();
      assertThat(only().getName()).isEqualTo(name);
      other.release(second);
      one.release(first.join());
    }
  }

  @Test
  void networkThatCannotBeMade_leavesDockersBridge_andOneWarning() throws Exception {
    proxy.set(call -> call.is("POST", CREATE) && call.answer(new DaemonProxy.Answer(500, FULL)));
    String log = logOfTwoStarts();

    assertThat(log.split("past links and their tokens", -1)).as(log).hasSize(2);
    assertThat(log).contains("network '" + name + "' cannot be made: could not find an available");
  }

  @Test
  void networkOfTheNameThatKeepsNobodyApart_isNeitherUsedNorTouched() throws Exception {
    String foreign = make("{\"Name\":\"" + name + "\",\"Driver\":\"bridge\"}");
    String log = logOfTwoStarts();

    assertThat(log.split("past links and their tokens", -1)).as(log).hasSize(2);
    assertThat(only().getId()).isEqualTo(foreign);
  }

  /** An operator chooses its addresses so. */
  @Test
  void networkThatSomebodyMade_isUsed() throws Exception {
    String made =
        make(
            "{\"Name\":\""
                + name
                + "\",\"Driver\":\"bridge\","
                + "\"Options\":{\"com.docker.network.bridge.enable_icc\":\"false\"}}");
    try (ProviderFixture docker = open()) {
      ProviderInstance instance = docker.ready(ProviderFixture.web().build());

      assertThat(addressOf(instance, name)).isNotBlank();
      assertThat(only().getId()).isEqualTo(made);
      docker.release(instance);
    }
  }

  @Test
  void daemonWhoseBridgeKeepsContainersApart_needsNoOther() throws Exception {
    proxy.set(
        call ->
            call.is("GET", "/networks")
                && call.answer(
                    call.forward()
                        .replace(
                            "\"com.docker.network.bridge.enable_icc\":\"true\"",
                            m -> "\"com.docker.network.bridge.enable_icc\":\"false\"")));
    try (ProviderFixture docker = through(proxy)) {
      ProviderInstance instance = docker.ready(ProviderFixture.web().build());

      assertThat(addressOf(instance, "bridge")).isNotBlank();
      assertThat(networks()).isEmpty();
      docker.release(instance);
    }
  }

  private String logOfTwoStarts() throws Exception {
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    PrintStream before = System.err;
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    try (ProviderFixture docker = through(proxy)) {
      for (int i = 0; i < 2; i++) {
        ProviderInstance instance = docker.ready(ProviderFixture.web().build());
        assertThat(addressOf(instance, "bridge")).isNotBlank();
        docker.release(instance);
      }
    } finally {
      System.setErr(before);
    }
    return log.toString(StandardCharsets.UTF_8);
  }

  private ProviderFixture open() {
    return ProviderFixture.open(b -> b.instanceNetwork(name));
  }

  private ProviderFixture through(DaemonProxy way) {
    return ProviderFixture.open(
        b -> b.instanceNetwork(name).dockerHost(way.uri()).publishAddress("127.0.0.1"));
  }

  /** An instance that writes down what it gets from elsewhere before it serves. */
  private static DeploymentSpec curious(String... elsewhere) {
    StringBuilder ask = new StringBuilder(": > /www/got; ");
    for (String each : elsewhere) {
      URI uri = URI.create(each);
      ask.append("printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 ")
          .append(uri.getHost())
          .append(' ')
          .append(uri.getPort())
          .append(" >> /www/got; ");
    }
    return DeploymentSpec.builder("curious")
        .image(TestDaemon.WEB)
        .port(8080)
        .startCommand(ask + ProviderFixture.SERVE)
        .build();
  }

  private static String got(ProviderInstance instance) throws Exception {
    return ProviderFixture.get(instance.endpoint().resolve("/got"));
  }

  private static String addressOf(ProviderInstance instance, String network) {
    try (DaemonClient client = TestDaemon.client()) {
      return client
          .list(Map.of(Labels.INSTANCE, instance.instanceId()))
          .get(0)
          .getNetworkSettings()
          .getNetworks()
          .get(network)
          .getIpAddress();
    }
  }

  private static String make(String body) {
    try (DaemonClient client = TestDaemon.client()) {
      return client
          .post(
              "making a network",
              CREATE,
              body.getBytes(StandardCharsets.UTF_8),
              Duration.ofSeconds(25))
          .path("Id")
          .asText();
    }
  }

  private List<Network> networks() {
    try (DaemonClient client = TestDaemon.client()) {
      return new ArrayList<>(client.networks(name));
    }
  }

  private Network only() {
    List<Network> all = networks();
    assertThat(all).hasSize(1);
    return all.get(0);
  }

  private void removeNetworks() {
    try (DaemonClient client = TestDaemon.client()) {
      client.networks(name).forEach(each -> client.removeNetwork(each.getId()));
    }
  }
}
