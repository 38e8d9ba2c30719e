package dev.autodeploy.proxy.gateway;

import dev.autodeploy.spi.Ticker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All requests under way, and one thread that looks over them now and then: for answers that are
 * overdue, clients that do not read, and clients that have left. So no request needs a timer of its
 * own. Thread-safe.
 */
final class ActiveRequests implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ActiveRequests.class);

  /** A connection that was not found in this time has other addresses than its request says. */
  private static final long SEEN_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** Shorter exchanges are over before anybody can have lost patience. */
  private static final long YOUNG_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Set<ProxiedRequest> requests = ConcurrentHashMap.newKeySet();
  private final HeadBudget heads;
  private final Set<Client> responding = ConcurrentHashMap.newKeySet();
  private final Set<ArrivingRequest> arriving = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService timer;
  private final ClientPresence presence;
  private final StallWatch stalls;
  private final Runnable housekeeping;
  private final Ticker ticker;

  ActiveRequests(
      Duration tick,
      Duration presenceInterval,
      Duration stallTimeout,
      long minRate,
      ClientPresence presence,
      Runnable housekeeping,
      HeadBudget heads,
      Ticker ticker) {
    this.heads = heads;
    this.ticker = ticker;
    this.presence = presence;
    stalls = new StallWatch(stallTimeout.toNanos(), minRate, presence);
    this.housekeeping = housekeeping;
    timer =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "autodeploy-proxy-watch-0");
              thread.setDaemon(true);
              return thread;
            });
    timer.scheduleWithFixedDelay(
        this::watch, tick.toMillis(), tick.toMillis(), TimeUnit.MILLISECONDS);
    timer.scheduleWithFixedDelay(
        this::lookForGone,
        presenceInterval.toMillis(),
        presenceInterval.toMillis(),
        TimeUnit.MILLISECONDS);
  }

  /** A request whose deployment is not known before some of its body is there. */
  void add(ArrivingRequest request) {
    if (arriving.add(request)) {
      heads.take(request.request());
    }
  }

  void remove(ArrivingRequest request) {
    if (arriving.remove(request)) {
      heads.giveBack(request.request());
    }
  }

  void add(ProxiedRequest request) {
    if (requests.add(request)) {
      heads.take(request.request());
    }
  }

  void remove(ProxiedRequest request) {
    if (requests.remove(request)) {
      heads.giveBack(request.request());
    }
  }

  /** Returns whether there is memory for another request with this head. */
  boolean hasRoomFor(RequestHead head) {
    return heads.hasRoomFor(head);
  }

  /** Does what may block on the client of an exchange that no {@link ProxiedRequest} stands for. */
  void whileResponding(Exchange exchange, Runnable step) {
    Client client = new Client.OfExchange(exchange);
    responding.add(client);
    try {
      step.run();
    } finally {
      responding.remove(client);
    }
  }

  /** The link itself writes to a client for a while. */
  void beginResponding(Client client) {
    responding.add(client);
  }

  void endResponding(Client client) {
    responding.remove(client);
  }

  int size() {
    return requests.size();
  }

  /** Returns whether a request is under way, or a refusal is being written. */
  boolean isBusy() {
    return !requests.isEmpty() || !responding.isEmpty();
  }

  List<ProxiedRequest> all() {
    return List.copyOf(requests);
  }

  private void watch() {
    try {
      long now = ticker.read();
      for (ProxiedRequest request : requests) {
        request.watch(now);
      }
      List<Client> clients = new ArrayList<>(requests);
      clients.addAll(responding);
      clients.addAll(arriving);
      arriving.forEach(ArrivingRequest::watch);
      stalls.look(clients, now);
      lookForUnseen(now);
      housekeeping.run();
    } catch (RuntimeException e) {
      LOG.error("Checking active requests failed; will retry", e);
    }
  }

  /** Finds the connections of held requests early, as only who was seen can be found missing. */
  private void lookForUnseen(long now) {
    List<ProxiedRequest> unseen = new ArrayList<>();
    for (ProxiedRequest request : requests) {
      if (request.mayBeElsewhere() && request.isHeld() && request.ageNanos(now) < SEEN_NANOS) {
        unseen.add(request);
      }
    }
    if (!unseen.isEmpty()) {
      presence.see(unseen);
    }
  }

  private void lookForGone() {
    try {
      long now = ticker.read();
      List<ProxiedRequest> waiting = new ArrayList<>();
      for (ProxiedRequest request : requests) {
        if (request.needsPresence() && request.ageNanos(now) > YOUNG_NANOS) {
          waiting.add(request);
        }
      }
      presence.gone(waiting).forEach(ProxiedRequest::clientGone);
    } catch (RuntimeException e) {
      LOG.error("Looking for clients that have left failed; will retry", e);
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
    try { // what it still does needs the front, which ends next
      timer.awaitTermination(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
