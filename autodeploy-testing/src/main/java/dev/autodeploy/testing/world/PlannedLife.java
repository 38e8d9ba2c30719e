package dev.autodeploy.testing.world;

import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The behaviour of a {@link SimulatedMachine}; at first that of one that is ready at once, lives
 * on, and is gone as soon as it is released. Not changed any longer once a machine has it.
 */
public final class PlannedLife {

  /** The outcomes of the start stage. */
  public enum Reply {
    /** Success: it completes. */
    COMPLETES,

    /** Failure, and nothing is left. */
    FAILS,

    /** Failure, and the instance runs all the same. */
    FAILS_BUT_RUNS,

    /** Silence: it never completes. */
    NEVER
  }

  /** The time from the start request until it is up. */
  public Duration upAfter = Duration.ZERO;

  /** The time from being up until it is ready. */
  public Duration readyAfter = Duration.ZERO;

  /** The time from the start request until lists show it. */
  public Duration listedAfter = Duration.ZERO;

  /** The outcome of the start stage. */
  public Reply reply = Reply.COMPLETES;

  /** True if it runs at some time. */
  public boolean comesUp = true;

  /** True if a release during the start is carried out only when it is up. */
  public boolean survivesReleaseUntilUp;

  /** The failure of the start stage; null for the usual one. */
  public @Nullable InstanceStartException startError;

  /** The time from being up until it ends by itself; null for never. */
  public @Nullable Duration exitAfter;

  /** The time from being ready until it runs on and answers nothing; null for never. */
  public @Nullable Duration hangsAfter;

  /** The time from being up until it has lost its GPUs; null for never. */
  public @Nullable Duration losesGpusAfter;

  /** The time that an order to sleep, or to wake, takes. */
  public Duration sleepTakes = Duration.ZERO;

  /** True if it refuses to sleep. */
  public boolean refusesToSleep;

  /** True if it refuses to wake. */
  public boolean refusesToWake;

  /** The number of its orders to sleep or wake after which none is answered. */
  public int ordersAnswered = Integer.MAX_VALUE;

  /** The way in which it ends by itself. */
  public InstanceExit exit = InstanceExit.unknown("ended as planned");

  /** The time from the release request until it is gone. */
  public Duration releaseTakes = Duration.ZERO;

  /** The number of release requests that fail. */
  public int releaseFailures;

  /** The number of release requests after those that are lost. */
  public int releasesLost;

  /** The number of release requests after those that are confirmed without being carried out. */
  public int releasesPretended;

  /** Creates the life of an instance that is ready at once. */
  public PlannedLife() {}

  /**
   * Copies a life.
   *
   * @param life the life
   */
  public PlannedLife(PlannedLife life) {
    upAfter = life.upAfter;
    readyAfter = life.readyAfter;
    listedAfter = life.listedAfter;
    reply = life.reply;
    comesUp = life.comesUp;
    survivesReleaseUntilUp = life.survivesReleaseUntilUp;
    startError = life.startError;
    exitAfter = life.exitAfter;
    exit = life.exit;
    hangsAfter = life.hangsAfter;
    losesGpusAfter = life.losesGpusAfter;
    sleepTakes = life.sleepTakes;
    refusesToSleep = life.refusesToSleep;
    refusesToWake = life.refusesToWake;
    ordersAnswered = life.ordersAnswered;
    releaseTakes = life.releaseTakes;
    releaseFailures = life.releaseFailures;
    releasesLost = life.releasesLost;
    releasesPretended = life.releasesPretended;
  }

  /**
   * Returns the life of an instance that is ready after a time.
   *
   * @param time from being up until it is ready
   * @return the life
   */
  public static PlannedLife readyAfter(Duration time) {
    PlannedLife life = new PlannedLife();
    life.readyAfter = time;
    return life;
  }

  /**
   * Returns the life of an instance that cannot be started.
   *
   * @param error the failure of the start
   * @return the life
   */
  public static PlannedLife failing(InstanceStartException error) {
    PlannedLife life = new PlannedLife();
    life.reply = Reply.FAILS;
    life.comesUp = false;
    life.startError = error;
    return life;
  }

  /**
   * Returns the life of an instance whose start never comes to an end.
   *
   * @return the life
   */
  public static PlannedLife hanging() {
    PlannedLife life = new PlannedLife();
    life.reply = Reply.NEVER;
    life.comesUp = false;
    return life;
  }

  /** Returns what differs from an instance that is ready at once, for traces. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    add(text, "up", upAfter.isZero() ? null : upAfter);
    add(text, "ready", comesUp ? readyAfter : null);
    add(text, "listed", listedAfter.isZero() ? null : listedAfter);
    add(text, "start", reply == Reply.COMPLETES ? null : reply);
    add(text, "stubborn", survivesReleaseUntilUp ? true : null);
    add(text, "exits", exitAfter);
    add(text, "hangs", hangsAfter);
    add(text, "losesGpus", losesGpusAfter);
    add(text, "release", releaseTakes.isZero() ? null : releaseTakes);
    add(text, "releaseFails", releaseFailures == 0 ? null : releaseFailures);
    add(text, "releaseLost", releasesLost == 0 ? null : releasesLost);
    add(text, "releasePretended", releasesPretended == 0 ? null : releasesPretended);
    return text.toString().trim();
  }

  private static void add(StringBuilder text, String key, @Nullable Object value) {
    if (value != null) {
      text.append(' ').append(key).append('=').append(value);
    }
  }
}
