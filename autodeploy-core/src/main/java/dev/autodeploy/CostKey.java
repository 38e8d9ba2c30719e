package dev.autodeploy;

/** A property by which costs are grouped. */
public enum CostKey {
  /** The deployment's name. */
  DEPLOYMENT,

  /** The hour of the clock in the zone asked for. */
  HOUR,

  /** The calendar day in the zone asked for, which has 23 or 25 hours when its clocks change. */
  DAY,

  /** The week, from Monday, in the zone asked for. */
  WEEK,

  /** The calendar month in the zone asked for. */
  MONTH,

  /** The model of the GPUs that the instance got. */
  GPU_MODEL,

  /** The caller: of a start, for starting, idle and releasing time; of requests, for busy time. */
  CALLER;

  boolean isPeriod() {
    return this == HOUR || this == DAY || this == WEEK || this == MONTH;
  }
}
