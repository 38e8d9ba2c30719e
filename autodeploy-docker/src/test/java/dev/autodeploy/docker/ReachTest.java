package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.dockerjava.api.model.Network;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The application on the daemon's host, or in a container beside its instances. */
@Tag("slow")
class ReachTest {
  private static final long PID = ProcessHandle.current().pid();
  private final String owner = "r" + PID;
  private final String space = "adr" + PID;
  private final List<Runnable> cleanUp = new ArrayList<>();

  @BeforeEach
  void require() {
    TestDaemon.require();
  }

  @AfterEach
  void cleanUp() {
    for (int i = cleanUp.size() - 1; i >= 0; i--) {
      cleanUp.get(i).run();
    }
    assertThat(TestDaemon.removeAll(owner)).as("containers left").isZero();
  }

  @Test
  void inANetworkNamespaceOnDockersBridge_theContainersAddressIsUsed() throws Exception {
    List<String> through = namespaceOn("bridge");

    assertThat(ReachMain.run(through, owner).lines())
        .anyMatch(line -> line.startsWith("reached at their own addresses on network 'bridge'"))
        .contains("answer ok", "listed true");
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = "shared")
  void onASharedNetwork_instancesAreOnItToo(String setting) throws Exception {
    String network = network("shared" + PID, false);
    List<String> through = namespaceOn(network);

    assertThat(
            (setting == null
                    ? ReachMain.run(through, owner)
                    : ReachMain.run(through, owner, network))
                .lines())
        .anyMatch(line -> line.startsWith("reached at their own addresses on network 'shared"))
        .contains("answer ok", "listed true");
  }

  @Test
  void onAnotherNetworkThanTheInstances_theProviderIsRefused() throws Exception {
    String network = network("shared" + PID, false);
    String other = network("other" + PID, false);
    List<String> through = namespaceOn(network);

    assertThat(ReachMain.run(through, owner, other))
        .startsWith("refused: ")
        .contains("use network(\"" + network + "\")");
    assertThat(ReachMain.run(through, owner, "host"))
        .startsWith("refused: ")
        .contains("publishAddress");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void onTheNetworkOfTheHost_theServicesOwnPortIsUsed(int fixed) throws Exception {
    int port = fixed == 0 ? 0 : freePort();
    try (ProviderFixture docker = ProviderFixture.open(owner, b -> b.network("host"))) {
      DeploymentSpec spec =
          DeploymentSpec.builder("web")
              .image(TestDaemon.WEB)
              .port(port)
              .startCommand("exec httpd -f -p 127.0.0.1:${PORT:-" + port + "} -h /www")
              .build();
      ProviderInstance instance = docker.ready(spec);

      assertThat(ProviderFixture.get(instance.endpoint().resolve("/"))).isEqualTo("ok\n");
      assertThat(docker.list()).containsExactly(instance);
      docker.release(instance);
    }
  }

  @Test
  void onTheNetworkOfTheHost_aPortThatIsTaken_isNotTakenForTheInstance() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"));
        ProviderFixture docker = ProviderFixture.open(owner, b -> b.network("host"))) {
      DeploymentSpec spec = ProviderFixture.web().port(taken.getLocalPort()).build();

      assertThatThrownBy(() -> docker.start(spec))
          .isInstanceOf(InstanceStartException.class)
          .hasMessageContaining("already in use");
      assertThatThrownBy(() -> docker.provider.validate(spec.toBuilder().maxInstances(2).build()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("port(0)");
    }
  }

  @ParameterizedTest
  @CsvSource({"none, no request could reach it", "container:x, another container's"})
  void networkThatNoRequestReaches_isRefusedAtOnce(String network, String words) {
    assertThatThrownBy(() -> DockerInstanceProvider.builder().network(network).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(words);
  }

  @Test
  void servicesCanBePublishedOnIPv6() throws Exception {
    try (ProviderFixture docker = ProviderFixture.open(owner, b -> b.publishAddress("::1"))) {
      ProviderInstance instance = docker.ready(ProviderFixture.web().build());

      assertThat(instance.endpoint().toString()).startsWith("http://[::1]:");
      assertThat(ProviderFixture.get(instance.endpoint().resolve("/"))).isEqualTo("ok\n");
      docker.release(instance);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "172.17.0.1, PUBLISHED, ",
    "172.17.0.9, CONTAINER, bridge",
    "10.7.3.4, CONTAINER, team",
    "10.9.0.7, PUBLISHED, ",
    "192.168.1.5, PUBLISHED, ",
    "172.18.0.5, PUBLISHED, ",
    "fd00:7::9, CONTAINER, six",
  })
  void decision_dependsOnTheAddressesOfThisProcess(String own, Reach.Kind kind, String network)
      throws Exception {
    List<Network> networks =
        List.of(
            DaemonClient.JSON.readValue(
                """
                [{"Name":"bridge","Driver":"bridge",
                  "IPAM":{"Config":[{"Subnet":"172.17.0.0/16","Gateway":"172.17.0.1"}]}},
                 {"Name":"team","Driver":"bridge","IPAM":{"Config":[{"Subnet":"10.7.0.0/20"}]}},
                 {"Name":"six","Driver":"bridge",
                  "IPAM":{"Config":[{"Subnet":"fd00:7::/64","Gateway":"fd00:7::1"}]}},
                 {"Name":"lan","Driver":"macvlan","IPAM":{"Config":[{"Subnet":"10.9.0.0/16"}]}},
                 {"Name":"host","Driver":"host","IPAM":{"Config":[]}},
                 {"Name":"docker_gwbridge","Driver":"bridge",
                  "IPAM":{"Config":[{"Subnet":"172.18.0.0/16"}]}}]
                """,
                Network[].class));
    Reach reach = Reach.decide(null, networks, List.of(InetAddress.getByName(own)));

    assertThat(reach.kind()).isEqualTo(kind);
    assertThat(reach.network()).isEqualTo(network);
  }

  private String network(String name, boolean internal) {
    try (DaemonClient client = TestDaemon.client()) {
      ObjectNode body = DaemonClient.JSON.createObjectNode().put("Name", name);
      body.put("Driver", "bridge").put("Internal", internal);
      client.post(
          "making " + name,
          "/networks/create",
          body.toString().getBytes(StandardCharsets.UTF_8),
          Duration.ofSeconds(10));
    }
    cleanUp.add(
        () -> {
          try (DaemonClient client = TestDaemon.client()) {
            client.removeNetwork(name);
          }
        });
    return name;
  }

  /** Makes a network namespace on a network of Docker's, as a container there has one. */
  private List<String> namespaceOn(String network) {
    if (!"root".equals(System.getProperty("user.name"))) {
      if ("true".equals(System.getenv("CI"))) {
        throw new AssertionError("CI needs to be root");
      }
      abort("a network namespace needs root");
    }
    Programs.require("ip");
    String bridge;
    String address;
    String gateway;
    try (DaemonClient client = TestDaemon.client()) {
      Network found =
          client.networks().stream().filter(n -> n.getName().equals(network)).findFirst().get();
      bridge = network.equals("bridge") ? "docker0" : "br-" + found.getId().substring(0, 12);
      Network.Ipam.Config config = found.getIpam().getConfig().get(0);
      gateway = config.getGateway();
      String subnet = config.getSubnet();
      // The last of 250: Docker gives its containers the first that are free.
      address =
          gateway.substring(0, gateway.lastIndexOf('.'))
              + ".250"
              + subnet.substring(subnet.indexOf('/'));
    }
    String link = "v" + PID;
    ip("netns add " + space);
    cleanUp.add(() -> ip("netns del " + space));
    ip("link add " + link + " type veth peer name eth0 netns " + space);
    ip("link set " + link + " master " + bridge);
    ip("link set " + link + " up");
    ip("-n " + space + " link set lo up");
    ip("-n " + space + " addr add " + address + " dev eth0");
    ip("-n " + space + " link set eth0 up");
    ip("-n " + space + " route add default via " + gateway);
    return List.of("ip", "netns", "exec", space);
  }

  private static void ip(String arguments) {
    List<String> line = new ArrayList<>(List.of("ip"));
    line.addAll(List.of(arguments.split(" ", -1)));
    Programs.run(java.nio.file.Path.of("/"), line);
  }

  private static int freePort() throws Exception {
    try (ServerSocket free = new ServerSocket(0)) {
      return free.getLocalPort();
    }
  }
}
