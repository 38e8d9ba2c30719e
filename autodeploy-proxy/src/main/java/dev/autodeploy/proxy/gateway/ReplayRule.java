package dev.autodeploy.proxy.gateway;

/** The rule for sending a request again that got no response: at most twice, and only if safe. */
final class ReplayRule {
  private static final int MAX_REPLAYS = 2;

  private ReplayRule() {}

  /**
   * Returns whether a request may be sent again.
   *
   * @param head the request
   * @param bodyRead whether some of its body was read and is no longer there
   * @param replays how often it was sent again already
   */
  static boolean allows(RequestHead head, boolean bodyRead, int replays) {
    return head.idempotent() && !bodyRead && replays < MAX_REPLAYS;
  }
}
