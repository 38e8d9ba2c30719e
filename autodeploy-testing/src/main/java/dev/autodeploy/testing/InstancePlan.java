package dev.autodeploy.testing;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.testing.world.PlannedLife;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * The behaviour of one instance of a {@link SimulatedProvider}: how long its start takes or how it
 * fails, when it ends by itself, and how its release goes. Immutable; the methods return changed
 * copies and can be combined.
 */
public final class InstancePlan {

  final PlannedLife life;

  private InstancePlan(PlannedLife life) {
    this.life = life;
  }

  /**
   * Returns the plan of an instance that is up at once and ready after a time, lives on, and is
   * gone as soon as it is released.
   *
   * @param time from the start request until it is ready
   * @return the plan
   */
  public static InstancePlan readyAfter(Duration time) {
    return new InstancePlan(PlannedLife.readyAfter(Arguments.notNegative("time", time)));
  }

  /**
   * Returns the plan of an instance that cannot be started.
   *
   * @param message the provider's sentence
   * @return the plan
   */
  public static InstancePlan failing(String message) {
    return failing(new InstanceStartException(message));
  }

  /**
   * Returns the plan of an instance that cannot be started.
   *
   * @param error what the start fails with, such as with an exit code and log lines
   * @return the plan
   */
  public static InstancePlan failing(InstanceStartException error) {
    return new InstancePlan(PlannedLife.failing(requireNonNull(error, "error")));
  }

  /**
   * Returns the plan of an instance that comes up, writes some lines and ends before it is ready.
   *
   * @param time from the start request until it ends
   * @param exitCode its exit code
   * @param logTail what it wrote last
   * @return the plan
   */
  public static InstancePlan exitingWhileStarting(Duration time, int exitCode, String... logTail) {
    return readyAfter(ManualTime.PATIENCE)
        .exitsAfter(time, new InstanceExit(exitCode, false, List.of(logTail), null, null));
  }

  /**
   * Returns the plan of an instance whose start never comes to an end, neither well nor badly; what
   * there is of it goes when it is released.
   *
   * @return the plan
   */
  public static InstancePlan hanging() {
    return new InstancePlan(PlannedLife.hanging());
  }

  /**
   * Returns this plan with a slow provider: the start stage completes, or fails, only after a time.
   * The time to be ready counts from then.
   *
   * @param time from the start request
   * @return the changed plan
   */
  public InstancePlan upAfter(Duration time) {
    return with(life -> life.upAfter = Arguments.notNegative("time", time));
  }

  /**
   * Returns this plan with an instance that ends by itself some time after it came up.
   *
   * @param time from the moment at which it is up
   * @param how how it ends
   * @return the changed plan
   */
  public InstancePlan exitsAfter(Duration time, InstanceExit how) {
    requireNonNull(how, "how");
    return with(
        life -> {
          life.exitAfter = Arguments.notNegative("time", time);
          life.exit = how;
        });
  }

  /**
   * Returns this plan with a start stage that never completes although the instance comes up.
   *
   * @return the changed plan
   */
  public InstancePlan startReplyLost() {
    return with(life -> life.reply = PlannedLife.Reply.NEVER);
  }

  /**
   * Returns this plan with a start stage that fails although the instance comes up.
   *
   * @param message the provider's sentence
   * @return the changed plan
   */
  public InstancePlan startFailsButRuns(String message) {
    InstanceStartException error = new InstanceStartException(message);
    return with(
        life -> {
          life.reply = PlannedLife.Reply.FAILS_BUT_RUNS;
          life.startError = error;
        });
  }

  /**
   * Returns this plan with a start that cannot be stopped: when it is released meanwhile, it comes
   * up all the same, its start stage completes, and only then it goes.
   *
   * @return the changed plan
   */
  public InstancePlan comesUpInSpiteOfRelease() {
    return with(life -> life.survivesReleaseUntilUp = true);
  }

  /**
   * Returns this plan with an instance that is not listed at first, as by a provider whose list is
   * behind.
   *
   * @param time from the start request
   * @return the changed plan
   */
  public InstancePlan listedAfter(Duration time) {
    return with(life -> life.listedAfter = Arguments.notNegative("time", time));
  }

  /**
   * Returns this plan with an instance that is gone only some time after its release was asked for.
   *
   * @param time from the release request; longer than the grace period if need be, as when the
   *     provider itself is slow
   * @return the changed plan
   */
  public InstancePlan releaseTakes(Duration time) {
    return with(life -> life.releaseTakes = Arguments.notNegative("time", time));
  }

  /**
   * Returns this plan with an instance that takes its time to fall asleep, and to wake.
   *
   * @param time how long each of its requests takes
   * @return the changed plan
   */
  public InstancePlan sleepTakes(Duration time) {
    return with(life -> life.sleepTakes = Arguments.notNegative("time", time));
  }

  /**
   * Returns this plan with an instance that refuses to sleep.
   *
   * @return the changed plan
   */
  public InstancePlan refusesToSleep() {
    return with(life -> life.refusesToSleep = true);
  }

  /**
   * Returns this plan with an instance that sleeps, and refuses to wake.
   *
   * @return the changed plan
   */
  public InstancePlan refusesToWake() {
    return with(life -> life.refusesToWake = true);
  }

  /**
   * Returns this plan with releases that fail and leave the instance running.
   *
   * @param times how many fail before one succeeds
   * @return the changed plan
   */
  public InstancePlan releaseFails(int times) {
    return with(life -> life.releaseFailures = notNegative(times));
  }

  /**
   * Returns this plan with releases that are lost: they do nothing and their stages never complete.
   *
   * @param times how many are lost, after those that fail, before one succeeds
   * @return the changed plan
   */
  public InstancePlan releaseLost(int times) {
    return with(life -> life.releasesLost = notNegative(times));
  }

  /**
   * Returns this plan with releases that are reported done although the instance runs on: what a
   * provider that breaks the contract does.
   *
   * @param times how many are pretended, after those that fail or are lost, before one is true
   * @return the changed plan
   */
  public InstancePlan releasePretended(int times) {
    return with(life -> life.releasesPretended = notNegative(times));
  }

  /** Returns what differs from an instance that is ready at once, for traces. */
  @Override
  public String toString() {
    return life.toString();
  }

  private InstancePlan with(Consumer<PlannedLife> change) {
    PlannedLife changed = new PlannedLife(life);
    change.accept(changed);
    return new InstancePlan(changed);
  }

  private static int notNegative(int times) {
    if (times < 0) {
      throw new IllegalArgumentException("times must be 0 or more, but was " + times);
    }
    return times;
  }
}
