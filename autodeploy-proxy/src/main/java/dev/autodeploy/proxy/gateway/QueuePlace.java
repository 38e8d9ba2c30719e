package dev.autodeploy.proxy.gateway;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.net.CallerNetwork;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * The place of one request among those that wait: for its deployment, and at all. It is taken by
 * the thread that serves the request, and left by any.
 */
final class QueuePlace {
  private static final int MAX_ASKED = 3;

  private static final AtomicIntegerFieldUpdater<QueuePlace> TAKEN =
      AtomicIntegerFieldUpdater.newUpdater(QueuePlace.class, "taken");

  private final LinkServices services;
  private final LinkCall call;
  private final InstanceWait waiting;
  private volatile int taken;
  private int asked;

  /** The entries in the shares; guarded by the lock of {@link QueueShares}. */
  ArrivalOrder.@Nullable Entry<QueuePlace> inQueue;

  ArrivalOrder.@Nullable Entry<QueuePlace> inAll;

  /**
   * Creates a place that is not taken yet.
   *
   * @param services the places of all, and the limit of all that wait
   * @param call the request
   * @param waiting its wait
   */
  QueuePlace(LinkServices services, LinkCall call, InstanceWait waiting) {
    this.services = services;
    this.call = call;
    this.waiting = waiting;
  }

  /** Takes the place; returns false if there is none, and no caller has more than this one. */
  boolean take() {
    boolean free = services.pendingLimit().tryAcquire();
    while (!free && asked++ < MAX_ASKED && services.shares().makeRoom(QueueShares.ALL, caller())) {
      free = services.pendingLimit().tryAcquire();
    }
    if (free) {
      taken = 1;
      services.shares().add(this);
    }
    return free;
  }

  /** Leaves the place, if it is taken. */
  void leave() {
    if (TAKEN.compareAndSet(this, 1, 0)) {
      services.pendingLimit().release();
      services.shares().remove(this);
    }
  }

  /** Gives the place to another caller; returns false if its request no longer waits. */
  boolean giveUp() {
    return waiting.giveUpPlace();
  }

  /** Returns whether another try may succeed, as another caller has just made room. */
  boolean makesRoomAfter(Throwable error) {
    return error instanceof AutoDeployException failure
        && failure.code() == ErrorCode.QUEUE_FULL
        && asked++ < MAX_ASKED
        && services.shares().makeRoom(queue(), caller());
  }

  /** Returns the name of the deployment whose queue it is in. */
  String queue() {
    return call.route().deployment();
  }

  /**
   * Returns what stands for the caller: the token that opened the link, or without one the network
   * that the request came from.
   */
  String caller() {
    String tokenId = call.tokenId();
    return tokenId != null ? tokenId : CallerNetwork.of(call.head().remote().getAddress());
  }
}
