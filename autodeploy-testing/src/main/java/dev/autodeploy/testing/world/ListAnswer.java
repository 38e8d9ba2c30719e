package dev.autodeploy.testing.world;

import java.time.Duration;
import java.util.function.Predicate;

/**
 * The answer to one call to list the instances of a {@link SimulatedWorld}.
 *
 * @param takes how long it takes
 * @param stale whether it tells what was there when it was asked, rather than when it is answered
 * @param fails whether it fails in the end
 * @param shows which instances it shows
 */
public record ListAnswer(
    Duration takes, boolean stale, boolean fails, Predicate<SimulatedMachine> shows) {

  /**
   * Returns the true answer.
   *
   * @param takes how long it takes
   * @return the answer
   */
  public static ListAnswer after(Duration takes) {
    return new ListAnswer(takes, false, false, machine -> true);
  }
}
