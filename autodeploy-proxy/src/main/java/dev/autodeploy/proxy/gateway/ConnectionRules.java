package dev.autodeploy.proxy.gateway;

/** The rules about when a client's connection ends. Thread-safe. */
final class ConnectionRules {
  private final boolean closeAfterChunked;
  private volatile boolean draining;
  private volatile long lastRequest = System.nanoTime();

  ConnectionRules(boolean closeAfterChunked) {
    this.closeAfterChunked = closeAfterChunked;
  }

  /** Begins to end the service: from now on no connection is used for another request. */
  void drain() {
    draining = true;
  }

  boolean draining() {
    return draining;
  }

  /** A request has come, at a moment of {@link System#nanoTime}. */
  void requested(long now) {
    lastRequest = now;
  }

  /** Returns whether a request has come in the time before a moment. */
  boolean isBusy(long now, long time) {
    return now - lastRequest < time;
  }

  /** Returns whether no other request may follow on the connection. */
  boolean closesConnection(RequestHead head) {
    return draining
        || (closeAfterChunked && head.bodyLength() == RequestHead.CHUNKED)
        || head.headers().tokens("Connection").contains("close");
  }
}
