package dev.autodeploy.internal.replay;

import dev.autodeploy.replay.Traffic;
import java.time.Duration;

/** The format of the lines of a file of requests. */
public interface TrafficLine {

  /** Returns whether a first line is only a heading. */
  boolean isHeading(String line);

  /**
   * Adds the request of a line.
   *
   * @param busy how long it keeps an instance busy if the line does not say it
   * @param path the beginning of the paths that count
   * @return whether it counts
   * @throws IllegalArgumentException if it cannot be read, with the reason
   */
  boolean addTo(Traffic.Builder traffic, String line, Duration busy, String path);
}
