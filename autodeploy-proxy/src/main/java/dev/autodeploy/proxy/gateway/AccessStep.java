package dev.autodeploy.proxy.gateway;

import dev.autodeploy.proxy.LinkRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Refuses callers who may not use the deployment, whether or not there is one. */
final class AccessStep implements LinkStep {
  private final AccessRules access;
  private final SignInCookies signIn;

  AccessStep(AccessRules access, SignInCookies signIn) {
    this.access = access;
    this.signIn = signIn;
  }

  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    RequestHead head = call.head();
    LinkRequest request = call.request();
    String name = request.deployment();
    List<String> tokens = access.presented(head);
    byte[] opener = access.opener(name, tokens);
    boolean byCookie = false;
    if (opener == null) {
      opener = signIn.signedIn(call);
      byCookie = opener != null;
    }
    if (byCookie && !signIn.isOfThisLink(call)) {
      return LinkResponse.of(Problems.notOfThisLink(name));
    }
    boolean opened = opener != null || !access.useTokens();
    if (opened && access.allowsByApplication(request)) {
      call.tokenId(opener == null ? null : AccessRules.id(opener));
      call.payer(access.caller(request, opener));
      return null;
    }
    if (CorsRules.isPreflight(head)) { // which never brings a token: that would be no help
      return LinkResponse.of(Problems.originNotAllowed(head, name));
    }
    return !opened && signIn.isPossible(call) && WaitingPage.wanted(head)
        ? SignInPage.response(401, signIn.link(call), name, false)
        : LinkResponse.of(Problems.notAllowed(name));
  }
}
