package dev.autodeploy.internal.decision;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.SleepMode;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.spi.InstanceExit;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A consequence of a decision. Effects are carried out outside of the lock, in order. */
public sealed interface Effect {

  /** Ask the provider to start an instance. */
  record Start(Instance instance) implements Effect {}

  /** Probe an instance of an earlier process until it is ready. */
  record Probe(Instance instance) implements Effect {}

  /**
   * Ask whether an instance still works, and has what it was given.
   *
   * @param number the number of the question
   * @param liveness whether its liveness probe is asked
   */
  record Check(Instance instance, int number, boolean liveness) implements Effect {}

  /**
   * Put an instance to sleep.
   *
   * @param order the number of the order
   */
  record Sleep(Instance instance, int order, SleepMode mode) implements Effect {}

  /**
   * Wake an instance.
   *
   * @param order the number of the order
   */
  record Wake(Instance instance, int order, SleepMode mode) implements Effect {}

  /**
   * Ask the provider to release an instance and verify that it is gone; one whose start was never
   * asked for is gone already.
   */
  record Release(Instance instance, Duration grace, boolean startAsked) implements Effect {}

  /** Ask the provider to let an instance outlive this process. */
  record Detach(Instance instance) implements Effect {}

  /** Give a waiting caller a lease, which is counted already. */
  record Grant(Waiter waiter, Instance instance, Arrival arrival, long waitedNanos)
      implements Effect {}

  /** Reject a caller. */
  record Reject(Waiter waiter, AutoDeployException error) implements Effect {}

  /** Tell the holders of an instance's leases that the instance is lost. */
  record LeasesLost(Instance instance, InstanceExit exit) implements Effect {}

  /** Close the account of an instance that is verified gone. */
  record Gone(Instance instance, long at) implements Effect {}

  /** Call {@link DeploymentMachine#timer} at a time, instead of any set before. */
  record SetTimer(long at) implements Effect {}

  /** Publish an event to the listeners. */
  record Publish(Function<Instant, DeploymentEvent> event) implements Effect {}

  /** Nothing is left of a deployment that was closed or removed. */
  record Terminated() implements Effect {}

  /**
   * Tell the arbiter how much room is wanted.
   *
   * @param count for how many instances, 0 for none any longer
   * @param received how many rooms have been received so far
   * @param asleep the room of the instance that is to be woken in it; null for starts
   * @param hostBytes the memory of the host that counts for each instance
   */
  record Want(GpuRequest request, int count, int received, @Nullable Room asleep, long hostBytes)
      implements Effect {

    /** Wants room for starts, of which no memory of the host counts. */
    public Want(GpuRequest request, int count, int received) {
      this(request, count, received, null, 0);
    }
  }

  /**
   * Tell provider and arbiter that an instance sleeps, and leaves its room.
   *
   * @param keptBytes the memory that it keeps on each GPU; others may have the rest
   * @param late whether it slept before, and kept its room so far
   */
  record Slumber(Instance instance, Room room, long keptBytes, boolean late) implements Effect {}

  /** Write that an instance which was asleep without its room keeps it from now on. */
  record KeepsRoom(Instance instance) implements Effect {}

  /** Give room back that is no longer wanted. */
  record RoomBack(Room room) implements Effect {}

  /** Tell the arbiter that the provider had no room after all. */
  record NoRoom(Room room, String message) implements Effect {}

  /** Asks the arbiter to look: something has changed while others wait for room. */
  record Look() implements Effect {}
}
