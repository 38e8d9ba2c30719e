package dev.autodeploy.proxy.gateway;

import dev.autodeploy.AcquireTimeoutException;
import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.spi.InstanceExit;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The meaning of failures on the way to an instance and back, for one request.
 *
 * @param name the deployment's name
 * @param config the settings
 * @param maxWait how long the request may be held
 */
record ForwardingFailures(String name, GatewayConfig config, Duration maxWait) {

  /**
   * Returns the problem of a request that got no lease because its wait was cancelled.
   *
   * @param reason why it was aborted, or null
   * @param placeTaken whether another caller has got its place in the queue
   * @return the problem, or null if nobody is there to hear of it
   */
  @Nullable Problem unserved(@Nullable AbortReason reason, boolean placeTaken) {
    if (placeTaken && reason == null) {
      return Problems.placeTaken(name);
    }
    if (reason == AbortReason.HOLD_OVERDUE) {
      return Problems.of(
          new AcquireTimeoutException(name, maxWait, "the engine gave no answer"), name);
    }
    return reason == AbortReason.SHUTDOWN ? Problems.shuttingDown(name) : null;
  }

  /**
   * Returns the problem of a body that could not be read ahead.
   *
   * @param reason why the request was aborted, or null
   * @param cause what went wrong
   * @return the problem, or null if nobody is there to hear of it
   */
  @Nullable Problem unread(@Nullable AbortReason reason, Relay.Cause cause) {
    if (reason == AbortReason.SHUTDOWN) {
      return Problems.shuttingDown(name);
    }
    return reason == null ? ofBody(cause) : null;
  }

  /**
   * Returns the problem of a request without a response that no other try would help.
   *
   * @param reason why it was aborted, or null
   * @param cause what went wrong
   * @param instance the instance's id
   * @return the problem, or null if another try may help
   */
  @Nullable Problem unanswered(@Nullable AbortReason reason, Relay.Cause cause, String instance) {
    if (reason == AbortReason.RESPONSE_TIMEOUT) {
      return Problems.responseTimeout(name, instance, config.responseTimeout());
    }
    if (reason == AbortReason.EXCHANGE_OVERDUE) {
      return Problems.exchangeOverdue(name, instance, config.exchangeTimeout());
    }
    if (reason == AbortReason.REQUEST_OVERDUE) {
      return Problems.requestOverdue(name, instance);
    }
    if (reason == AbortReason.SHUTDOWN) {
      return Problems.shuttingDown(name);
    }
    boolean ofBody = cause == Relay.Cause.BODY_TOO_LARGE || cause == Relay.Cause.BODY_BROKEN;
    return ofBody ? ofBody(cause) : null;
  }

  private Problem ofBody(Relay.Cause cause) {
    return cause == Relay.Cause.BODY_TOO_LARGE
        ? Problems.bodyTooLarge(name, config.maxRequestBody())
        : Problems.requestBodyBroken(name);
  }

  /**
   * Returns the problem of an instance that gave no response.
   *
   * @param instance the instance's id
   * @param cause what went wrong
   * @param exit the end of the instance, or null if it is still there
   */
  Problem broken(String instance, Relay.Cause cause, @Nullable InstanceExit exit) {
    if (exit != null) {
      return Problems.instanceEnded(name, instance, exit);
    }
    return cause == Relay.Cause.UNREACHABLE
        ? Problems.instanceUnreachable(name, instance, "it refuses connections")
        : Problems.instanceBroke(
            name, instance, "it closed the connection, or its answer is not HTTP");
  }

  /** Returns the problem of an instance whose response cannot be passed on. */
  Problem malformed(String instance) {
    return Problems.instanceBroke(name, instance, "its answer is not well-formed");
  }

  /** Logs that a response broke off. */
  void logTruncated(Logger log, @Nullable AbortReason reason, long bytes, IOException error) {
    if (reason == AbortReason.RESPONSE_TIMEOUT) {
      log.warn(
          "{}: the response was cut off after {} bytes, as its instance was silent for {} ms"
              + " (responseTimeout)",
          name,
          bytes,
          config.responseTimeout().toMillis());
    } else if (reason == AbortReason.EXCHANGE_OVERDUE) {
      log.warn(
          "{}: the response was cut off after {} bytes, as the exchange took longer than {} ms"
              + " (exchangeTimeout)",
          name,
          bytes,
          config.exchangeTimeout().toMillis());
    } else if (reason == AbortReason.REQUEST_OVERDUE) {
      log.warn(
          "{}: the response was cut off after {} bytes, as the request took longer than the"
              + " deployment allows (maxRequestTime)",
          name,
          bytes);
    } else {
      log.debug(
          "{}: the response broke off after {} bytes: {}",
          name,
          bytes,
          PlainText.line(String.valueOf(error)));
    }
  }
}
