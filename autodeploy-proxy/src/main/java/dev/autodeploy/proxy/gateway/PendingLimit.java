package dev.autodeploy.proxy.gateway;

import java.util.concurrent.atomic.AtomicInteger;

/** The limit of requests that wait for an instance at once. Thread-safe. */
final class PendingLimit {
  private final AtomicInteger pending = new AtomicInteger();
  private final int limit;

  PendingLimit(int limit) {
    this.limit = limit;
  }

  int limit() {
    return limit;
  }

  int pending() {
    return pending.get();
  }

  /** Takes a place among the waiting requests, if there is one. */
  boolean tryAcquire() {
    if (pending.incrementAndGet() > limit) {
      pending.decrementAndGet();
      return false;
    }
    return true;
  }

  /** Gives the place back. */
  void release() {
    pending.decrementAndGet();
  }
}
