package dev.autodeploy.console;

import com.sun.net.httpserver.Authenticator;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import dev.autodeploy.internal.net.LoopbackHost;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Locale;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The check of who may send which request to the console, before anything else looks at it.
 *
 * <p>The check of {@code Host} is against a page of somebody else whose name is made to resolve to
 * this machine: such a page would count as the same origin and could read the token.
 */
final class RequestGuard {
  static final String TOKEN_HEADER = "X-AutoDeploy-Token";

  private static final int MAX_URI = 4096;

  private final @Nullable Authenticator authenticator;
  private final Set<String> allowedHosts;
  private final boolean actions;
  private final byte[] secret = new byte[32];

  RequestGuard(@Nullable Authenticator authenticator, Set<String> allowedHosts, boolean actions) {
    this.authenticator = authenticator;
    this.allowedHosts = Set.copyOf(allowedHosts);
    this.actions = actions;
    new SecureRandom().nextBytes(secret);
  }

  boolean hasAuthenticator() {
    return authenticator != null;
  }

  boolean actions() {
    return actions;
  }

  /** Refuses what does not come from where it should, with a {@link Problem}. */
  void admit(HttpExchange exchange) {
    if (exchange.getRequestURI().toString().length() > MAX_URI) {
      throw new Problem(
          414,
          "address-too-long",
          "The address is too long",
          "it may have " + MAX_URI + " characters at the most");
    }
    InetSocketAddress local = exchange.getLocalAddress();
    boolean loopback = local != null && local.getAddress().isLoopbackAddress();
    if (!loopback && authenticator == null) {
      throw Problem.forbidden(
          "authenticator-required",
          "without an authenticator the console answers on the loopback address only");
    }
    checkHost(exchange.getRequestHeaders().getFirst("Host"));
  }

  private void checkHost(@Nullable String authority) {
    String host = authority == null ? "" : hostOf(authority);
    boolean known = isLoopbackName(host) || allowedHosts.contains(host);
    boolean free = authenticator != null && allowedHosts.isEmpty();
    if (!known && !free) {
      throw new Problem(
          421,
          "unknown-host",
          "The request is for another host",
          "the console does not answer for this host name; the host application can allow it");
    }
  }

  private static boolean isLoopbackName(String host) {
    return LoopbackHost.isLoopback(host) || host.endsWith(".localhost");
  }

  private static String hostOf(String authority) {
    String lower = authority.toLowerCase(Locale.ROOT);
    int colon = lower.lastIndexOf(':');
    return colon > lower.lastIndexOf(']') ? lower.substring(0, colon) : lower;
  }

  /**
   * Asks the authenticator who it is.
   *
   * @return the user's name, empty where nobody asks
   */
  String authenticate(HttpExchange exchange) {
    if (authenticator == null) {
      return "";
    }
    Authenticator.Result result = authenticator.authenticate(exchange);
    if (result instanceof Authenticator.Success success) {
      return success.getPrincipal().getName();
    }
    int status =
        result instanceof Authenticator.Retry retry
            ? retry.getResponseCode()
            : ((Authenticator.Failure) result).getResponseCode();
    throw new Problem(
        status, "not-authenticated", "Who are you?", "the console needs you to log in");
  }

  /** Refuses a change that a page of somebody else could have made, or that is not switched on. */
  void admitChange(HttpExchange exchange, String user) {
    Headers headers = exchange.getRequestHeaders();
    String origin = headers.getFirst("Origin");
    if (origin != null && !sameOrigin(origin, headers.getFirst("Host"))) {
      throw Problem.forbidden("cross-origin", "a change must come from the console's own page");
    }
    String site = headers.getFirst("Sec-Fetch-Site");
    if (site != null && !site.equals("same-origin") && !site.equals("none")) {
      throw Problem.forbidden("cross-origin", "a change must come from the console's own page");
    }
    if (!actions) {
      throw Problem.forbidden(
          "read-only", "this console is read-only; the host application can switch actions on");
    }
    String token = headers.getFirst(TOKEN_HEADER);
    byte[] given = token == null ? new byte[0] : token.getBytes(StandardCharsets.UTF_8);
    byte[] expected = token(user).getBytes(StandardCharsets.UTF_8);
    if (!MessageDigest.isEqual(given, expected)) {
      throw Problem.forbidden(
          "token-missing",
          "a change needs the token of GET -/api/session in the header " + TOKEN_HEADER);
    }
  }

  private boolean sameOrigin(String origin, @Nullable String host) {
    int slashes = origin.indexOf("://");
    if (slashes < 0) {
      return false;
    }
    String authority = origin.substring(slashes + 3).toLowerCase(Locale.ROOT);
    return authority.equalsIgnoreCase(host) || allowedHosts.contains(hostOf(authority));
  }

  /** Returns the token that this client has to show with every change. */
  String token(String user) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret, "HmacSHA256"));
      byte[] digest = mac.doFinal(user.getBytes(StandardCharsets.UTF_8));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
    } catch (NoSuchAlgorithmException | InvalidKeyException e) {
      throw new IllegalStateException("every JVM has HmacSHA256", e);
    }
  }
}
