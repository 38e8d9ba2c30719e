package dev.autodeploy.console;

import dev.autodeploy.internal.net.CallerNetwork;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * The pauses after wrong passwords: five attempts for one user from one address, and twenty from
 * one address for all users together, are free; each further one has to wait twice as long as the
 * one before, up to a minute. An IPv6 address counts with its whole /64, as one caller has all of
 * them. Thread-safe.
 */
final class SignInThrottle {
  private static final int FREE_OF_USER = 5;
  private static final int FREE_OF_ADDRESS = 20;

  private static final int MAX_KEPT = 10_000;
  private static final long LONGEST = TimeUnit.MINUTES.toNanos(1);
  private static final long FORGOTTEN = TimeUnit.MINUTES.toNanos(15);

  private final LongSupplier nanoTime;
  private final ReentrantLock lock = new ReentrantLock();

  /** The failures by what they have in common, the longest unused first. Guarded by the lock. */
  private final Map<String, Failures> failures =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Failures> eldest) {
          return size() > MAX_KEPT;
        }
      };

  private record Failures(int count, long last, long pause) {}

  SignInThrottle(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Returns how long this attempt has to wait; zero if it may be made now. */
  Duration pause(String user, String address) {
    long now = nanoTime.getAsLong();
    lock.lock();
    try {
      return Duration.ofNanos(
          Math.max(left(ofUser(user, address), now), left(ofAddress(address), now)));
    } finally {
      lock.unlock();
    }
  }

  /** Counts an attempt before its password is checked, so that many at once count as well. */
  void attempted(String user, String address) {
    long now = nanoTime.getAsLong();
    lock.lock();
    try {
      count(ofUser(user, address), FREE_OF_USER, now);
      count(ofAddress(address), FREE_OF_ADDRESS, now);
    } finally {
      lock.unlock();
    }
  }

  /** Forgets the attempts for a user, and takes this one off those of its address. */
  void succeeded(String user, String address) {
    lock.lock();
    try {
      failures.remove(ofUser(user, address));
      failures.computeIfPresent(
          ofAddress(address),
          (key, f) -> f.count() <= 1 ? null : new Failures(f.count() - 1, f.last(), 0));
    } finally {
      lock.unlock();
    }
  }

  private long left(String key, long now) {
    Failures of = failures.get(key);
    return of == null ? 0 : Math.max(0, of.last() + of.pause() - now);
  }

  private void count(String key, int free, long now) {
    Failures before = failures.get(key);
    int count = before == null || now - before.last() > FORGOTTEN ? 1 : before.count() + 1;
    int over = Math.min(count - free, 30);
    long pause = over < 0 ? 0 : Math.min(LONGEST, TimeUnit.SECONDS.toNanos(1L << over));
    failures.put(key, new Failures(count, now, pause));
  }

  private static String ofUser(String user, String address) {
    return ofAddress(address) + " " + user;
  }

  private static String ofAddress(String address) {
    return CallerNetwork.ofLiteral(address);
  }
}
