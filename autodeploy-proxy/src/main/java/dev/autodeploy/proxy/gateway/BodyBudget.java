package dev.autodeploy.proxy.gateway;

import java.util.concurrent.atomic.AtomicLong;

/** The memory that bodies take which were read before there is an instance. Thread-safe. */
final class BodyBudget {
  /** A body of up to so many bytes is read before an instance is asked for. */
  static final int MAX_BODY = 64 * 1024;

  private final AtomicLong left;

  BodyBudget(long bytes) {
    left = new AtomicLong(bytes);
  }

  /**
   * Takes what a body may need.
   *
   * @param bodyLength its length, or {@link RequestHead#CHUNKED}: such a body may be a stream that
   *     its instance has to get as it comes
   * @return how many bytes were taken, 0 if the body is not to be read ahead
   */
  int take(long bodyLength) {
    if (bodyLength <= 0 || bodyLength > MAX_BODY) {
      return 0;
    }
    int need = (int) bodyLength;
    if (left.addAndGet(-need) < 0) {
      left.addAndGet(need);
      return 0;
    }
    return need;
  }

  /** Takes so many bytes, if there are as many. */
  boolean reserve(int bytes) {
    if (left.addAndGet(-bytes) < 0) {
      left.addAndGet(bytes);
      return false;
    }
    return true;
  }

  void giveBack(int bytes) {
    left.addAndGet(bytes);
  }
}
