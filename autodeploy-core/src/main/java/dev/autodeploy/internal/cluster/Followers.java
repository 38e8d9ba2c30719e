package dev.autodeploy.internal.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.Lease;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.internal.engine.Engine;
import dev.autodeploy.internal.util.Durations;
import dev.autodeploy.internal.wire.WireConnection;
import dev.autodeploy.internal.wire.WireJson;
import dev.autodeploy.spi.Ticker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The followers of one leader in one epoch. A follower says hello and gets a session, with which it
 * then begins: so a recorded beginning is of no use to anybody. One that has been silent for a term
 * has its leases closed; their instances are held a while longer, as it may only be cut off.
 */
final class Followers {
  private static final Logger LOG = LoggerFactory.getLogger(Followers.class);

  /** The most sessions: those that have not begun are dropped first. */
  private static final int MAX_SESSIONS = 64;

  private final Engine engine;
  private final long epoch;
  private final Duration term;
  private final Duration hold;
  private final Ticker ticker;
  private final ReplicaRuntime runtime;
  private final Map<String, FollowerSession> sessions = new ConcurrentHashMap<>();
  private final DeploymentListener listener = this::onEvent;
  private volatile boolean ended;

  /**
   * Makes it, without followers.
   *
   * @param term for how long a follower may be silent
   * @param hold for how long instances stay that a silent follower had leases of
   * @param runtime the threads
   */
  Followers(
      Engine engine,
      long epoch,
      Duration term,
      Duration hold,
      Ticker ticker,
      ReplicaRuntime runtime) {
    this.engine = engine;
    this.epoch = epoch;
    this.term = term;
    this.hold = hold;
    this.ticker = ticker;
    this.runtime = runtime;
    engine.addListener(listener);
  }

  private void onEvent(DeploymentEvent event) {
    if (event instanceof DeploymentEvent.Created
        || event instanceof DeploymentEvent.Updated
        || event instanceof DeploymentEvent.Removed) {
      sessions.values().forEach(it -> it.tellDeployment(event.deployment()));
    }
  }

  /** Answers a request of another replica. */
  ObjectNode answer(JsonNode request) throws InterruptedException {
    if (request.path("version").asInt() != WireConnection.VERSION) {
      return refusal("version");
    }
    if (ended || request.path("epoch").asLong() != epoch) {
      return refusal("not-leading");
    }
    if (request.path("kind").asText().equals("hello")) {
      return hello(request.path("replica").asText());
    }
    FollowerSession session = sessions.get(request.path("session").asText());
    if (session == null) {
      return refusal("no-session");
    }
    session.heard(ticker.read());
    ObjectNode answer =
        switch (request.path("kind").asText()) {
          case "begin" -> begin(session, request);
          case "send" -> session.receive(request);
          case "bye" -> bye(session);
          case "poll" -> session.poll(request, runtime.longPoll(term));
          default -> refusal("version");
        };
    return ended ? refusal("not-leading") : answer;
  }

  /** Returns the answer to a request that cannot be answered. */
  static ObjectNode refusal(String why) {
    return WireJson.object().put("refused", why);
  }

  private ObjectNode hello(String replica) {
    if (sessions.size() >= MAX_SESSIONS) {
      sessions.values().removeIf(it -> !it.isActive());
    }
    String id = runtime.newSession();
    sessions.put(id, new FollowerSession(id, replica, engine, runtime::run, ticker.read()));
    return WireJson.object().put("session", id);
  }

  private ObjectNode begin(FollowerSession session, JsonNode request) {
    List<LeaseClaim> claims = new ArrayList<>();
    request.path("leases").forEach(it -> claims.add(LeaseClaim.read(it)));
    if (!session.activate(claims)) {
      return refusal("no-session");
    }
    // Only now: its leases are counted at every moment.
    for (FollowerSession other : List.copyOf(sessions.values())) {
      if (other != session && other.replica().equals(session.replica())) {
        sessions.remove(other.id());
        other.end(Lease::close);
      }
    }
    if (ended) {
      session.end(Lease::close);
      return refusal("not-leading");
    }
    LOG.info("Replica {} follows, with {} open leases", session.replica(), claims.size());
    return WireJson.object();
  }

  private ObjectNode bye(FollowerSession session) {
    sessions.remove(session.id());
    session.end(Lease::close);
    return WireJson.object();
  }

  /** Ends the sessions of followers that have been silent for too long. */
  void look() {
    long now = ticker.read();
    for (FollowerSession session : List.copyOf(sessions.values())) {
      if (now - session.heardAt() >= term.toNanos()) {
        sessions.remove(session.id());
        if (session.isActive()) {
          LOG.warn(
              "Replica {} has been silent for {}: its leases are closed",
              session.replica(),
              Durations.text(term));
        }
        session.end(this::closeHeld);
      }
    }
  }

  private void closeHeld(Lease lease) {
    engine.hold(lease.deployment(), lease.instanceId(), hold);
    lease.close();
  }

  /** Ends it, as this replica no longer leads: leases stay as they are, for the next leader. */
  void end() {
    ended = true;
    engine.removeListener(listener);
    sessions.values().forEach(it -> it.end(lease -> {}));
    sessions.clear();
  }
}
