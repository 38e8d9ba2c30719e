package dev.autodeploy.internal.decision;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.spi.InstanceExit;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Function;

/** Something that the machine has decided and the shell carries out, in order. */
public sealed interface Effect {

  /** Ask the provider to start an instance. */
  record Start(Instance instance) implements Effect {}

  /** Ask an instance that an earlier process has left until it is ready. */
  record Probe(Instance instance) implements Effect {}

  /** Ask the provider to release an instance and verify that it is gone. */
  record Release(Instance instance, Duration grace) implements Effect {}

  /** Ask the provider to let an instance outlive this process. */
  record Detach(Instance instance) implements Effect {}

  /** Give a waiting caller a lease, which is counted already. */
  record Grant(Waiter waiter, Instance instance, boolean cold, long waitedNanos)
      implements Effect {}

  /** Refuse a caller. */
  record Reject(Waiter waiter, AutoDeployException error) implements Effect {}

  /** Tell the holders of an instance's leases that it is lost. */
  record Lost(Instance instance, InstanceExit exit) implements Effect {}

  /** Close the account of an instance that is verified gone. */
  record Gone(Instance instance, long at) implements Effect {}

  /** Call {@link DeploymentMachine#timer} at a time, instead of any set before. */
  record SetTimer(long at) implements Effect {}

  /** Tell the listeners. */
  record Tell(Function<Instant, DeploymentEvent> event) implements Effect {}

  /** Nothing is left of a deployment that was closed or removed. */
  record Terminated() implements Effect {}
}
