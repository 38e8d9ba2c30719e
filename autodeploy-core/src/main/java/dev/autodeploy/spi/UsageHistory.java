package dev.autodeploy.spi;

import java.time.Duration;
import java.util.List;

/**
 * The recent past of a deployment, as far as an {@link IdlePolicy} needs it. Bounded: the last
 * {@value #LIMIT} values of each kind. Valid only during the call that it is handed to.
 */
public interface UsageHistory {

  /** The number of values of each kind that are kept. */
  int LIMIT = 128;

  /**
   * Returns the deployment's name.
   *
   * @return the name
   */
  String deployment();

  /**
   * Returns the recent gaps: the times in which the deployment had neither a lease open nor anybody
   * waiting, each ended by a request. Gaps in which it was released count as well.
   *
   * @return the gaps, oldest first
   */
  List<Duration> recentGaps();

  /**
   * Returns the recent start durations, from the start request to ready.
   *
   * @return the durations, oldest first
   */
  List<Duration> recentStartDurations();
}
