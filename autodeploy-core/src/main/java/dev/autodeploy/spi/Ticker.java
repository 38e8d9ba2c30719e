package dev.autodeploy.spi;

/** A monotonic clock in nanoseconds, from which durations are measured. Thread-safe. */
@FunctionalInterface
public interface Ticker {

  /**
   * Returns the time since some fixed, arbitrary origin. It never goes back.
   *
   * @return nanoseconds
   */
  long read();

  /**
   * Returns the ticker on {@link System#nanoTime()}.
   *
   * @return the system's ticker
   */
  static Ticker system() {
    return System::nanoTime;
  }
}
