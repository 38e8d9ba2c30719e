package dev.autodeploy.benchmarks.server;

import java.util.Collection;

/** The summary of many measurements. */
public final class Numbers {
  private Numbers() {}

  /**
   * Returns the value below which a share of the values is.
   *
   * @param values one or more
   * @param share 0 to 1; 0.5 for the median
   * @return the value, between two where it lies between them
   */
  public static double quantile(Collection<Double> values, double share) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    double at = share * (sorted.length - 1);
    int below = (int) at;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }

  /**
   * Returns the median.
   *
   * @param values one or more
   * @return the value in the middle
   */
  public static double median(Collection<Double> values) {
    return quantile(values, 0.5);
  }
}
