package dev.autodeploy.proxy.gateway;

import dev.autodeploy.spi.Ticker;

/** The time at which the read under way began. Written by one thread, read by any. */
final class ReadClock {
  private final Ticker ticker;
  private volatile long since = Relay.NOT_WAITING;

  ReadClock(Ticker ticker) {
    this.ticker = ticker;
  }

  void begin() {
    since = ticker.read();
  }

  void end() {
    since = Relay.NOT_WAITING;
  }

  long since() {
    return since;
  }
}
