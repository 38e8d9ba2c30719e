package dev.autodeploy.internal.decision;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Schedule;
import dev.autodeploy.internal.spec.SpecFingerprint;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The specification of a deployment that is in force, and whether it still takes requests. */
final class Declaration {
  private enum Lifecycle {
    OPEN,
    REMOVED,
    CLOSED
  }

  private DeploymentSpec spec;
  private @Nullable String fingerprint;
  private Lifecycle lifecycle = Lifecycle.OPEN;

  /** Made with a schedule: most deployments have none. */
  private @Nullable OpeningHours hours;

  private Allowance allowance = Allowance.UNLIMITED;

  /** The provider's word on whether others can have the room of instances that sleep. */
  private boolean sleepersCanLeave = true;

  /** The engine's word that all instances together are limited, whatever they need besides. */
  private boolean sharesHost;

  /**
   * Declares a deployment.
   *
   * @param fingerprint the specification's, or null to take it when it is first needed
   */
  Declaration(DeploymentSpec spec, @Nullable String fingerprint) {
    this.spec = spec;
    this.fingerprint = fingerprint;
    this.hours = hours(spec);
  }

  private static @Nullable OpeningHours hours(DeploymentSpec spec) {
    Schedule schedule = spec.schedule();
    return schedule == null ? null : new OpeningHours(schedule);
  }

  DeploymentSpec spec() {
    return spec;
  }

  String fingerprint() {
    String known = fingerprint;
    if (known == null) { // most deployments of a host with many are on standby
      known = SpecFingerprint.of(spec);
      fingerprint = known;
    }
    return known;
  }

  /** Returns the schedule, or null. */
  @Nullable OpeningHours hours() {
    return hours;
  }

  /** Takes note of the time of day; returns whether something else is in force than before. */
  boolean tell(long now, Instant wall) {
    return hours != null && hours.tell(now, wall);
  }

  /** Returns what the schedule has in force. */
  Schedule.State scheduled() {
    return hours == null ? OpeningHours.ALWAYS : hours.state();
  }

  /** Returns how many instances are kept even without requests at this time. */
  int minInstances() {
    Schedule.State state = scheduled();
    return state.closed() ? 0 : Math.max(spec.minInstances(), state.warm());
  }

  boolean sharesHost() {
    return sharesHost;
  }

  void shareHost() {
    sharesHost = true;
  }

  boolean sleepersCanLeave() {
    return sleepersCanLeave;
  }

  void sleepersKeepRoom() {
    sleepersCanLeave = false;
  }

  Allowance allowance() {
    return allowance;
  }

  /** Takes note of what the budget allows. */
  void allow(Allowance newAllowance) {
    allowance = newAllowance;
  }

  /** Returns whether instances may be started: it takes requests, and can pay for them. */
  boolean mayStart() {
    return isOpen() && allowance.start();
  }

  boolean isOpen() {
    return lifecycle == Lifecycle.OPEN;
  }

  boolean isRemoved() {
    return lifecycle == Lifecycle.REMOVED;
  }

  /** Puts another specification in force; returns whether running instances do not fit it. */
  boolean replace(DeploymentSpec newSpec, String newFingerprint) {
    boolean unfit = !newFingerprint.equals(fingerprint());
    if (!Objects.equals(spec.schedule(), newSpec.schedule())) {
      hours = hours(newSpec);
    }
    spec = newSpec;
    fingerprint = newFingerprint;
    return unfit;
  }

  void reopen() {
    lifecycle = Lifecycle.OPEN;
  }

  void remove() {
    lifecycle = Lifecycle.REMOVED;
  }

  void close() {
    lifecycle = Lifecycle.CLOSED;
  }
}
