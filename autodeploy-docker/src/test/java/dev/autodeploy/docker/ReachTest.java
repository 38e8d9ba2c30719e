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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
    "bridge, reached at their own addresses on network 'bridge'",
    "host, reached at ports published on the daemon's host",
    "none, refused: this process is in a container on no network",
  })
  void inAContainerWithTheDaemonsSocket_theDaemonIsAskedWhereThatIs(String network, String words)
      throws Exception {
    String output = ReachMain.run(containerOn(network), owner);

    assertThat(output).startsWith(words);
    if (!network.equals("none")) {
      assertThat(output.lines()).contains("answer ok", "listed true");
    }
  }

  @Test
  void withAnAddressOfIPv6Alone_theContainersIsUsed() throws Exception {
    String network = network("six" + PID, false);
    List<String> through = namespaceOn(network, "fd00:ad::");

    assertThat(ReachMain.run(through, owner).lines())
        .anyMatch(line -> line.startsWith("endpoint http://[fd00:ad::"))
        .contains("answer ok", "listed true");
  }

  @Test
  void onAnInternalNetwork_theContainersAddressIsUsedFromTheHost() throws Exception {
    String network = network("closed" + PID, true);
    try (ProviderFixture docker = ProviderFixture.open(owner, b -> b.network(network))) {
      ProviderInstance instance = docker.ready(ProviderFixture.web().build());

      assertThat(ProviderFixture.get(instance.endpoint().resolve("/"))).isEqualTo("ok\n");
      docker.release(instance);
    }
  }

  /**
   * On Docker's own bridge containers reach each other, past the link; here only it reaches them.
   */
  @Test
  void onANetworkThatKeepsContainersApart_instancesReachNoOther_andTheLinkAll() throws Exception {
    String apart = network("apart" + PID, false);
    for (String network : new String[] {"bridge", apart}) {
      try (ProviderFixture docker = ProviderFixture.open(owner, b -> b.network(network))) {
        ProviderInstance one = docker.ready(ProviderFixture.web().build());
        String ask =
            "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 "
                + addressOf(one)
                + " 8080 > /www/got; ";
        DeploymentSpec curious =
            DeploymentSpec.builder("curious")
                .image(TestDaemon.WEB)
                .port(8080)
                .startCommand(ask + ProviderFixture.SERVE)
                .build();
        ProviderInstance other = docker.ready(curious);

        String got = ProviderFixture.get(other.endpoint().resolve("/got"));
        assertThat(got.contains("ok\n")).as(network).isEqualTo(network.equals("bridge"));
        assertThat(ProviderFixture.get(one.endpoint().resolve("/"))).isEqualTo("ok\n");
        docker.release(other);
        docker.release(one);
      }
    }
  }

  private static String addressOf(ProviderInstance instance) {
    try (DaemonClient client = TestDaemon.client()) {
      return client
          .list(Map.of(Labels.INSTANCE, instance.instanceId()))
          .get(0)
          .getNetworkSettings()
          .getNetworks()
          .values()
          .iterator()
          .next()
          .getIpAddress();
    }
  }

  @Test
  void onAMachineOfAnotherName_theWayIsDoubted_asAtTheEndOfATunnel() throws Exception {
    requireRoot();
    List<String> through =
        List.of("unshare", "--uts", "sh", "-c", "hostname laptop; exec \"$@\"", "sh");

    assertThat(ReachMain.run(through, owner).lines())
        .anyMatch(line -> line.matches("doubt the Docker daemon is on another machine .*laptop.*"))
        .as("as if its ports were forwarded")
        .contains("answer ok", "listed true");
  }

  /** An application in a container that sees this machine's programs and the daemon's socket. */
  private List<String> containerOn(String network) {
    Programs.require("docker");
    TestDaemon.requireLocal();
    List<String> line = new ArrayList<>(List.of("docker", "run", "--rm", "--network", network));
    for (String seen :
        List.of(
            "/usr",
            "/lib",
            "/lib64",
            "/etc/java-17-openjdk", // where Debian keeps its JDK's settings
            System.getProperty("java.home"),
            System.getProperty("user.home") + "/.m2",
            Path.of("..").toAbsolutePath().normalize().toString(),
            "/var/run/docker.sock")) {
      if (Files.exists(Path.of(seen))) {
        line.addAll(List.of("-v", seen + ":" + seen));
      }
    }
    line.add(TestDaemon.WEB);
    return line;
  }

  private String network(String name, boolean internal) {
    try (DaemonClient client = TestDaemon.client()) {
      ObjectNode body = DaemonClient.JSON.createObjectNode().put("Name", name);
      body.put("Driver", "bridge").put("Internal", internal);
      if (name.startsWith("apart")) {
        body.putObject("Options").put("com.docker.network.bridge.enable_icc", "false");
      }
      if (name.startsWith("six")) {
        body.put("EnableIPv6", true)
            .putObject("IPAM")
            .putArray("Config")
            .addObject()
            .put("Subnet", "fd00:ad::/64");
      }
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
    return namespaceOn(network, "");
  }

  private List<String> namespaceOn(String network, String prefix) {
    requireRoot();
    Programs.require("ip");
    String bridge;
    String address;
    String gateway;
    try (DaemonClient client = TestDaemon.client()) {
      Network found =
          client.networks().stream().filter(n -> n.getName().equals(network)).findFirst().get();
      bridge = network.equals("bridge") ? "docker0" : "br-" + found.getId().substring(0, 12);
      Network.Ipam.Config config =
          found.getIpam().getConfig().stream()
              .filter(each -> prefix.isEmpty() || each.getSubnet().startsWith(prefix))
              .findFirst()
              .orElseThrow();
      String subnet = config.getSubnet();
      gateway = // which a daemon that was never started before does not name
          config.getGateway() == null
              ? Subnet.parse(subnet).second().getHostAddress()
              : config.getGateway().split("/", 2)[0];
      // The last of 250: Docker gives its containers the first that are free.
      address =
          (prefix.isEmpty()
                  ? gateway.substring(0, gateway.lastIndexOf('.')) + ".250"
                  : prefix + "fa")
              + subnet.substring(subnet.indexOf('/'));
    }
    String link = "v" + PID;
    ip("netns add " + space);
    cleanUp.add(() -> ip("netns del " + space));
    ip("link add " + link + " type veth peer name eth0 netns " + space);
    ip("link set " + link + " master " + bridge);
    ip("link set " + link + " up");
    ip("-n " + space + " link set lo up");
    ip("-n " + space + " addr add " + address + " dev eth0" + (prefix.isEmpty() ? "" : " nodad"));
    ip("-n " + space + " link set eth0 up");
    ip("-n " + space + (prefix.isEmpty() ? "" : " -6") + " route add default via " + gateway);
    return List.of("ip", "netns", "exec", space);
  }

  private static void requireRoot() {
    if (!"root".equals(System.getProperty("user.name"))) {
      if ("true".equals(System.getenv("CI"))) {
        throw new AssertionError("CI needs to be root");
      }
      abort("a namespace needs root");
    }
  }

  private static void ip(String arguments) {
    List<String> line = new ArrayList<>(List.of("ip"));
    line.addAll(List.of(arguments.split(" ", -1)));
    Programs.run(Path.of("/"), line);
  }

  private static int freePort() throws Exception {
    try (ServerSocket free = new ServerSocket(0)) {
      return free.getLocalPort();
    }
  }
}
