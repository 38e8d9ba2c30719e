package dev.autodeploy.spi;

import dev.autodeploy.internal.util.Arguments;
import java.time.Duration;

/**
 * A start ahead of a request that is expected. It is made only if no request has come until then
 * and no instance exists, and once for each idle time of the deployment.
 *
 * @param after the time from the moment at which the deployment had nothing to do any more to the
 *     start
 * @param keep how long the instance is kept once it is ready, if no request comes
 */
public record Prewarm(Duration after, Duration keep) {

  /**
   * Checks the values.
   *
   * @param after the time to the start, zero or longer
   * @param keep how long the instance is kept without a request, zero or longer
   * @throws IllegalArgumentException if one is negative
   */
  public Prewarm {
    Arguments.notNegative("after", after);
    Arguments.notNegative("keep", keep);
  }
}
