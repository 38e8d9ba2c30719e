package dev.autodeploy.internal.cluster;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.engine.Engine;
import dev.autodeploy.internal.wire.SharedSecret;
import dev.autodeploy.internal.wire.WireJson;
import dev.autodeploy.spi.Leader;
import dev.autodeploy.spi.LeaderElection;
import dev.autodeploy.spi.Ticker;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one replica with the others: its server, its followers while it leads, and its
 * link while another one does. Without an address there are none, and it only stands by.
 */
final class ReplicaWire {
  private final @Nullable ReplicaAddress address;
  private final String replica;
  private final Duration term;
  private final Duration hold;
  private final Ticker ticker;
  private final ReplicaRuntime runtime;
  private final ReplicaRuntime.@Nullable Server server;
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private @Nullable SharedSecret secret;
  private boolean closed;

  private volatile @Nullable Followers followers;
  private volatile @Nullable LeaderLink link;

  /**
   * Makes it, without connections; only its address is taken.
   *
   * @param replica the id of this one
   * @param term for how long a leader leads without renewal
   * @param hold for how long instances stay that a silent follower had leases of
   * @param runtime the threads and connections
   * @throws java.io.UncheckedIOException if the address cannot be had
   */
  ReplicaWire(
      @Nullable ReplicaAddress address,
      String replica,
      Duration term,
      Duration hold,
      Ticker ticker,
      ReplicaRuntime runtime) {
    this.address = address;
    this.replica = replica;
    this.term = term;
    this.hold = hold;
    this.ticker = ticker;
    this.runtime = runtime;
    this.server = address == null ? null : runtime.open(address.listen());
  }

  /** Begins to answer, once, before this replica asks to lead. May block for the election. */
  void open(LeaderElection election) {
    ReplicaAddress place = address;
    ReplicaRuntime.Server opened = server;
    lock.lock();
    try {
      if (place == null || opened == null || secret != null || closed) {
        return;
      }
      SharedSecret shared = new SharedSecret(secret(place, election));
      opened.start(shared, this::answer);
      secret = shared;
      election.advertise(place.text(opened.port()));
    } finally {
      lock.unlock();
    }
  }

  private static String secret(ReplicaAddress place, LeaderElection election) {
    String given = place.secret();
    String used = given != null ? given : election.secret();
    if (used == null) {
      throw new AutoDeployException(
          ErrorCode.STATE_FAILED,
          null,
          "the place of the election keeps no secret for replicas: give all of them the same one"
              + " (Cluster.Builder.secret)");
    }
    return used;
  }

  private byte[] answer(byte[] body) {
    Followers current = followers;
    try {
      return WireJson.bytes(
          current == null
              ? Followers.refusal("not-leading")
              : current.answer(WireJson.parse(body)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return WireJson.bytes(Followers.refusal("not-leading"));
    }
  }

  /** Begins to answer followers, as this replica leads. */
  void leads(Engine engine, long epoch) {
    followers = new Followers(engine, epoch, term, hold, ticker, runtime);
  }

  /** Ends the followers' sessions, as this replica no longer leads. */
  void leaves() {
    Followers left = followers;
    followers = null;
    if (left != null) {
      left.end();
    }
  }

  /**
   * Takes note of who leads.
   *
   * @param follower what uses the link to a leader that is another replica
   */
  void heard(Leader leader, LeaderLink.Follower follower) {
    LeaderLink current = link;
    boolean own = leader.replica().equals(replica);
    if (current != null && (own || (current.epoch() != leader.epoch()))) {
      link = null;
      current.close();
      current = null;
    }
    if (current == null && !own && !leader.replica().isEmpty()) {
      follow(leader, follower);
    }
  }

  private void follow(Leader leader, LeaderLink.Follower follower) {
    lock.lock();
    try {
      SharedSecret shared = secret;
      if (closed || shared == null || leader.address().isEmpty()) {
        return;
      }
      LeaderLink next =
          new LeaderLink(
              URI.create(leader.address()),
              leader.epoch(),
              replica,
              term,
              shared,
              follower,
              runtime,
              ticker);
      link = next;
      next.start();
    } finally {
      lock.unlock();
    }
  }

  /** Looks at followers that are silent, and at what waits for a leader that is. */
  void look() {
    Followers own = followers;
    if (own != null) {
      own.look();
    }
    LeaderLink current = link;
    if (current != null) {
      current.look();
    }
  }

  /** Returns the link to the leader, whether or not it is open; null without one. */
  @Nullable LeaderLink link() {
    return link;
  }

  void close() {
    leaves();
    lock.lock();
    try {
      closed = true;
      LeaderLink current = link;
      if (current != null) {
        current.bye();
        current.close();
      }
      if (server != null) {
        server.close();
      }
    } finally {
      lock.unlock();
    }
  }
}
