package dev.autodeploy.internal.decision;

import dev.autodeploy.GpuRequest;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The room that a deployment wants from the {@link Arbiter}, which is told when that changes. */
final class RoomDemand {
  private final Outbox outbox;
  private GpuRequest request = GpuRequest.none();
  private @Nullable Room asleep;
  private int count;
  private int received;
  private int receivedTold;
  private @Nullable RoomWait waitsFor;

  RoomDemand(Outbox outbox) {
    this.outbox = outbox;
  }

  /**
   * Wants room for a number of instances, in all.
   *
   * @param sleeper the room of the one that is to be woken in it, or null for starts
   */
  void want(GpuRequest wanted, int instances, @Nullable Room sleeper) {
    boolean same = instances == count && receivedTold == received;
    if (same && (instances == 0 || (wanted.equals(request) && Objects.equals(sleeper, asleep)))) {
      return;
    }
    request = wanted;
    asleep = sleeper;
    count = instances;
    receivedTold = received;
    outbox.add(new Effect.Want(wanted, instances, received, sleeper));
  }

  void waits(@Nullable RoomWait what) {
    waitsFor = what;
  }

  @Nullable RoomWait waitsFor() {
    return waitsFor;
  }

  /** Returns the room of the instance that is to be woken in it, or null. */
  @Nullable Room asleep() {
    return isWanted() ? asleep : null;
  }

  boolean isWanted() {
    return count > 0;
  }

  /** Room has been received, whether it is used or not. */
  void received() {
    received++;
  }
}
