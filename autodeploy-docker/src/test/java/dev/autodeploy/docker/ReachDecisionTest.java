package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.Network;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The decision how instances are reached, by the daemon's answers and where this process is. */
class ReachDecisionTest {
  private static final String ID = "ab".repeat(32);
  private static final Machine DAEMONS = new Machine("gpu1", "6.1.0-25-amd64", false);

  /** A container of Docker's, whose name is that of no machine. */
  private static final Machine CONTAINERS = new Machine("0a1b2c3d4e5f", "6.1.0-25-amd64", false);

  @ParameterizedTest
  @CsvSource({
    "172.17.0.1, PUBLISHED, ",
    "172.17.0.9, CONTAINER, bridge",
    "10.7.3.4, CONTAINER, team",
    "10.7.0.1, PUBLISHED, ",
    "10.9.0.7, PUBLISHED, ",
    "192.168.1.5, PUBLISHED, ",
    "172.18.0.5, PUBLISHED, ",
    "fd00:7::9, CONTAINER, six",
  })
  void decision_dependsOnTheAddressesOfThisProcess(String own, Reach.Kind kind, String network)
      throws Exception {
    Reach reach = decide(null, on(DAEMONS, false, own), DAEMONS, null);

    assertThat(reach.kind()).isEqualTo(kind);
    assertThat(reach.network()).isEqualTo(network);
    assertThat(reach.six()).isEqualTo(own.contains(":"));
    assertThat(reach.doubt()).isEmpty();
  }

  @Test
  void daemonAtTheEndOfATunnel_isToldApart_althoughBothHaveDockersUsualBridge() throws Exception {
    for (Machine laptop :
        List.of(
            new Machine("laptop", "6.1.0-25-amd64", false),
            new Machine("gpu1", "6.18.44", false))) {
      Reach reach = decide(null, on(laptop, false, "172.17.0.1"), DAEMONS, null);

      assertThat(reach.kind()).isEqualTo(Reach.Kind.PUBLISHED);
      assertThat(reach.apart()).isTrue();
      assertThat(reach.doubt())
          .contains("on another machine (gpu1, Linux 6.1.0-25-amd64; this is " + laptop.name())
          .contains("Set publishAddress to an IP address of that machine");
      assertThat(decide("host", on(laptop, false, "172.17.0.1"), DAEMONS, null).doubt())
          .contains("on another machine");
    }
  }

  @Test
  void daemonInAMachineThatForwardsItsPorts_isNoReasonToDoubt() throws Exception {
    Machine desktop = new Machine("docker-desktop", "6.10.14-linuxkit", true);
    Reach reach = decide(null, on(DAEMONS, false, "172.17.0.1"), desktop, null);

    assertThat(reach.kind()).isEqualTo(Reach.Kind.PUBLISHED);
    assertThat(reach.doubt()).isEmpty();
    assertThat(reach.apart()).as("its containers' addresses are not of here").isTrue();
  }

  @Test
  void machineWithoutANameOrKernel_isNotToldApart() throws Exception {
    Machine macos = new Machine("", "", false);

    assertThat(decide(null, on(macos, false, "192.168.1.5"), DAEMONS, null).doubt()).isEmpty();
    assertThat(macos.differsFrom(DAEMONS, true)).isFalse();
    assertThat(CONTAINERS.differsFrom(DAEMONS, false)).as("the name is the container's").isFalse();
  }

  @Test
  void containerThatTheDaemonDoesNotKnow_onNoneOfItsNetworks_isDoubted() throws Exception {
    Reach reach = decide(null, on(CONTAINERS, true, "10.244.0.7"), DAEMONS, null);

    assertThat(reach.kind()).isEqualTo(Reach.Kind.PUBLISHED);
    assertThat(reach.doubt())
        .contains("a container that the Docker daemon does not know")
        .contains("Set publishAddress");
  }

  /** As of a runtime, such as gVisor's, that shows a container no mounts of its own. */
  @Test
  void containerThatOnlyLeavesTraces_isDoubted_unlessItHasTheAddressOfTheHost() throws Exception {
    Surroundings outside = on(DAEMONS, false, "10.244.0.7");
    Surroundings here = new Surroundings(outside.machine(), false, true, null, outside.addresses());
    Surroundings host = on(DAEMONS, false, "172.17.0.1");

    assertThat(decide(null, outside, DAEMONS, null).doubt()).isEmpty();
    assertThat(decide(null, here, DAEMONS, null).doubt())
        .contains("a container that the Docker daemon does not know");
    assertThat(
            decide(
                    null,
                    new Surroundings(host.machine(), false, true, null, host.addresses()),
                    DAEMONS,
                    null)
                .doubt())
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"lan", "vlan"})
  void containerOnANetworkOutsideAlone_isRefused_unlessInstancesAreToBeThereToo(String network)
      throws Exception {
    Surroundings here = on(CONTAINERS, true, "10.9.0.7");
    InspectContainerResponse self = self("lan", "\"" + network + "\":{\"IPAddress\":\"10.9.0.7\"}");

    assertThatThrownBy(() -> decide(null, here, DAEMONS, self))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("on network '" + network + "' (")
        .hasMessageContaining("docker network connect bridge " + ID.substring(0, 12))
        .hasMessageContaining("publishAddress");
    Reach there = decide(network, here, DAEMONS, self);
    assertThat(there.kind()).isEqualTo(Reach.Kind.CONTAINER);
    assertThat(there.network()).isEqualTo(network);
  }

  @Test
  void containerOnANetworkOutside_andOnOneOfDockers_usesTheLatter() throws Exception {
    InspectContainerResponse self =
        self(
            "lan",
            "\"lan\":{\"IPAddress\":\"10.9.0.7\"},\"bridge\":{\"IPAddress\":\"172.17.0.9\"}");
    Reach reach = decide(null, on(CONTAINERS, true, "10.9.0.7", "172.17.0.9"), DAEMONS, self);

    assertThat(reach.network()).isEqualTo("bridge");
  }

  @Test
  void containerWithoutANetwork_isRefused() throws Exception {
    InspectContainerResponse self = self("none", "\"none\":{\"IPAddress\":\"\"}");

    for (String wanted : new String[] {null, "team"}) {
      assertThatThrownBy(() -> decide(wanted, on(CONTAINERS, true), DAEMONS, self))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("in a container on no network");
    }
  }

  @Test
  void containerOnTheNetworkOfTheHost_isLikeAProcessThere() throws Exception {
    // Podman makes its bridge with the first container, so its gateway may not be seen.
    InspectContainerResponse self = self("host", "\"host\":{\"IPAddress\":\"\"}");
    Reach reach = decide(null, on(CONTAINERS, true, "192.168.1.5"), DAEMONS, self);

    assertThat(reach.kind()).isEqualTo(Reach.Kind.PUBLISHED);
    assertThat(reach.doubt()).isEmpty();
    assertThat(decide("host", on(CONTAINERS, true, "192.168.1.5"), DAEMONS, self).kind())
        .isEqualTo(Reach.Kind.HOST);
  }

  @Test
  void containerOnAnothersNetwork_isWhereItsAddressesAre() throws Exception {
    InspectContainerResponse self = self("container:x", "");
    Reach reach = decide(null, on(CONTAINERS, true, "10.7.3.4"), DAEMONS, self);

    assertThat(reach.network()).isEqualTo("team");
  }

  @Test
  void containerWithAnAddressOfIPv6Alone_reachesInstancesThere() throws Exception {
    InspectContainerResponse self =
        self("both", "\"both\":{\"IPAddress\":\"\",\"GlobalIPv6Address\":\"fd00:8::5\"}");

    assertThat(decide(null, on(CONTAINERS, true, "fd00:8::5"), DAEMONS, self).six()).isTrue();
    assertThat(decide(null, on(DAEMONS, false, "fd00:8::5"), DAEMONS, null).six()).isTrue();
    assertThat(decide(null, on(DAEMONS, false, "fd00:8::5", "10.8.0.5"), DAEMONS, null).six())
        .isFalse();
  }

  @Test
  void hostItself_reachesAnInternalNetworkDirectly_andOneOutsideNotAtAll() throws Exception {
    Surroundings here = on(DAEMONS, false, "172.17.0.1");
    Reach closed = decide("closed", here, DAEMONS, null);

    assertThat(closed.kind()).isEqualTo(Reach.Kind.CONTAINER);
    assertThatThrownBy(() -> decide("lan", here, DAEMONS, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cannot be reached from the Docker host itself");
  }

  @Test
  void containersId_isReadFromTheMountsOfDockerAndPodman() {
    assertThat(
            Surroundings.containerId(
                """
                612 590 0:57 / /proc rw,nosuid - proc proc rw
                613 590 254:1 /var/lib/docker/containers/%s/hostname /etc/hostname rw - ext4 /dev/a rw
                """
                    .formatted(ID)))
        .isEqualTo(ID);
    assertThat(
            Surroundings.containerId(
                "7 6 0:2 /containers/storage/overlay-containers/"
                    + ID
                    + "/userdata/resolv.conf /etc/resolv.conf rw - tmpfs tmpfs rw\n"))
        .isEqualTo(ID);
    assertThat(
            Surroundings.containerId(
                "7 6 0:2 /var/lib/docker/containers/"
                    + ID
                    + "/hostname /mnt/hostname rw - x y z\n"))
        .as("a host sees the files of its containers elsewhere")
        .isNull();
    assertThat(Surroundings.containerId("")).isNull();
  }

  private static Surroundings on(Machine machine, boolean contained, String... addresses)
      throws Exception {
    var own = new java.util.ArrayList<InetAddress>();
    for (String address : addresses) {
      own.add(InetAddress.getByName(address));
    }
    return new Surroundings(machine, contained, false, null, own);
  }

  private static InspectContainerResponse self(String mode, String networks) throws Exception {
    return DaemonClient.JSON.readValue(
        """
        {"Id":"%s","HostConfig":{"NetworkMode":"%s"},"NetworkSettings":{"Networks":{%s}}}
        """
            .formatted(ID, mode, networks),
        InspectContainerResponse.class);
  }

  private static Reach decide(
      @Nullable String wanted,
      Surroundings here,
      Machine daemons,
      @Nullable InspectContainerResponse self)
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
                 {"Name":"both","Driver":"bridge","IPAM":{"Config":[{"Subnet":"10.8.0.0/20"},
                  {"Subnet":"fd00:8::/64","Gateway":"fd00:8::1"}]}},
                 {"Name":"closed","Driver":"bridge","Internal":true,
                  "IPAM":{"Config":[{"Subnet":"10.6.0.0/20"}]}},
                 {"Name":"lan","Driver":"macvlan","IPAM":{"Config":[{"Subnet":"10.9.0.0/16"}]}},
                 {"Name":"vlan","Driver":"ipvlan","IPAM":{"Config":[{"Subnet":"10.9.0.0/16"}]}},
                 {"Name":"host","Driver":"host","IPAM":{"Config":[]}},
                 {"Name":"none","Driver":"null","IPAM":{"Config":[]}},
                 {"Name":"docker_gwbridge","Driver":"bridge",
                  "IPAM":{"Config":[{"Subnet":"172.18.0.0/16"}]}}]
                """,
                Network[].class));
    return Reach.decide(wanted, networks, here, daemons, self);
  }
}
