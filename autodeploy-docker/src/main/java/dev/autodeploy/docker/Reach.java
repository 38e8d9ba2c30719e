package dev.autodeploy.docker;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.ContainerNetwork;
import com.github.dockerjava.api.model.Network;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
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
 * @param six whether an address of a container is one of IPv6, as this process has no other there
 * @param why the reason, for people
 * @param apart whether the daemon is certainly on another machine than this process
 * @param doubt the reason why it may be wrong and what to do then; an empty text without one
 */
record Reach(
    Kind kind, @Nullable String network, boolean six, String why, boolean apart, String doubt) {
  private static final Logger LOG = LoggerFactory.getLogger(Reach.class);
  private static final String HOST = "host";
  private static final String BRIDGE = "bridge";

  /** Networks that belong to Docker itself, to which no container can be attached. */
  private static final Set<String> INTERNAL = Set.of("docker_gwbridge", "ingress");

  /** The drivers of networks that are Docker's own: who is on one reaches what else is on it. */
  private static final Set<String> DRIVERS = Set.of(BRIDGE, "overlay");

  /** The drivers that put containers on a network outside, with addresses of their own there. */
  private static final Set<String> OUTSIDE = Set.of("macvlan", "ipvlan");

  /** The place at which a service is reached. */
  enum Kind {
    /** A port of the daemon's host, to which the service's port is published. */
    PUBLISHED,
    /** The container's own address, on a network that this process is on, too. */
    CONTAINER,
    /** The service's own port on the daemon's host, whose network the container uses. */
    HOST
  }

  Reach(Kind kind, @Nullable String network, String why) {
    this(kind, network, false, why, false, "");
  }

  private Reach of(boolean six) {
    return new Reach(kind, network, six, why, apart, doubt);
  }

  private Reach fromAfar(String itsDoubt) {
    return new Reach(kind, network, six, why, true, itsDoubt);
  }

  /** Decides by the daemon's networks and the surroundings of this process; warns of a doubt. */
  static Reach find(DockerSettings settings, DaemonClient client, DaemonInfo daemon) {
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
    boolean told = settings.publishAddress() != null;
    List<Network> networks = networks(client);
    if (!client.address().isUnix()) {
      boolean outside = isOutside(named(networks, wanted));
      return HOST.equals(wanted)
          ? new Reach(Kind.HOST, wanted, "network(\"host\")")
          : outside && !told
              ? new Reach(Kind.CONTAINER, wanted, "instances have addresses of their own there")
              : new Reach(
                  Kind.PUBLISHED,
                  wanted,
                  told ? "publishAddress is set" : "the daemon is reached over TCP");
    }
    Surroundings here = Surroundings.ofProcess();
    if (told) {
      Reach set =
          HOST.equals(wanted)
              ? new Reach(Kind.HOST, wanted, "network(\"host\")")
              : new Reach(Kind.PUBLISHED, wanted, "publishAddress is set");
      return here.isApartFrom(daemon.machine()) ? set.fromAfar("") : set;
    }
    Reach reach = decide(wanted, networks, here, daemon.machine(), self(client, here));
    if (!reach.doubt().isEmpty()) {
      LOG.warn("Instances may not be reached: {}", reach.doubt());
    }
    return reach;
  }

  /**
   * Decides for a daemon that is reached by a socket, which may have been mounted into a container,
   * or be the end of a tunnel.
   *
   * @param self the container of this process as the daemon knows it; null if it knows none
   */
  static Reach decide(
      @Nullable String wanted,
      List<Network> networks,
      Surroundings here,
      Machine daemons,
      @Nullable InspectContainerResponse self) {
    boolean onHostsNetwork = self != null && HOST.equals(mode(self));
    boolean apart = self == null && here.isApartFrom(daemons);
    boolean onHost =
        onHostsNetwork
            || (self == null
                && !apart
                && networks.stream().anyMatch(each -> hasGateway(each, here.addresses())));
    if (wanted != null && wanted.equals(HOST)) {
      return onHostOf(wanted, onHost, apart, networks, here, daemons, self);
    }
    Network asked = named(networks, wanted);
    if (onHost) {
      return fromHost(wanted, asked);
    }
    if (apart) {
      return isOutside(asked)
          ? new Reach(Kind.CONTAINER, wanted, "instances have addresses of their own there")
          : daemons.forwardsPorts()
              ? new Reach(Kind.PUBLISHED, wanted, "it forwards its ports to this one").fromAfar("")
              : new Reach(Kind.PUBLISHED, wanted, "no network of Docker's is known to be shared")
                  .fromAfar(apart(here, daemons));
    }
    return beside(wanted, asked, networks, here, self);
  }

  private static Reach onHostOf(
      String wanted,
      boolean onHost,
      boolean apart,
      List<Network> networks,
      Surroundings here,
      Machine daemons,
      @Nullable InspectContainerResponse self) {
    if (!onHost
        && !apart
        && (self != null
            || shared(networks, here, null).stream().anyMatch(each -> !isOutside(each)))) {
      throw new IllegalArgumentException(
          "this process is in a container, from which 127.0.0.1 of the daemon's host cannot be"
              + " reached: set publishAddress to an address of that host beside network(\"host\"),"
              + " or leave both out");
    }
    Reach reach = new Reach(Kind.HOST, wanted, "network(\"host\")");
    return apart ? reach.fromAfar(apart(here, daemons)) : reach;
  }

  /** Decides for a process on the network of the daemon's host. */
  private static Reach fromHost(@Nullable String wanted, @Nullable Network asked) {
    if (asked != null && isOutside(asked)) {
      throw new IllegalArgumentException(
          "instances on network '"
              + wanted
              + "' ("
              + asked.getDriver()
              + ") cannot be reached from the Docker host itself, and their ports are not published"
              + " there: use a bridge network, or run this application in a container on '"
              + wanted
              + "'");
    }
    return asked != null && Boolean.TRUE.equals(asked.getInternal())
        ? new Reach(
            Kind.CONTAINER, wanted, "it is internal, and this process is on the daemon's host")
        : new Reach(Kind.PUBLISHED, wanted, "this process is on the daemon's host");
  }

  /** Decides for a process that is on the daemon's machine, but not on its network. */
  private static Reach beside(
      @Nullable String wanted,
      @Nullable Network asked,
      List<Network> networks,
      Surroundings here,
      @Nullable InspectContainerResponse self) {
    List<Network> shared = shared(networks, here, self);
    List<Network> own = shared.stream().filter(each -> !isOutside(each)).toList();
    boolean none = wanted == null ? own.isEmpty() : shared.isEmpty();
    if (none && self != null) {
      throw new IllegalArgumentException(nothingShared(shared, self));
    }
    if (none) {
      return new Reach(
          Kind.PUBLISHED,
          wanted,
          false,
          "no network of Docker's is known to be shared",
          false,
          here.contained() || here.traces()
              ? "this process is in a container that the Docker daemon does not know, on none of"
                  + " its networks, and 127.0.0.1 of the daemon's host is not that of a"
                  + " container. Set publishAddress to an address of that host which is reached"
                  + " from here"
              : "");
    }
    if (wanted != null) {
      if (asked == null || !shared.contains(asked)) {
        throw new IllegalArgumentException(
            "this process is in a container on the network "
                + shared.stream().map(Network::getName).collect(Collectors.joining(", "))
                + ", from which instances on network '"
                + wanted
                + "' cannot be reached: use network(\""
                + shared.get(0).getName()
                + "\"), or attach this container to '"
                + wanted
                + "'");
      }
      return new Reach(Kind.CONTAINER, wanted, "this process is on that network, too")
          .of(isSix(asked, here, self));
    }
    // Docker's own bridge late: on others containers also have names. Where containers are kept
    // apart, this one reaches no instance.
    Network chosen =
        own.stream()
            .min(
                Comparator.comparing(InstanceNetwork::keepsApart)
                    .thenComparing(network -> BRIDGE.equals(network.getName())))
            .orElseThrow();
    return new Reach(
            Kind.CONTAINER, chosen.getName(), "this process is in a container on that network")
        .of(isSix(chosen, here, self));
  }

  private static String apart(Surroundings here, Machine daemons) {
    return "the Docker daemon is on another machine ("
        + daemons.name()
        + ", Linux "
        + daemons.kernel()
        + "; this is "
        + here.machine().name()
        + ", Linux "
        + here.machine().kernel()
        + "), perhaps at the end of a tunnel, and its 127.0.0.1 is not the one of this machine. Set"
        + " publishAddress to an IP address of that machine which is reached from here, or to"
        + " 127.0.0.1 if its ports are forwarded to this machine";
  }

  private static String nothingShared(List<Network> outside, InspectContainerResponse self) {
    String id = self.getId() == null ? "<this container>" : self.getId().substring(0, 12);
    String name = outside.isEmpty() ? "" : outside.get(0).getName();
    return "this process is in a container "
        + (outside.isEmpty()
            ? "on no network"
            : "on network '" + name + "' (" + outside.get(0).getDriver() + ") alone")
        + ", from which 127.0.0.1 of the daemon's host cannot be reached: attach it to a network of"
        + " Docker's, as 'docker network connect bridge "
        + id
        + "' does, or set publishAddress to an address of that host which is reached from here"
        + (outside.isEmpty()
            ? ""
            : "; network(\""
                + name
                + "\") puts instances on that network, where others reach them");
  }

  private static @Nullable InspectContainerResponse self(DaemonClient client, Surroundings here) {
    if (here.containerId() == null) {
      return null;
    }
    try {
      return client.find(here.containerId());
    } catch (DockerDaemonException e) {
      LOG.debug("Asking for the container of this process: {}", e.getMessage());
      return null;
    }
  }

  private static List<Network> networks(DaemonClient client) {
    try {
      return client.networks();
    } catch (DockerDaemonException e) {
      LOG.debug("Asking for networks: {}", e.getMessage());
      return List.of();
    }
  }

  private static @Nullable Network named(List<Network> networks, @Nullable String name) {
    return networks.stream()
        .filter(network -> name != null && name.equals(network.getName()))
        .findFirst()
        .orElse(null);
  }

  private static boolean isOutside(@Nullable Network network) {
    return network != null && OUTSIDE.contains(String.valueOf(network.getDriver()));
  }

  /** The networks that this process is on: those of its container, else those of its addresses. */
  private static List<Network> shared(
      List<Network> networks, Surroundings here, @Nullable InspectContainerResponse self) {
    Map<String, ContainerNetwork> attached = attached(self);
    return networks.stream()
        .filter(each -> !INTERNAL.contains(String.valueOf(each.getName())))
        .filter(
            each ->
                attached.isEmpty()
                    ? isKnown(each) && here.addresses().stream().anyMatch(own -> isIn(each, own))
                    : attached.containsKey(String.valueOf(each.getName()))
                        && !Set.of("null", HOST).contains(String.valueOf(each.getDriver())))
        .toList();
  }

  /** The networks of a container; none where it uses those of another one. */
  private static Map<String, ContainerNetwork> attached(@Nullable InspectContainerResponse self) {
    return self == null
            || self.getNetworkSettings() == null
            || self.getNetworkSettings().getNetworks() == null
        ? Map.of()
        : self.getNetworkSettings().getNetworks();
  }

  private static String mode(InspectContainerResponse self) {
    return self.getHostConfig() == null
        ? ""
        : String.valueOf(self.getHostConfig().getNetworkMode());
  }

  /** Returns whether this process has the address of a bridge on the daemon's host. */
  private static boolean hasGateway(Network network, List<InetAddress> own) {
    return BRIDGE.equals(network.getDriver())
        && configs(network).stream()
            .map(Reach::gateway)
            .anyMatch(gateway -> gateway != null && own.contains(gateway));
  }

  /**
   * Returns the address of a bridge on the daemon's host. A daemon that was started for the first
   * time does not name that of the bridge which it made.
   */
  private static @Nullable InetAddress gateway(Network.Ipam.Config config) {
    Subnet named = Subnet.parse(config.getGateway() + "/0");
    if (named != null) {
      return named.first();
    }
    Subnet subnet = Subnet.parse(config.getSubnet());
    return subnet == null ? null : subnet.second();
  }

  private static boolean isKnown(Network network) {
    return isOutside(network) || DRIVERS.contains(String.valueOf(network.getDriver()));
  }

  /** Returns whether this process has an address of IPv6 on a network, and none of IPv4. */
  private static boolean isSix(
      Network network, Surroundings here, @Nullable InspectContainerResponse self) {
    ContainerNetwork attached = attached(self).get(network.getName());
    if (attached != null) {
      return isBlank(attached.getIpAddress()) && !isBlank(attached.getGlobalIPv6Address());
    }
    List<InetAddress> own =
        here.addresses().stream().filter(address -> isIn(network, address)).toList();
    return !own.isEmpty() && own.stream().noneMatch(Inet4Address.class::isInstance);
  }

  private static boolean isBlank(@Nullable String text) {
    return text == null || text.isBlank();
  }

  private static boolean isIn(Network network, InetAddress address) {
    return configs(network).stream()
        .map(config -> Subnet.parse(config.getSubnet()))
        .anyMatch(subnet -> subnet != null && subnet.contains(address));
  }

  private static List<Network.Ipam.Config> configs(Network network) {
    return network.getIpam() == null || network.getIpam().getConfig() == null
        ? List.of()
        : network.getIpam().getConfig();
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
