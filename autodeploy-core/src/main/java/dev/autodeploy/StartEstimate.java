package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * The time that a start of a deployment takes, from those of its recent instances with the same
 * settings, also of earlier processes; without the time in which a start is prepared, as by a pull.
 * Immutable.
 *
 * @param median the time that half of them took no longer than
 * @param p95 the time that 95 of 100 took no longer than
 * @param starts how many starts that is known from, 1 or more
 */
public record StartEstimate(Duration median, Duration p95, int starts) {
  /**
   * Checks the values.
   *
   * @param median the time that half of them took no longer than
   * @param p95 the time that 95 of 100 took no longer than
   * @param starts how many starts that is known from
   */
  public StartEstimate {
    requireNonNull(median, "median");
    requireNonNull(p95, "p95");
  }

  /**
   * Returns how long a start that is under way will probably take in all: the median, and once that
   * is over the time of the slow ones.
   *
   * @param soFar how long it has been under way
   * @return the time; no longer than it has taken if it is slower than nearly all so far
   */
  public Duration total(Duration soFar) {
    return soFar.compareTo(median) < 0 ? median : p95;
  }
}
