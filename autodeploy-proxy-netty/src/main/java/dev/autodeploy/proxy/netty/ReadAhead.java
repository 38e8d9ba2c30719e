package dev.autodeploy.proxy.netty;

import java.util.concurrent.atomic.AtomicLong;

/** The bytes of all request bodies that wait for their instances. Thread-safe. */
final class ReadAhead {
  private final long max;
  private final AtomicLong bytes = new AtomicLong();

  /**
   * Creates a budget.
   *
   * @param max beyond how many bytes a body is read only as its instance takes it
   */
  ReadAhead(long max) {
    this.max = max;
  }

  void add(long more) {
    if (more != 0) {
      bytes.addAndGet(more);
    }
  }

  /** Returns how many bytes wait. */
  long bytes() {
    return bytes.get();
  }

  boolean isUsedUp() {
    return bytes.get() > max;
  }
}
