package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.StartReason;

/** An instance with times as a test wants them, for tests of other packages. */
public final class InstanceFixture {
  private final Instance instance;

  private InstanceFixture(Instance instance) {
    this.instance = instance;
  }

  /** Returns a starting instance {@code i-1}, whose start the provider was asked for or not. */
  public static InstanceFixture startRequestedAt(long at, boolean asked) {
    return startRequestedAt(at, asked, GpuRequest.none());
  }

  /** Returns one that has GPUs. */
  public static InstanceFixture startRequestedAt(long at, boolean asked, GpuRequest gpu) {
    DeploymentSpec spec = DeploymentSpec.builder("voice").port(1).gpu(gpu).build();
    Instance instance =
        new Instance("i-1", 0, StartReason.REQUEST, spec, "f", spec.gpu(), null, at, NEVER);
    instance.startAsked = asked;
    return new InstanceFixture(instance);
  }

  public Instance instance() {
    return instance;
  }

  public InstanceFixture readyAt(long at) {
    instance.readyAt = at;
    return this;
  }

  public InstanceFixture idleSince(long at) {
    instance.idleSince = at;
    return this;
  }

  public InstanceFixture busy(long nanos) {
    instance.busyNanos = nanos;
    return this;
  }

  public InstanceFixture busySince(long at) {
    instance.busySince = at;
    instance.inFlight = 1;
    return this;
  }

  public InstanceFixture asleepSince(long at) {
    instance.sleep.begins(at, false);
    return this;
  }

  public InstanceFixture wokenAt(long at) {
    instance.sleep.ends(at);
    return this;
  }

  public InstanceFixture releaseRequestedAt(long at) {
    instance.releaseRequestedAt = at;
    return this;
  }
}
