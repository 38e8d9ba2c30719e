package dev.autodeploy.testing;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The behaviour of one instance of a {@link SimulatedProvider}: how long its start takes or how it
 * fails, when it ends by itself, and how its release goes. Immutable; the methods return changed
 * copies and can be combined.
 */
public final class InstancePlan {

  /** The outcomes of the start stage. */
  enum Reply {
    COMPLETES,
    FAILS,
    FAILS_BUT_RUNS,
    NEVER
  }

  final Duration upAfter;
  final Duration readyAfter;
  final Duration listedAfter;
  final Reply reply;
  final boolean comesUp;
  final boolean survivesReleaseUntilUp;
  final @Nullable InstanceStartException startError;
  final @Nullable Duration exitAfter;
  final InstanceExit exit;
  final Duration releaseTakes;
  final int releaseFailures;
  final int releasesLost;
  final int releasesPretended;

  private InstancePlan(Builder b) {
    upAfter = b.upAfter;
    readyAfter = b.readyAfter;
    listedAfter = b.listedAfter;
    reply = b.reply;
    comesUp = b.comesUp;
    survivesReleaseUntilUp = b.survivesReleaseUntilUp;
    startError = b.startError;
    exitAfter = b.exitAfter;
    exit = b.exit;
    releaseTakes = b.releaseTakes;
    releaseFailures = b.releaseFailures;
    releasesLost = b.releasesLost;
    releasesPretended = b.releasesPretended;
  }

  /**
   * Returns the plan of an instance that is up at once and ready after a time, lives on, and is
   * gone as soon as it is released.
   *
   * @param time from the start request until it is ready
   * @return the plan
   */
  public static InstancePlan readyAfter(Duration time) {
    return build(new Builder(), b -> b.readyAfter = Arguments.notNegative("time", time));
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
    requireNonNull(error, "error");
    return build(
        new Builder(),
        b -> {
          b.reply = Reply.FAILS;
          b.comesUp = false;
          b.startError = error;
        });
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
    return build(
        new Builder(),
        b -> {
          b.reply = Reply.NEVER;
          b.comesUp = false;
        });
  }

  /**
   * Returns this plan with a slow provider: the start stage completes, or fails, only after a time.
   * The time to be ready counts from then.
   *
   * @param time from the start request
   * @return the changed plan
   */
  public InstancePlan upAfter(Duration time) {
    return build(new Builder(this), b -> b.upAfter = Arguments.notNegative("time", time));
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
    return build(
        new Builder(this),
        b -> {
          b.exitAfter = Arguments.notNegative("time", time);
          b.exit = how;
        });
  }

  /**
   * Returns this plan with a start stage that never completes although the instance comes up.
   *
   * @return the changed plan
   */
  public InstancePlan startReplyLost() {
    return build(new Builder(this), b -> b.reply = Reply.NEVER);
  }

  /**
   * Returns this plan with a start stage that fails although the instance comes up.
   *
   * @param message the provider's sentence
   * @return the changed plan
   */
  public InstancePlan startFailsButRuns(String message) {
    InstanceStartException error = new InstanceStartException(message);
    return build(
        new Builder(this),
        b -> {
          b.reply = Reply.FAILS_BUT_RUNS;
          b.startError = error;
        });
  }

  /**
   * Returns this plan with a start that cannot be stopped: when it is released meanwhile, it comes
   * up all the same, its start stage completes, and only then it goes.
   *
   * @return the changed plan
   */
  public InstancePlan comesUpInSpiteOfRelease() {
    return build(new Builder(this), b -> b.survivesReleaseUntilUp = true);
  }

  /**
   * Returns this plan with an instance that is not listed at first, as by a provider whose list is
   * behind.
   *
   * @param time from the start request
   * @return the changed plan
   */
  public InstancePlan listedAfter(Duration time) {
    return build(new Builder(this), b -> b.listedAfter = Arguments.notNegative("time", time));
  }

  /**
   * Returns this plan with an instance that is gone only some time after its release was asked for.
   *
   * @param time from the release request; longer than the grace period if need be, as when the
   *     provider itself is slow
   * @return the changed plan
   */
  public InstancePlan releaseTakes(Duration time) {
    return build(new Builder(this), b -> b.releaseTakes = Arguments.notNegative("time", time));
  }

  /**
   * Returns this plan with releases that fail and leave the instance running.
   *
   * @param times how many fail before one succeeds
   * @return the changed plan
   */
  public InstancePlan releaseFails(int times) {
    return build(new Builder(this), b -> b.releaseFailures = notNegative(times));
  }

  /**
   * Returns this plan with releases that are lost: they do nothing and their stages never complete.
   *
   * @param times how many are lost, after those that fail, before one succeeds
   * @return the changed plan
   */
  public InstancePlan releaseLost(int times) {
    return build(new Builder(this), b -> b.releasesLost = notNegative(times));
  }

  /**
   * Returns this plan with releases that are reported done although the instance runs on: what a
   * provider that breaks the contract does.
   *
   * @param times how many are pretended, after those that fail or are lost, before one is true
   * @return the changed plan
   */
  public InstancePlan releasePretended(int times) {
    return build(new Builder(this), b -> b.releasesPretended = notNegative(times));
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

  private static InstancePlan build(Builder builder, java.util.function.Consumer<Builder> change) {
    change.accept(builder);
    return new InstancePlan(builder);
  }

  private static int notNegative(int times) {
    if (times < 0) {
      throw new IllegalArgumentException("times must be 0 or more, but was " + times);
    }
    return times;
  }

  private static final class Builder {
    private Duration upAfter = Duration.ZERO;
    private Duration readyAfter = Duration.ZERO;
    private Duration listedAfter = Duration.ZERO;
    private Reply reply = Reply.COMPLETES;
    private boolean comesUp = true;
    private boolean survivesReleaseUntilUp;
    private @Nullable InstanceStartException startError;
    private @Nullable Duration exitAfter;
    private InstanceExit exit = InstanceExit.unknown("ended as planned");
    private Duration releaseTakes = Duration.ZERO;
    private int releaseFailures;
    private int releasesLost;
    private int releasesPretended;

    Builder() {}

    Builder(InstancePlan plan) {
      upAfter = plan.upAfter;
      readyAfter = plan.readyAfter;
      listedAfter = plan.listedAfter;
      reply = plan.reply;
      comesUp = plan.comesUp;
      survivesReleaseUntilUp = plan.survivesReleaseUntilUp;
      startError = plan.startError;
      exitAfter = plan.exitAfter;
      exit = plan.exit;
      releaseTakes = plan.releaseTakes;
      releaseFailures = plan.releaseFailures;
      releasesLost = plan.releasesLost;
      releasesPretended = plan.releasesPretended;
    }
  }
}
