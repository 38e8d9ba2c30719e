package dev.autodeploy.proxy.gateway;

/** A client with whom bytes are exchanged, and who may stall. Thread-safe. */
interface Client {

  /** Returns the head of its request. */
  RequestHead request();

  /**
   * Returns since when a read from it or a write to it is under way.
   *
   * @return the {@link System#nanoTime()} of the beginning, or 0 if none is
   */
  long transferringSince();

  /** The client has neither sent nor taken a byte for too long. */
  void stalled();

  /** The client of an exchange that the gateway answers by itself. */
  record OfExchange(Exchange exchange) implements Client {
    @Override
    public RequestHead request() {
      return exchange.request();
    }

    @Override
    public long transferringSince() {
      return exchange.transferringSince();
    }

    @Override
    public void stalled() {
      exchange.breakTransfer();
    }
  }
}
