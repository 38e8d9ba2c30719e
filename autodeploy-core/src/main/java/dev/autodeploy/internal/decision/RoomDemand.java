package dev.autodeploy.internal.decision;

import dev.autodeploy.GpuRequest;
import org.jspecify.annotations.Nullable;

/** The room that a deployment wants from the {@link Arbiter}, which is told when that changes. */
final class RoomDemand {
  private final Outbox outbox;
  private GpuRequest request = GpuRequest.none();
  private int count;
  private int received;
  private int receivedTold;
  private @Nullable RoomWait waitsFor;

  RoomDemand(Outbox outbox) {
    this.outbox = outbox;
  }

  /** Wants room for a number of instances, in all. */
  void want(GpuRequest wanted, int instances) {
    boolean same = instances == count && receivedTold == received;
    if (same && (instances == 0 || wanted.equals(request))) {
      return;
    }
    request = wanted;
    count = instances;
    receivedTold = received;
    outbox.add(new Effect.Want(wanted, instances, received));
  }

  void waits(@Nullable RoomWait what) {
    waitsFor = what;
  }

  @Nullable RoomWait waitsFor() {
    return waitsFor;
  }

  boolean isWanted() {
    return count > 0;
  }

  /** Room has been received, whether it is used or not. */
  void received() {
    received++;
  }
}
