package dev.autodeploy.docker;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.dockerjava.api.model.Network;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The network of instances for which none is set, on which containers do not reach each other: one
 * for all applications that use a daemon, as its address ranges are few. It is made by the first
 * start that misses it, also after a prune, and never removed, as others may be about to use it.
 * Thread-safe.
 */
final class InstanceNetwork {
  /** The name of the network, on every daemon. */
  static final String NAME = "autodeploy";

  private static final Logger LOG = LoggerFactory.getLogger(InstanceNetwork.class);
  private static final String BRIDGE = "bridge";
  private static final String REACH_EACH_OTHER = "com.docker.network.bridge.enable_icc";

  private static final String BRIDGE_NAME = "com.docker.network.bridge.name";
  private static final int LOOKS = 50;
  private static final Duration PAUSE = Duration.ofMillis(100);

  /** The options of Docker's own bridge that the daemon's settings are the source of. */
  private static final List<String> INHERITED =
      List.of(
          "com.docker.network.driver.mtu",
          "com.docker.network.bridge.enable_ip_masquerade",
          "com.docker.network.bridge.host_binding_ipv4");

  private final DockerHost host;
  private final ReentrantLock making = new ReentrantLock();
  private final AtomicBoolean warned = new AtomicBoolean();

  InstanceNetwork(DockerHost host) {
    this.host = host;
  }

  /**
   * Returns the network of a container that is about to be created: the one that is set or shared,
   * else the id of this one, which is made if need be; null for the daemon's default, where there
   * is no such network and none can be made.
   */
  @Nullable String find() {
    if (!isOwn()) {
      return host.reach().network();
    }
    try {
      Network found = apart();
      return found == null ? made() : found.getId();
    } catch (DockerDaemonException e) {
      if (e.problem().unreachable()) {
        throw e;
      }
      warn("cannot be made: " + (e.detail().isEmpty() ? e.getMessage() : e.detail()));
      return null;
    }
  }

  /** Returns whether containers are on this network, and not on one that is set or shared. */
  boolean isOwn() {
    return host.reach().kind() == Reach.Kind.PUBLISHED && host.reach().network() == null;
  }

  private @Nullable String made() {
    making.lock();
    try {
      List<Network> all = host.client().networks();
      Network bridge = named(all, BRIDGE).stream().findFirst().orElse(null);
      if (bridge != null && keepsApart(bridge)) {
        return null;
      }
      if (named(all, name()).isEmpty()) {
        make(bridge);
      }
      Network found = apart();
      if (found == null) {
        warn("is there, and does not keep containers apart");
      }
      return found == null ? null : found.getId();
    } finally {
      making.unlock();
    }
  }

  private void make(@Nullable Network bridge) {
    ObjectNode body = DaemonClient.JSON.createObjectNode().put("Name", name());
    body.put("CheckDuplicate", true).put("Driver", BRIDGE);
    body.putObject("Labels").put(Labels.PREFIX + "network", "true");
    ObjectNode options = body.putObject("Options");
    if (bridge != null) {
      options(bridge)
          .forEach(
              (key, value) -> {
                if (INHERITED.contains(key)) {
                  options.put(key, value);
                }
              });
    }
    options.put(REACH_EACH_OTHER, "false");
    options.put(BRIDGE_NAME, bridgeName());
    try {
      var made =
          host.client()
              .post(
                  "making network " + name(),
                  "/networks/create",
                  body.toString().getBytes(StandardCharsets.UTF_8),
                  host.settings().callTimeout());
      LOG.info(
          "Made network {} ({}), on which instances do not reach each other",
          name(),
          made.path("Id").asText());
    } catch (DockerDaemonException e) {
      if (!appears()) {
        throw e;
      }
    }
  }

  /** Returns whether another process was first, or made all the same where the answer was lost. */
  private boolean appears() {
    for (int i = 0; i < LOOKS; i++) {
      if (apart() != null) {
        return true;
      }
      LockSupport.parkNanos(PAUSE.toNanos()); // it is listed a moment after it has the name
    }
    return false;
  }

  /**
   * Returns the name of the interface, which Docker gives to one network only. Older daemons make
   * two networks of one name where they are asked at the same time, and start no container on
   * either then. Daemons that share a machine have interfaces of their own.
   */
  private String bridgeName() {
    return String.format("br-ad%08x", (host.daemon().id() + '/' + name()).hashCode());
  }

  private @Nullable Network apart() {
    return named(host.client().networks(name()), name()).stream()
        .filter(InstanceNetwork::keepsApart)
        .findFirst()
        .orElse(null);
  }

  private String name() {
    return host.settings().containers().instanceNetwork();
  }

  private void warn(String reason) {
    if (warned.compareAndSet(false, true)) {
      LOG.warn(
          "Instances reach each other at their own addresses, past links and their tokens: network"
              + " '{}' {}; network(\"bridge\") accepts that",
          name(),
          reason);
    }
  }

  private static List<Network> named(List<Network> networks, String name) {
    return networks.stream().filter(each -> name.equals(each.getName())).toList();
  }

  /** Returns whether containers on a network do not reach each other there. */
  static boolean keepsApart(Network network) {
    return BRIDGE.equals(network.getDriver())
        && "false".equals(options(network).get(REACH_EACH_OTHER));
  }

  private static Map<String, String> options(Network network) {
    return network.getOptions() == null ? Map.of() : network.getOptions();
  }
}
