package dev.autodeploy.proxy.gateway;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.net.CallerNetwork;
import dev.autodeploy.proxy.LinkRequest;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * The place of one request among those that wait: for its deployment, and at all. It is taken by
 * the thread that serves the request, and left by any.
 */
final class QueuePlace {
  private static final int MAX_ASKED = 3;

  private static final AtomicIntegerFieldUpdater<QueuePlace> COUNTED =
      AtomicIntegerFieldUpdater.newUpdater(QueuePlace.class, "counted");
  private static final AtomicReferenceFieldUpdater<QueuePlace, @Nullable Long> NUMBER =
      AtomicReferenceFieldUpdater.newUpdater(QueuePlace.class, Long.class, "number");

  private final QueueShares shares;
  private final PendingLimit limit;
  private final LinkRequest request;
  private final @Nullable String tokenId;
  private volatile int counted;
  private volatile @Nullable Long number;
  private volatile @Nullable String caller;
  private int asked;

  /**
   * Creates a place that is not taken yet.
   *
   * @param shares the places of all
   * @param limit the limit of all that wait
   * @param request the request
   * @param tokenId what stands for the token that opened the link, or null: then callers are told
   *     by address
   */
  QueuePlace(
      QueueShares shares, PendingLimit limit, LinkRequest request, @Nullable String tokenId) {
    this.shares = shares;
    this.limit = limit;
    this.request = request;
    this.tokenId = tokenId;
  }

  /** Takes the place; returns false if there is none, and no caller has more than this one. */
  boolean take(InstanceWait waiting) {
    boolean free = limit.tryAcquire();
    while (!free && asked++ < MAX_ASKED && shares.makeRoom(QueueShares.ALL, caller())) {
      free = limit.tryAcquire();
    }
    if (free) {
      counted = 1;
      number = shares.add(request.deployment(), caller(), waiting);
    }
    return free;
  }

  void leave() {
    if (COUNTED.compareAndSet(this, 1, 0)) {
      limit.release();
    }
    Long taken = NUMBER.getAndSet(this, null);
    if (taken != null) {
      shares.remove(request.deployment(), caller(), taken);
    }
  }

  /** Returns whether another try may succeed, as another caller has just made room. */
  boolean makesRoomAfter(Throwable error) {
    return error instanceof AutoDeployException failure
        && failure.code() == ErrorCode.QUEUE_FULL
        && asked++ < MAX_ASKED
        && shares.makeRoom(request.deployment(), caller());
  }

  private String caller() {
    String known = caller;
    if (known == null) {
      known = tokenId != null ? tokenId : CallerNetwork.of(request.remote().getAddress());
      caller = known;
    }
    return known;
  }
}
