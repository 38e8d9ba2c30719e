package dev.autodeploy.proxy.jdk;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts exchanges that were broken off after their handler had returned. The server never forgets
 * their connections (about 5 KB each); this happens only where requests are held without virtual
 * threads. Thread-safe.
 */
final class DetachedAborts {
  private final AtomicLong number = new AtomicLong();

  void count() {
    number.incrementAndGet();
  }

  long number() {
    return number.get();
  }
}
