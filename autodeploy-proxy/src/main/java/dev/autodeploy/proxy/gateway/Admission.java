package dev.autodeploy.proxy.gateway;

import java.util.concurrent.atomic.AtomicInteger;

/** Counts the requests that are held, and bounds them. Thread-safe. */
final class Admission {
  private final AtomicInteger held = new AtomicInteger();
  private final int maxPendingTotal;

  Admission(int maxPendingTotal) {
    this.maxPendingTotal = maxPendingTotal;
  }

  int maxPendingTotal() {
    return maxPendingTotal;
  }

  int held() {
    return held.get();
  }

  /** Takes a place among the held requests, if there is one. */
  boolean hold() {
    if (held.incrementAndGet() > maxPendingTotal) {
      held.decrementAndGet();
      return false;
    }
    return true;
  }

  /** Gives the place back. */
  void unhold() {
    held.decrementAndGet();
  }
}
