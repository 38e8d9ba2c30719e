package dev.autodeploy.docker;

import com.github.dockerjava.api.model.Network;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way from this process to a service in a container, decided once when the provider is built.
 *
 * @param kind where the service is reached
 * @param network the network of containers, or null for the daemon's default
 * @param why the reason, for people
 */
record Reach(Kind kind, @Nullable String network, String why) {
  private static final Logger LOG = LoggerFactory.getLogger(Reach.class);
  private static final String HOST = "host";
  private static final String BRIDGE = "bridge";

  /** Networks that belong to Docker itself, to which no container can be attached. */
  private static final Set<String> INTERNAL = Set.of("docker_gwbridge", "ingress");

  private static final Set<String> DRIVERS = Set.of(BRIDGE, "overlay");

  /** The place at which a service is reached. */
  enum Kind {
    /** A port of the daemon's host, to which the service's port is published. */
    PUBLISHED,
    /** The container's own address, on a network that this process is on, too. */
    CONTAINER,
    /** The service's own port on the daemon's host, whose network the container uses. */
    HOST
  }

  /** Decides by the daemon's networks and the addresses of this process. */
  static Reach find(DockerSettings settings, DaemonClient client) {
    String wanted = settings.containers().network();
    if ("none".equals(wanted)) {
      throw new IllegalArgumentException(
          "network(\"none\") leaves an instance without a network: no request could reach it");
    }
    if (wanted != null && wanted.startsWith("container:")) {
      throw new IllegalArgumentException(
          "network(\""
              + wanted
              + "\") is another container's, on which each port exists once; name a network that"
              + " both are on");
    }
    List<Network> networks = networks(client);
    List<InetAddress> own = ownAddresses();
    if (HOST.equals(wanted)) {
      if (settings.publishAddress() == null
          && client.address().isUnix()
          && decide(null, networks, own).kind() == Kind.CONTAINER) {
        throw new IllegalArgumentException(
            "this process is in a container, from which 127.0.0.1 of the daemon's host cannot be"
                + " reached: set publishAddress to an address of that host beside network(\"host\"),"
                + " or leave both out");
      }
      return new Reach(Kind.HOST, wanted, "network(\"host\")");
    }
    if (settings.publishAddress() != null) {
      return new Reach(Kind.PUBLISHED, wanted, "publishAddress is set");
    }
    if (!client.address().isUnix()) {
      return new Reach(Kind.PUBLISHED, wanted, "the daemon is reached over TCP");
    }
    return decide(wanted, networks, own);
  }

  /** Decides for a daemon that is reached by a socket, which may have been mounted. */
  static Reach decide(@Nullable String wanted, List<Network> networks, List<InetAddress> own) {
    if (networks.stream().anyMatch(network -> hasGateway(network, own))) {
      return new Reach(Kind.PUBLISHED, wanted, "this process is on the daemon's host");
    }
    List<Network> shared = networks.stream().filter(each -> isShared(each, own)).toList();
    if (shared.isEmpty()) {
      return new Reach(Kind.PUBLISHED, wanted, "no network of Docker's is known to be shared");
    }
    String names = shared.stream().map(Network::getName).collect(Collectors.joining(", "));
    if (wanted != null) {
      if (shared.stream().noneMatch(network -> wanted.equals(network.getName()))) {
        throw new IllegalArgumentException(
            "this process is in a container on the network "
                + names
                + ", from which instances on network '"
                + wanted
                + "' cannot be reached: use network(\""
                + shared.get(0).getName()
                + "\"), or attach this container to '"
                + wanted
                + "'");
      }
      return new Reach(Kind.CONTAINER, wanted, "this process is on that network, too");
    }
    // Docker's own bridge last: on others containers also have names.
    Network chosen =
        shared.stream()
            .filter(network -> !BRIDGE.equals(network.getName()))
            .findFirst()
            .orElse(shared.get(0));
    return new Reach(
        Kind.CONTAINER, chosen.getName(), "this process is in a container on that network");
  }

  private static List<Network> networks(DaemonClient client) {
    try {
      return client.networks();
    } catch (DockerDaemonException e) {
      LOG.debug("Asking for networks: {}", e.getMessage());
      return List.of();
    }
  }

  private static boolean hasGateway(Network network, List<InetAddress> own) {
    return BRIDGE.equals(network.getDriver())
        && configs(network).stream()
            .map(config -> Subnet.parse(config.getGateway() + "/0"))
            .anyMatch(gateway -> gateway != null && own.contains(gateway.first()));
  }

  private static boolean isShared(Network network, List<InetAddress> own) {
    return DRIVERS.contains(String.valueOf(network.getDriver()))
        && !INTERNAL.contains(String.valueOf(network.getName()))
        && configs(network).stream()
            .map(config -> Subnet.parse(config.getSubnet()))
            .anyMatch(subnet -> subnet != null && own.stream().anyMatch(subnet::contains));
  }

  private static List<Network.Ipam.Config> configs(Network network) {
    return network.getIpam() == null || network.getIpam().getConfig() == null
        ? List.of()
        : network.getIpam().getConfig();
  }

  private static List<InetAddress> ownAddresses() {
    List<InetAddress> own = new ArrayList<>();
    try {
      for (NetworkInterface each : Collections.list(NetworkInterface.getNetworkInterfaces())) {
        own.addAll(Collections.list(each.getInetAddresses()));
      }
    } catch (SocketException e) {
      LOG.debug("Looking for this machine's addresses: {}", e.toString());
    }
    own.removeIf(InetAddress::isLoopbackAddress);
    return own;
  }

  @Override
  public String toString() {
    return switch (kind) {
      case PUBLISHED -> "at ports published on the daemon's host, as " + why;
      case CONTAINER -> "at their own addresses on network '" + network + "', as " + why;
      case HOST -> "at their own ports on the daemon's host, as of " + why;
    };
  }
}
