package dev.autodeploy.proxy.gateway;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.net.CallerNetwork;
import dev.autodeploy.proxy.LinkRequest;
import org.jspecify.annotations.Nullable;

/** The place of one request among those that wait for a deployment. Used by one thread. */
final class QueuePlace {
  private static final int MAX_ASKED = 3;

  private final QueueShares shares;
  private final LinkRequest request;
  private final boolean byToken;
  private @Nullable String caller;
  private @Nullable Long number;
  private int asked;

  /**
   * Creates a place that is not taken yet.
   *
   * @param shares the places of all
   * @param request the request
   * @param byToken whether callers are told by token, not by address
   */
  QueuePlace(QueueShares shares, LinkRequest request, boolean byToken) {
    this.shares = shares;
    this.request = request;
    this.byToken = byToken;
  }

  void take(ProxiedRequest waiting) {
    number = shares.add(request.deployment(), caller(), waiting);
  }

  void leave() {
    Long taken = number;
    if (taken != null) {
      shares.remove(request.deployment(), caller(), taken);
      number = null;
    }
  }

  /** Returns whether another try may succeed, as another caller has just made room. */
  boolean makesRoomAfter(Throwable error) {
    return error instanceof AutoDeployException failure
        && failure.code() == ErrorCode.QUEUE_FULL
        && asked++ < MAX_ASKED
        && shares.makeRoom(request.deployment(), caller());
  }

  private String caller() {
    String known = caller;
    if (known == null) {
      String token = byToken ? AccessRules.tokenId(request) : null;
      known = token != null ? token : CallerNetwork.of(request.remote().getAddress());
      caller = known;
    }
    return known;
  }
}
