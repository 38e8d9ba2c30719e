package dev.autodeploy.replay;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.Budget;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Money;
import dev.autodeploy.Schedule;
import dev.autodeploy.internal.policy.CostMeters;
import dev.autodeploy.internal.replay.Replay;
import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.IdlePolicy;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A deployment over requests of the past: what it would have cost, and who would have waited. The
 * engine's own decisions and ledger run in virtual time; every start succeeds after the same time,
 * and there are always GPUs. Immutable and thread-safe: each setter returns another one.
 */
public final class CostReplay {
  private static final DeploymentSpec ANY =
      DeploymentSpec.builder("what-if").startCommand("none").port(8080).build();

  private final Traffic traffic;
  private final DeploymentSpec spec;
  private final IdlePolicy enginePolicy;
  private final CostMeter costMeter;
  private final Duration startDuration;
  private final Duration releaseDuration;
  private final @Nullable Instant measuredFrom;

  private CostReplay(
      Traffic traffic,
      DeploymentSpec spec,
      IdlePolicy enginePolicy,
      CostMeter costMeter,
      Duration startDuration,
      Duration releaseDuration,
      @Nullable Instant measuredFrom) {
    this.traffic = traffic;
    this.spec = spec;
    this.enginePolicy = enginePolicy;
    this.costMeter = costMeter;
    this.startDuration = startDuration;
    this.releaseDuration = releaseDuration;
    this.measuredFrom = measuredFrom;
  }

  /**
   * Returns the replay of a deployment with the default settings, free of charge.
   *
   * @param traffic the requests
   * @return the replay
   */
  public static CostReplay of(Traffic traffic) {
    return new CostReplay(
        requireNonNull(traffic, "traffic"),
        ANY,
        IdlePolicy.after(IdlePolicy.DEFAULT_TIMEOUT),
        CostMeter.free(),
        Duration.ofMinutes(1),
        Duration.ZERO,
        null);
  }

  /**
   * Sets the deployment: its idle policy, budget, schedule, GPUs, price, concurrency and numbers of
   * instances count.
   *
   * @param value the specification
   * @return the replay
   */
  public CostReplay spec(DeploymentSpec value) {
    return with(requireNonNull(value, "spec"));
  }

  /**
   * Sets the deployment's idle policy. Default: a timeout of 5 minutes.
   *
   * @param policy the policy
   * @return the replay
   */
  public CostReplay idlePolicy(IdlePolicy policy) {
    return with(spec.toBuilder().idlePolicy(policy).build());
  }

  /**
   * Sets the deployment's budget. Default: none.
   *
   * @param budget the budget
   * @return the replay
   */
  public CostReplay budget(Budget budget) {
    return with(spec.toBuilder().budget(budget).build());
  }

  /**
   * Sets the deployment's schedule. Default: none.
   *
   * @param schedule the schedule
   * @return the replay
   */
  public CostReplay schedule(Schedule schedule) {
    return with(spec.toBuilder().schedule(schedule).build());
  }

  /**
   * Sets the idle policy of a deployment that has none of its own, as the engine's is. Default: a
   * timeout of 5 minutes.
   *
   * @param policy the policy
   * @return the replay
   */
  public CostReplay enginePolicy(IdlePolicy policy) {
    requireNonNull(policy, "policy");
    return new CostReplay(
        traffic, spec, policy, costMeter, startDuration, releaseDuration, measuredFrom);
  }

  /**
   * Sets what instances cost, unless the deployment has a price of its own. Default: nothing.
   *
   * @param meter the meter
   * @return the replay
   */
  public CostReplay costMeter(CostMeter meter) {
    requireNonNull(meter, "meter");
    return new CostReplay(
        traffic, spec, enginePolicy, meter, startDuration, releaseDuration, measuredFrom);
  }

  /**
   * Sets how long a start takes. Default: a minute.
   *
   * @param duration the time from the start request to ready, zero or longer
   * @return the replay
   */
  public CostReplay startDuration(Duration duration) {
    Arguments.notNegative("startDuration", duration);
    return new CostReplay(
        traffic, spec, enginePolicy, costMeter, duration, releaseDuration, measuredFrom);
  }

  /**
   * Returns how long a start takes.
   *
   * @return the time from the start request to ready
   */
  public Duration startDuration() {
    return startDuration;
  }

  /**
   * Returns the requests that it is about.
   *
   * @return the requests
   */
  public Traffic traffic() {
    return traffic;
  }

  /**
   * Sets how long a release takes, which is paid for too. Default: no time.
   *
   * @param duration the time until an instance is verified gone, zero or longer
   * @return the replay
   */
  public CostReplay releaseDuration(Duration duration) {
    Arguments.notNegative("releaseDuration", duration);
    return new CostReplay(
        traffic, spec, enginePolicy, costMeter, startDuration, duration, measuredFrom);
  }

  /**
   * Sets from when on the outcome counts: requests before that are only learned from. Default: from
   * the beginning.
   *
   * @param moment the moment
   * @return the replay
   */
  public CostReplay measuredFrom(Instant moment) {
    requireNonNull(moment, "moment");
    return new CostReplay(
        traffic, spec, enginePolicy, costMeter, startDuration, releaseDuration, moment);
  }

  /**
   * Returns the same with one instance, or the deployment's minimum if that is higher, kept all the
   * time, regardless of schedule and budget, and ready from the beginning.
   *
   * @return the replay
   */
  public CostReplay alwaysOn() {
    DeploymentSpec.Builder kept =
        DeploymentSpec.builder(spec.name())
            .startCommand("none")
            .port(spec.port())
            .gpu(spec.gpu())
            .concurrency(spec.concurrency())
            .maxPending(spec.maxPending())
            .maxInstances(spec.maxInstances())
            .minInstances(Math.max(1, spec.minInstances()));
    if (spec.pricePerHour() != null) {
      kept.pricePerHour(spec.pricePerHour());
    }
    return with(kept.build()).startDuration(Duration.ZERO);
  }

  private CostReplay with(DeploymentSpec other) {
    return new CostReplay(
        traffic, other, enginePolicy, costMeter, startDuration, releaseDuration, measuredFrom);
  }

  /**
   * Runs it, on the calling thread: about a second for a million requests.
   *
   * @return the outcome
   */
  public ReplayResult run() {
    Money price = spec.pricePerHour();
    Instant from = measuredFrom;
    return Replay.run(
        traffic,
        spec.toBuilder()
            .sleepAfter(null) // nobody knows how they wake
            .sleepMode(null)
            .startTimeout(spec.startTimeout().plus(startDuration)) // no start of the replay fails
            .build(),
        enginePolicy,
        price == null ? costMeter : CostMeters.Hourly.perInstance(price),
        new Replay.Timing(startDuration, releaseDuration, from == null ? traffic.from() : from));
  }
}
