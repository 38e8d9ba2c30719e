package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * The gaps of about one length among all that a deployment has had.
 *
 * @param mean their weighted mean
 * @param atMost an upper bound of their lengths
 * @param weight how much they count, each 1 when it was new and less the older it is; more than 0
 */
public record WeightedGap(Duration mean, Duration atMost, double weight) {

  /**
   * Checks the values.
   *
   * @param mean their weighted mean
   * @param atMost an upper bound of their lengths
   * @param weight how much they count
   */
  public WeightedGap {
    requireNonNull(mean, "mean");
    requireNonNull(atMost, "atMost");
    if (!(weight > 0)) {
      throw new IllegalArgumentException("weight must be more than 0, but was " + weight);
    }
  }
}
