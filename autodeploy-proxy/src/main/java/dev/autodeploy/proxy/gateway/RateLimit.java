package dev.autodeploy.proxy.gateway;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * The limit of requests that a caller may send: a bucket for each, which fills up evenly over a
 * period and holds the requests of one period. Thread-safe.
 */
final class RateLimit {
  /** The callers that are told apart; beyond that the ones not seen for longest are forgotten. */
  private static final int MAX_CALLERS = 100_000;

  private final Cache<String, Bucket> buckets;
  private final int requests;
  private final long nanosPerRequest;
  private final LongSupplier nanoTime;

  RateLimit(int requests, Duration period, LongSupplier nanoTime) {
    this.requests = requests;
    this.nanosPerRequest = Math.max(1, period.toNanos() / requests);
    this.nanoTime = nanoTime;
    // A bucket that was not readStarted for a whole period is full, so it need not be kept.
    buckets =
        Caffeine.newBuilder()
            .maximumSize(MAX_CALLERS)
            .expireAfterAccess(period)
            .ticker(nanoTime::getAsLong)
            .build();
  }

  /**
   * Takes a request out of the caller's bucket.
   *
   * @param caller the caller
   * @return zero if it may pass, else how long until the next one may
   */
  Duration take(String caller) {
    Bucket bucket = buckets.get(caller, key -> new Bucket(nanoTime.getAsLong()));
    return Duration.ofNanos(bucket.take(nanoTime.getAsLong()));
  }

  /** Counts by the moment at which the bucket will be full again. */
  private final class Bucket {
    private long fullAt;

    Bucket(long now) {
      fullAt = now;
    }

    synchronized long take(long now) {
      long from = Math.max(fullAt, now);
      long wait = from + nanosPerRequest - now - requests * nanosPerRequest;
      if (wait > 0) {
        return wait;
      }
      fullAt = from + nanosPerRequest;
      return 0;
    }
  }
}
