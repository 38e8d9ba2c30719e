package dev.autodeploy;

import static java.util.Objects.requireNonNull;

/** The choice of the instance of a deployment that a request goes to. Immutable. */
public sealed interface RouteRule {

  /** The least loaded instance with room; one is started if there is none. The default. */
  record Default() implements RouteRule {}

  /** One more instance, started for this request. */
  record ScaleOut() implements RouteRule {}

  /** A random ready instance; none is started. */
  record Random() implements RouteRule {}

  /** The next ready instance in order; none is started. */
  record RoundRobin() implements RouteRule {}

  /**
   * Exactly one instance.
   *
   * @param instanceId the instance
   */
  record Instance(String instanceId) implements RouteRule {
    /**
     * Checks the values.
     *
     * @param instanceId the instance
     */
    public Instance {
      requireNonNull(instanceId, "instanceId");
    }
  }

  /** An instance that is ready or starting, as by default; none is started where there is none. */
  record Running() implements RouteRule {}

  /**
   * One instance if it is ready, else any, as by default.
   *
   * @param instanceId the instance
   */
  record Preferred(String instanceId) implements RouteRule {
    /**
     * Checks the values.
     *
     * @param instanceId the instance
     */
    public Preferred {
      requireNonNull(instanceId, "instanceId");
    }
  }

  /**
   * Returns the rule for the least loaded instance with room; one is started if there is none.
   *
   * @return the default rule
   */
  static RouteRule defaultRule() {
    return new Default();
  }

  /**
   * Returns the rule that starts one more instance and is answered by it; at the deployment's
   * maximum it is refused with {@link ErrorCode#REPLICA_QUOTA_EXCEEDED}.
   *
   * @return the rule
   */
  static RouteRule scaleOut() {
    return new ScaleOut();
  }

  /**
   * Returns the rule for a random ready instance; refused with {@link
   * ErrorCode#ROUTE_TARGET_NOT_FOUND} when none is ready.
   *
   * @return the rule
   */
  static RouteRule random() {
    return new Random();
  }

  /**
   * Returns the rule for the next ready instance in order; refused with {@link
   * ErrorCode#ROUTE_TARGET_NOT_FOUND} when none is ready.
   *
   * @return the rule
   */
  static RouteRule roundRobin() {
    return new RoundRobin();
  }

  /**
   * Returns the rule for exactly one instance, as for a conversation of several calls; refused with
   * {@link ErrorCode#ROUTE_TARGET_NOT_FOUND} when it does not exist.
   *
   * @param instanceId the instance
   * @return the rule
   */
  static RouteRule instance(String instanceId) {
    return new Instance(instanceId);
  }

  /**
   * Returns the rule that wakes nothing: the default one while an instance is ready or starting,
   * else refused with {@link ErrorCode#ROUTE_TARGET_NOT_FOUND}.
   *
   * @return the rule
   */
  static RouteRule running() {
    return new Running();
  }

  /**
   * Returns the rule for one instance as long as it is ready, as for callers whose state is there:
   * where it is at its concurrency they wait for it, as another one would answer them wrongly. When
   * it is gone they get any other, by the default rule.
   *
   * @param instanceId the instance
   * @return the rule
   */
  static RouteRule preferred(String instanceId) {
    return new Preferred(instanceId);
  }
}
