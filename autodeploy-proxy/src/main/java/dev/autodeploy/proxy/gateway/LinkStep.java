package dev.autodeploy.proxy.gateway;

import org.jspecify.annotations.Nullable;

/**
 * A step on the way of a request to its deployment: it responds, or passes the request on. Steps
 * look at the head only; none of them waits, and none of them touches the client's connection.
 */
interface LinkStep {

  /**
   * Handles a request.
   *
   * @param call the request, with what earlier steps have found out
   * @return the link's own response, or null to pass the request on
   */
  @Nullable LinkResponse handle(LinkCall call);
}
