package dev.autodeploy.proxy.gateway;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.Deployment;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.spi.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ports of the deployments' own links: each deployment gets one of a range, once, which is kept
 * with it. A port that is freed goes to no other deployment for an hour. Thread-safe.
 */
public final class LinkPorts implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LinkPorts.class);

  /** The time for which callers of a removed deployment must not reach another one. */
  private static final Duration QUARANTINE = Duration.ofHours(1);

  /** The time after which a port that another program has is tried again. */
  private static final Duration TAKEN = Duration.ofMinutes(1);

  private final int from;
  private final int to;
  private final Set<String> without;
  private final Deployments deployments;
  private final ObjIntConsumer<String> keep;
  private final Opening opening;
  private final Ticker ticker;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, OpenPort> open = new HashMap<>();
  private final Map<Integer, Freed> freed = new HashMap<>();
  private final Map<Integer, Long> taken = new HashMap<>();
  private final Set<String> told = new HashSet<>();
  private boolean closed;

  private record Freed(String deployment, long at) {}

  /** A way to listen on a port. */
  @FunctionalInterface
  public interface Opening {
    /**
     * Listens.
     *
     * @param port the port
     * @param deployment the deployment whose link it is
     * @return the open port
     * @throws IOException if it cannot be listened on
     */
    OpenPort open(int port, String deployment) throws IOException;
  }

  /**
   * An open port.
   *
   * @param number its number
   * @param close stops listening; requests under way may finish
   */
  public record OpenPort(int number, Runnable close) {}

  /**
   * Creates ports; none is open yet.
   *
   * @param settings the settings, with a range of ports
   * @param deployments the deployments
   * @param keep keeps a deployment's port with it
   * @param opening listens
   * @param ticker the clock
   */
  public LinkPorts(
      LinkSettings settings,
      Deployments deployments,
      ObjIntConsumer<String> keep,
      Opening opening,
      Ticker ticker) {
    from = settings.linkPortsFrom;
    to = settings.linkPortsTo;
    without = Set.copyOf(settings.dedicatedAddresses().keySet());
    this.deployments = requireNonNull(deployments, "deployments");
    this.keep = requireNonNull(keep, "keep");
    this.opening = requireNonNull(opening, "opening");
    this.ticker = requireNonNull(ticker, "ticker");
  }

  /** Opens the ports of all deployments. Those that have one come first, so that nobody gets it. */
  public void start() {
    List<Deployment> all = deployments.all();
    all.stream().filter(one -> one.spec().linkPort() != 0).forEach(one -> port(one.name()));
    all.forEach(one -> port(one.name()));
  }

  /**
   * Follows the deployments.
   *
   * @param event what has happened
   */
  public void onEvent(DeploymentEvent event) {
    if (event instanceof DeploymentEvent.Created || event instanceof DeploymentEvent.Updated) {
      port(event.deployment());
    } else if (event instanceof DeploymentEvent.Removed) {
      free(event.deployment());
    }
  }

  /**
   * Returns the port of a deployment, which is opened if it is not yet.
   *
   * @param name the deployment's name
   * @return the port, or 0 if it has none
   */
  public int port(String name) {
    lock.lock();
    try {
      Deployment deployment = deployments.find(name).orElse(null);
      OpenPort known = open.get(name);
      if (closed || deployment == null || without.contains(name)) {
        return known == null ? 0 : known.number();
      }
      int wanted = deployment.spec().linkPort();
      if (known != null && (wanted == known.number() || wanted == 0)) {
        return known.number();
      }
      OpenPort opened = wanted == 0 ? null : tryOpen(wanted, name);
      if (opened == null && known == null) {
        opened = next(name);
      }
      if (opened == null) {
        return known == null ? 0 : known.number();
      }
      if (known != null) {
        known.close().run();
      } else if (wanted != 0 && wanted != opened.number()) {
        LOG.warn(
            "{}: port {} is in use by another program; the deployment's own link is now at port {}",
            name,
            wanted,
            opened.number());
      }
      open.put(name, opened);
      told.remove(name);
      if (wanted != opened.number()) {
        keep(name, opened.number());
      }
      return opened.number();
    } finally {
      lock.unlock();
    }
  }

  private void keep(String name, int port) {
    try {
      keep.accept(name, port);
    } catch (RuntimeException e) {
      LOG.warn("{}: port {} of its own link could not be stored", name, port, e);
    }
  }

  private @Nullable OpenPort tryOpen(int port, String name) {
    boolean ours = open.values().stream().anyMatch(one -> one.number() == port);
    Long since = taken.get(port);
    if (ours || (since != null && ticker.read() - since < TAKEN.toNanos())) {
      return null;
    }
    try {
      OpenPort opened = opening.open(port, name);
      taken.remove(port);
      return opened;
    } catch (IOException e) {
      taken.put(port, ticker.read());
      LOG.debug("{}: port {} cannot be listened on", name, port, e);
      return null;
    }
  }

  /** Tries the range, from a place that depends on the name: so a name finds its port again. */
  private @Nullable OpenPort next(String name) {
    Set<Integer> assigned = new HashSet<>();
    deployments.all().forEach(one -> assigned.add(one.spec().linkPort()));
    int size = to - from + 1;
    int quarantined = 0;
    int others = 0;
    for (int i = 0; i < size; i++) {
      int port = from + Math.floorMod(name.hashCode() + i, size);
      if (assigned.contains(port)) {
        continue;
      }
      if (isQuarantined(port, name)) {
        quarantined++;
        continue;
      }
      OpenPort opened = tryOpen(port, name);
      if (opened != null) {
        freed.remove(port);
        return opened;
      }
      others++;
    }
    if (told.add(name)) {
      LOG.warn(
          "{}: no port is left for its own link: of {} to {}, {} belong to deployments, {} were"
              + " freed less than an hour ago, {} are in use by other programs; set a wider range"
              + " with linkPorts. Its link below /d/ works",
          name,
          from,
          to,
          size - quarantined - others,
          quarantined,
          others);
    }
    return null;
  }

  private boolean isQuarantined(int port, String name) {
    Freed before = freed.get(port);
    return before != null
        && !before.deployment().equals(name)
        && ticker.read() - before.at() < QUARANTINE.toNanos();
  }

  private void free(String name) {
    lock.lock();
    try {
      if (deployments.find(name).isPresent()) {
        return; // made again meanwhile
      }
      told.clear();
      OpenPort gone = open.remove(name);
      if (gone != null) {
        freed.put(gone.number(), new Freed(name, ticker.read()));
        gone.close().run();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Stops listening on all ports. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      open.values().forEach(port -> port.close().run());
      open.clear();
    } finally {
      lock.unlock();
    }
  }
}
