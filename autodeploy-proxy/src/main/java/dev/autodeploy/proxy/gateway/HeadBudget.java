package dev.autodeploy.proxy.gateway;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory that the heads of requests under way take, beyond a size that few are larger than and
 * that always has room: one caller could else fill it all with requests that wait. Thread-safe.
 */
final class HeadBudget {
  /** The bytes of a head that do not count. */
  static final int FREE = 4096;

  private final long max;
  private final AtomicLong taken = new AtomicLong();

  /**
   * Creates a budget.
   *
   * @param max how many bytes there are
   */
  HeadBudget(long max) {
    this.max = max;
  }

  /** Returns whether there is memory for another head. */
  boolean hasRoomFor(RequestHead head) {
    long size = size(head);
    return size == 0 || taken.get() + size <= max;
  }

  /** Takes what a head needs, whether or not it is there. */
  void take(RequestHead head) {
    taken.addAndGet(size(head));
  }

  void giveBack(RequestHead head) {
    taken.addAndGet(-size(head));
  }

  /** Returns how many bytes are taken. */
  long taken() {
    return taken.get();
  }

  private static long size(RequestHead head) {
    HttpHeaders fields = head.headers();
    long size = head.target().length();
    for (int i = 0; i < fields.size(); i++) {
      size += fields.name(i).length() + fields.value(i).length();
    }
    return Math.max(0, size - FREE);
  }
}
