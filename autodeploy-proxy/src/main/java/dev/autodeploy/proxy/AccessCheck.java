package dev.autodeploy.proxy;

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
   * Returns the check that lets everybody in: for links that something else protects.
   *
   * @return the check
   */
  static AccessCheck everybody() {
    return request -> true;
  }
}
