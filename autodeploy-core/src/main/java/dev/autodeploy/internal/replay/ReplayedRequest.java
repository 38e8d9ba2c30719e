package dev.autodeploy.internal.replay;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.internal.decision.Arrival;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.internal.decision.Waiter;

/** A request of the past that asks again. */
final class ReplayedRequest extends Waiter {
  private final Replay replay;
  private final long busy;
  private boolean answered;

  /**
   * Makes one that has not asked yet.
   *
   * @param busy how long it holds an instance, in nanoseconds
   */
  ReplayedRequest(Replay replay, AcquireRequest request, long at, long deadline, long busy) {
    super(request, at, deadline);
    this.replay = replay;
    this.busy = busy;
  }

  long busy() {
    return busy;
  }

  boolean isAnswered() {
    return answered;
  }

  @Override
  public void granted(Instance instance, Arrival arrival, long waitedNanos) {
    answered = true;
    replay.granted(instance, busy, waitedNanos);
  }

  @Override
  public void rejected(AutoDeployException error) {
    answered = true;
    replay.refused();
  }
}
