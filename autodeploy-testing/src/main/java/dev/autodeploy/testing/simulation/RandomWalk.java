package dev.autodeploy.testing.simulation;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.util.Arguments;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/**
 * A randomized simulation of engines in virtual time, with faults of host applications, instances
 * and providers. It checks the invariants after every step:
 *
 * <ul>
 *   <li>no more instances exist than a deployment or the engine allows, and a wake starts exactly
 *       one;
 *   <li>an instance with an open lease is not released, except by force or its own death;
 *   <li>an idle instance is released when its time has come, and not earlier;
 *   <li>as many instances as waiting callers and the minimum need exist or start, within the
 *       maximum;
 *   <li>everybody who waits gets a lease or an error by their deadline, and nobody who cancelled
 *       has one;
 *   <li>refusals are true, and holders of leases of a lost instance are notified;
 *   <li>no two starts count on the same rest of a budget, and when it is spent nothing runs on but,
 *       where it drains, what is in flight;
 *   <li>released means gone, every start has one reason, the ledger has every second, and the cost
 *       is the ledger's;
 *   <li>in the end nobody waits, nothing runs, and after the close nothing is left.
 * </ul>
 *
 * <p>A walk of ten thousand lifecycles is {@code RandomWalk.seed(42).lifecycles(10_000).run()}. The
 * same seed and settings give the same walk. Immutable.
 */
public final class RandomWalk {

  /** The faults of a walk, beside clients that are impatient and instances that are slow. */
  public enum Fault {
    /** Starts fail, hang, or are answered wrongly. */
    START,
    /** Instances end by themselves. */
    CRASH,
    /** Releases fail, are lost, or are reported done although the instance still runs. */
    RELEASE,
    /**
     * The engine's process is killed at any moment and started again, or closed and started. Also
     * while it is built or closed it may die before any call of its provider or store.
     */
    RESTART,
    /** The wall clock is stepped forth and back. */
    CLOCK,
    /** The provider's list does not show an instance at first. */
    LATE_LIST,
    /** The provider's list is slow, out of date, fails, or leaves something out. */
    LIST,
    /** The store fails to write, with the old or the new left on disk, or dies with the engine. */
    STORE,
    /** Instances hang although they run, or lose their GPUs. */
    HANG,
    /** Instances refuse to sleep or to wake, or do not answer when they are told to. */
    SLEEP
  }

  /**
   * The result of a walk. Immutable.
   *
   * @param seed what it was drawn from
   * @param steps how many steps it took
   * @param lifecycles how many instances came into being and went
   * @param startFailures how many starts failed
   * @param requests how many leases were asked for
   * @param leases how many were granted
   * @param refusals how many requests were refused or timed out
   * @param cancelled how many were cancelled
   * @param restarts how many times an engine was killed or closed and started again
   * @param virtualTime how much virtual time passed
   */
  public record Result(
      long seed,
      int steps,
      int lifecycles,
      int startFailures,
      int requests,
      int leases,
      int refusals,
      int cancelled,
      int restarts,
      Duration virtualTime) {}

  private final WalkSettings settings;
  private final String only;

  private RandomWalk(WalkSettings settings, String only) {
    this.settings = settings;
    this.only = only;
  }

  /**
   * Returns a walk of 1000 lifecycles over three deployments of one engine, with all faults.
   *
   * @param seed what it is drawn from
   * @return the walk, to be changed and run
   */
  public static RandomWalk seed(long seed) {
    return new RandomWalk(
        new WalkSettings(
            seed, Integer.MAX_VALUE, 1000, 3, 1, 0, 0, false, EnumSet.allOf(Fault.class)),
        "");
  }

  /**
   * Returns this walk with an end after some steps, if it does not end earlier.
   *
   * @param count how many steps, 1 or more
   * @return the changed walk
   */
  public RandomWalk steps(int count) {
    return with(Arguments.atLeast("steps", count, 1), settings.lifecycles());
  }

  /**
   * Returns this walk with an end after some instances came and went, if it does not end earlier.
   * Default: 1000.
   *
   * @param count how many lifecycles, 1 or more
   * @return the changed walk
   */
  public RandomWalk lifecycles(int count) {
    return with(settings.steps(), Arguments.atLeast("lifecycles", count, 1));
  }

  private RandomWalk with(int steps, int lifecycles) {
    return with(
        new WalkSettings(
            settings.seed(),
            steps,
            lifecycles,
            settings.deployments(),
            settings.engines(),
            settings.gpus(),
            settings.maxInstances(),
            settings.engineBudget(),
            settings.faults()));
  }

  private RandomWalk with(WalkSettings changed) {
    return new RandomWalk(changed, only);
  }

  /**
   * Returns this walk over a number of deployments in each engine. Default: 3.
   *
   * @param count how many deployments, 1 or more
   * @return the changed walk
   */
  public RandomWalk deployments(int count) {
    return over(Arguments.atLeast("deployments", count, 1), settings.engines(), settings.faults());
  }

  /**
   * Returns this walk over a number of engines that share one provider, each with its own owner.
   * Default: 1.
   *
   * @param count how many engines, 1 or more
   * @return the changed walk
   */
  public RandomWalk engines(int count) {
    return over(settings.deployments(), Arguments.atLeast("engines", count, 1), settings.faults());
  }

  /**
   * Returns this walk with GPUs that its deployments share. Default: 0, for none that anybody
   * wants.
   *
   * @param count how many GPUs the provider has, 0 or more
   * @return the changed walk
   */
  public RandomWalk gpus(int count) {
    return with(
        new WalkSettings(
            settings.seed(),
            settings.steps(),
            settings.lifecycles(),
            settings.deployments(),
            settings.engines(),
            count,
            settings.maxInstances(),
            settings.engineBudget(),
            settings.faults()));
  }

  /**
   * Returns this walk with a maximum of instances that the deployments of each engine may have
   * together. Default: 0, for any number.
   *
   * @param count how many instances, 3 or more, as that many may be kept of one deployment; or 0
   * @return the changed walk
   */
  public RandomWalk maxInstances(int count) {
    return with(
        new WalkSettings(
            settings.seed(),
            settings.steps(),
            settings.lifecycles(),
            settings.deployments(),
            settings.engines(),
            settings.gpus(),
            count,
            settings.engineBudget(),
            settings.faults()));
  }

  /**
   * Returns this walk with budgets that the deployments of each engine share, and that are changed
   * at run time. Default: without.
   *
   * @param budgets whether there are
   * @return the changed walk
   */
  public RandomWalk engineBudget(boolean budgets) {
    return with(
        new WalkSettings(
            settings.seed(),
            settings.steps(),
            settings.lifecycles(),
            settings.deployments(),
            settings.engines(),
            settings.gpus(),
            settings.maxInstances(),
            budgets,
            settings.faults()));
  }

  /**
   * Returns this walk with exactly these faults.
   *
   * @param kinds what goes wrong; none for a world in which nothing does
   * @return the changed walk
   */
  public RandomWalk faults(Fault... kinds) {
    Set<Fault> chosen = EnumSet.noneOf(Fault.class);
    chosen.addAll(Set.of(kinds));
    return over(settings.deployments(), settings.engines(), chosen);
  }

  private RandomWalk over(int deployments, int engines, Set<Fault> faults) {
    return with(
        new WalkSettings(
            settings.seed(),
            settings.steps(),
            settings.lifecycles(),
            deployments,
            engines,
            settings.gpus(),
            settings.maxInstances(),
            settings.engineBudget(),
            faults));
  }

  /**
   * Returns this walk without all but some of its steps and faults, to repeat one that was shrunk.
   *
   * @param schedule what is left of it, as the error of the walk has it
   * @return the changed walk
   */
  public RandomWalk only(String schedule) {
    WalkSchedule.parse(requireNonNull(schedule, "schedule"));
    return new RandomWalk(settings, schedule);
  }

  /**
   * Walks. A walk on which something breaks is walked again many times, to find a short one that
   * breaks the same.
   *
   * @return what the walk saw
   * @throws BrokenInvariantError if the engine did what it must never do
   */
  public Result run() {
    try {
      return runOnce();
    } catch (BrokenInvariantError e) {
      throw only.isEmpty() ? WalkShrinker.shrink(settings, e) : e;
    }
  }

  /** Walks, and leaves an error as it comes. */
  Result runOnce() {
    WalkSchedule schedule =
        only.isEmpty() ? WalkSchedule.everything() : WalkSchedule.of(WalkSchedule.parse(only));
    return new Walk(settings, schedule).run();
  }
}
