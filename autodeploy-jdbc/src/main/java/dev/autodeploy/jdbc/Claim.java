package dev.autodeploy.jdbc;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.spi.Leader;
import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The claim of a single engine on its state, which it renews as long as it lives. */
final class Claim implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Claim.class);
  private static final String NO_ADDRESS = "";

  private final LeaderRow row;
  private final String replica;
  private final Duration term;
  private final long epoch;
  private final ScheduledThreadPoolExecutor timer;
  private volatile boolean lost;

  private Claim(LeaderRow row, String replica, Duration term, long epoch) {
    this.row = row;
    this.replica = replica;
    this.term = term;
    this.epoch = epoch;
    this.timer =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "autodeploy-jdbc-claim-0");
              thread.setDaemon(true);
              return thread;
            });
    long every = term.toMillis() / 3;
    timer.scheduleWithFixedDelay(this::renew, every, every, TimeUnit.MILLISECONDS);
  }

  /**
   * Claims a state, and waits for that as long as it may take to see that an earlier engine is
   * dead.
   *
   * @throws AutoDeployException with {@code OWNER_IN_USE} if another engine renews its claim
   */
  static Claim make(LeaderRow row, String replica, Duration term) {
    LeaderRow.Campaign first = row.campaign(replica, NO_ADDRESS, 0, term);
    LeaderRow.Campaign last = first;
    while (!last.leader().replica().equals(replica)) {
      boolean renewed =
          last.leader().epoch() != first.leader().epoch() || last.untilMs() != first.untilMs();
      if (renewed || !pause(term.dividedBy(10))) {
        throw inUse(row, last.leader());
      }
      last = row.campaign(replica, NO_ADDRESS, 0, term);
    }
    return new Claim(row, replica, term, last.leader().epoch());
  }

  private static boolean pause(Duration time) {
    try {
      TimeUnit.MILLISECONDS.sleep(time.toMillis());
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static AutoDeployException inUse(LeaderRow row, Leader leader) {
    return new AutoDeployException(
        ErrorCode.OWNER_IN_USE,
        null,
        "state '"
            + row.name()
            + "' in the database is in use by another engine, in epoch "
            + leader.epoch()
            + ": end that one, or give this engine a state of another name. Replicas that take"
            + " turns need a leader election (AutoDeploy.builder().cluster(...))");
  }

  long epoch() {
    return epoch;
  }

  /** Returns whether another engine has claimed the state since. */
  boolean isLost() {
    return lost;
  }

  private void renew() {
    if (lost) {
      return;
    }
    try {
      Leader leader = row.campaign(replica, NO_ADDRESS, epoch, term).leader();
      if (!leader.replica().equals(replica) || leader.epoch() != epoch) {
        lost = true;
        LOG.error(
            "Another engine has taken over state '{}' in the database; what this one writes is"
                + " refused, and it starts and releases nothing any longer. It has not answered for"
                + " longer than {}",
            row.name(),
            term);
      }
    } catch (RuntimeException | Error e) { // also of the pool: the timer would end with it
      LOG.warn("The claim on state '{}' could not be renewed: {}", row.name(), e.getMessage());
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
    try {
      row.resign(epoch);
    } catch (RuntimeException e) {
      LOG.warn("State '{}' stays claimed for up to {}: {}", row.name(), term, e.getMessage());
    }
  }
}
