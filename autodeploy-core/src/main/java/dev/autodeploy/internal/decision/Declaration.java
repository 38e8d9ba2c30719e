package dev.autodeploy.internal.decision;

import dev.autodeploy.DeploymentSpec;

/** The specification of a deployment that is in force, and whether it still takes requests. */
final class Declaration {
  private enum Lifecycle {
    OPEN,
    REMOVED,
    CLOSED
  }

  private DeploymentSpec spec;
  private String fingerprint;
  private Lifecycle lifecycle = Lifecycle.OPEN;

  Declaration(DeploymentSpec spec, String fingerprint) {
    this.spec = spec;
    this.fingerprint = fingerprint;
  }

  DeploymentSpec spec() {
    return spec;
  }

  String fingerprint() {
    return fingerprint;
  }

  boolean isOpen() {
    return lifecycle == Lifecycle.OPEN;
  }

  boolean isRemoved() {
    return lifecycle == Lifecycle.REMOVED;
  }

  /** Puts another specification in force; returns whether running instances do not fit it. */
  boolean replace(DeploymentSpec newSpec, String newFingerprint) {
    boolean unfit = !newFingerprint.equals(fingerprint);
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
