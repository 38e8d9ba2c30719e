package dev.autodeploy;

/** The reason for which an instance was started. Every start has exactly one reason. */
public enum StartReason {
  /** A request came while no instance was ready or starting. */
  REQUEST,
  /** Requests waited although every ready instance was at its concurrency. */
  DEMAND,
  /** A request asked for one more instance by {@link RouteRule#scaleOut()}. */
  SCALE_OUT,
  /** Fewer instances than the deployment's minimum existed. */
  MINIMUM,
  /**
   * A request was expected by the idle policy, as by {@link
   * dev.autodeploy.spi.IdlePolicy#adaptive}.
   */
  EXPECTED,
  /** An earlier process left it running and this one took it over. */
  ADOPTED
}
