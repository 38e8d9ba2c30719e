package dev.autodeploy.internal.decision;

import dev.autodeploy.GpuRequest;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The room that a deployment wants from the {@link Arbiter}, which is told when that changes. */
final class RoomDemand {
  private final Outbox outbox;
  private GpuRequest request = GpuRequest.none();
  private @Nullable Room asleep;
  private long hostBytes;
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
   * @param memory the memory of the host that counts for each
   * @param sleeper the room of the one that is to be woken in it, or null for starts
   */
  void want(GpuRequest wanted, long memory, int instances, @Nullable Room sleeper) {
    boolean same = wanted.equals(request) && memory == hostBytes && Objects.equals(sleeper, asleep);
    if (instances == count && receivedTold == received && (instances == 0 || same)) {
      return;
    }
    hostBytes = memory;
    request = wanted;
    asleep = sleeper;
    count = instances;
    receivedTold = received;
    outbox.add(new Effect.Want(wanted, instances, received, sleeper, memory));
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
