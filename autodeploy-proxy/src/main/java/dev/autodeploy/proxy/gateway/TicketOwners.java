package dev.autodeploy.proxy.gateway;

import dev.autodeploy.internal.net.CallerNetwork;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** The rule about who may have a ticket: who made it, and still may use its deployment. */
final class TicketOwners {
  private final AccessRules access;
  private final SignInCookies signIn;

  TicketOwners(AccessRules access, SignInCookies signIn) {
    this.access = access;
    this.signIn = signIn;
  }

  /** Returns what stands for the caller of a request that may use its deployment. */
  static String of(LinkCall call) {
    return caller(call, call.tokenId());
  }

  private static String caller(LinkCall call, @Nullable String token) {
    InetAddress address = call.head().remote().getAddress();
    return token != null ? token : address == null ? "" : CallerNetwork.of(address);
  }

  /**
   * Returns whether the caller is known by a cookie alone, which comes with the link's own paths.
   */
  boolean isByCookie(LinkCall call) {
    String deployment = call.route().deployment();
    return call.tokenId() != null && opener(deployment, call) == null;
  }

  private byte @Nullable [] opener(String deployment, LinkCall call) {
    return access.opener(deployment, access.presented(call.head()));
  }

  /** Returns whether the caller of any request has made a ticket. */
  boolean isOf(LinkCall call, Ticket ticket) {
    String deployment = ticket.deployment();
    byte[] opener = opener(deployment, call);
    if (opener == null
        && call.routed()
        && call.route().deployment().equals(deployment)
        && signIn.isOfThisLink(call)) {
      opener = signIn.signedIn(call);
    }
    if (opener == null && access.useTokens()) {
      return false;
    }
    return access.allowsByApplication(call.requestFor(deployment, call.head().path()))
        && ticket.owner().equals(caller(call, opener == null ? null : AccessRules.id(opener)));
  }
}
