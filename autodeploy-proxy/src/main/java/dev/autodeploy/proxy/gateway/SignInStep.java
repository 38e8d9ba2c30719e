package dev.autodeploy.proxy.gateway;

import dev.autodeploy.internal.net.CallerNetwork;
import dev.autodeploy.proxy.TokenCarrier;
import dev.autodeploy.spi.Ticker;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Serves the page on which people sign in to a link, and signs them in and out. */
final class SignInStep implements LinkStep {
  private static final int TRIES = 20;
  private static final Duration PERIOD = Duration.ofMinutes(1);
  private static final Set<TokenCarrier> AUTHORIZATION =
      EnumSet.of(TokenCarrier.BEARER, TokenCarrier.BASIC);

  private final SignInCookies signIn;
  private final AccessRules access;
  private final RateLimit tries;

  SignInStep(SignInCookies signIn, AccessRules access, Ticker ticker) {
    this.signIn = signIn;
    this.access = access;
    tries = new RateLimit(TRIES, PERIOD, ticker::read);
  }

  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    if (!signIn.isPossible(call) || !call.route().path().equals(SignInPage.PATH)) {
      return null;
    }
    return switch (call.head().method()) {
      case "GET", "HEAD" ->
          SignInPage.response(
              200, signIn.link(call), call.route().deployment(), signIn.signedIn(call) != null);
      case "POST" -> signIn(call);
      case "DELETE" -> withCookie(signIn.noCookie(call));
      default -> null;
    };
  }

  private LinkResponse signIn(LinkCall call) {
    String deployment = call.route().deployment();
    Duration wait = tries.take(CallerNetwork.of(call.head().remote().getAddress()));
    if (!wait.isZero()) {
      return LinkResponse.of(Problems.rateLimited(deployment, TRIES, PERIOD, wait));
    }
    byte[] opener = access.opener(deployment, PresentedTokens.of(call.head(), AUTHORIZATION));
    return opener == null
        ? LinkResponse.of(Problems.notAllowed(deployment))
        : withCookie(signIn.cookie(call, opener));
  }

  private static LinkResponse withCookie(String cookie) {
    return LinkResponse.withoutBody(
        204, new HttpHeaders().add("Set-Cookie", cookie).add("Cache-Control", "no-store"));
  }
}
