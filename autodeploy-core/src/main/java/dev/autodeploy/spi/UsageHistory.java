package dev.autodeploy.spi;

import java.time.Duration;
import java.util.ArrayList;
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
   * Returns how the gaps are distributed, all that there have been, older ones with less weight: a
   * gap's weight halves with every 24 gaps of 30 s or longer that come after it. Short gaps, of
   * which a burst of requests has many, push nothing out.
   *
   * @return the gaps by their lengths, shortest first; empty before the first one
   */
  default List<WeightedGap> gaps() {
    List<WeightedGap> list = new ArrayList<>();
    recentGaps().stream().sorted().forEach(gap -> list.add(new WeightedGap(gap, gap, 1)));
    return list;
  }

  /**
   * Returns the recent start durations, from the start request to ready.
   *
   * @return the durations, oldest first
   */
  List<Duration> recentStartDurations();
}
