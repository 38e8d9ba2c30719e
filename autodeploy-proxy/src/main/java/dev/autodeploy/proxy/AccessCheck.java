package dev.autodeploy.proxy;

import org.jspecify.annotations.Nullable;

/**
 * The host application's own rule who may use a link. Thread-safe; called on the thread that serves
 * the request, so it may block for a moment, and holds up only this request.
 */
@FunctionalInterface
public interface AccessCheck {

  /**
   * Decides about a request. An exception counts as no.
   *
   * @param request the request; for {@code /-/status} it is asked once for each deployment
   * @return whether the caller may use the deployment
   */
  boolean allows(LinkRequest request);

  /**
   * Names the caller of a request that was let in, under whose name its cost is listed. Default:
   * none, which leaves the name of its token, if that has one.
   *
   * @param request the request
   * @return a name of up to 200 characters, or null for none
   */
  default @Nullable String caller(LinkRequest request) {
    return null;
  }

  /**
   * Returns the check that lets everybody in: for links that something else protects.
   *
   * @return the check
   */
  static AccessCheck everybody() {
    return request -> true;
  }
}
