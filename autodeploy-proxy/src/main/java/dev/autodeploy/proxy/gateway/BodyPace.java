package dev.autodeploy.proxy.gateway;

import dev.autodeploy.spi.Ticker;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The pace at which a client sends the body of its request. Only the time that is spent waiting for
 * the client counts, not what an instance takes to read. Written by one thread, read by any.
 */
public final class BodyPace {
  private final Ticker ticker;
  private final Limits limits;
  private volatile long since = Relay.NOT_WAITING;
  private volatile long waited;
  private volatile long bytes;

  /**
   * The slowest pace that is allowed.
   *
   * @param minRate bytes per second, on average, or 0 for any
   * @param grace how long nothing is asked of a client
   * @param total how long all of a body may be waited for
   */
  public record Limits(long minRate, Duration grace, Duration total) {
    /** Any pace. */
    public static final Limits NONE = new Limits(0, Duration.ZERO, Duration.ofDays(3650));
  }

  /**
   * Creates a pace.
   *
   * @param ticker the clock
   * @param limits the slowest pace that is allowed
   */
  public BodyPace(Ticker ticker, Limits limits) {
    this.ticker = ticker;
    this.limits = limits;
  }

  /** The client is waited for. */
  public void begin() {
    since = ticker.read();
  }

  /**
   * The client is no longer waited for.
   *
   * @param read how many bytes have come; negative for the end of the body, or an error
   */
  public void end(int read) {
    long total = waited + ticker.read() - since;
    waited = total;
    since = Relay.NOT_WAITING;
    if (read > 0) {
      long all = bytes + read;
      bytes = all;
    }
  }

  /**
   * Returns whether the client that is being waited for is slower than allowed.
   *
   * @return true if so
   */
  public boolean tooSlow() {
    long begun = since;
    if (begun == Relay.NOT_WAITING) {
      return false;
    }
    long time = waited + Math.max(0, ticker.read() - begun);
    if (time > limits.total.toNanos()) {
      return true;
    }
    double seconds = (double) time / TimeUnit.SECONDS.toNanos(1);
    return time > limits.grace.toNanos() && bytes < limits.minRate * seconds;
  }
}
