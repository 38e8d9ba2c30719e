package dev.autodeploy.proxy.gateway;

/** The reason for which a proxied request was aborted from outside. */
enum AbortReason {
  CLIENT_GONE,
  CLIENT_STALLED,
  /** The engine did not keep the deadline of the wait. */
  HOLD_OVERDUE,
  RESPONSE_TIMEOUT,
  /** Overdue: it has taken longer in all than an exchange may. */
  EXCHANGE_OVERDUE,
  /** Overdue: the instance has had it for longer than the deployment allows. */
  REQUEST_OVERDUE,
  SHUTDOWN
}
