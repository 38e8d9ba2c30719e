package dev.autodeploy.console;

import com.sun.net.httpserver.Authenticator;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import dev.autodeploy.internal.document.ProblemType;
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

  /** Tells that the request comes from the page's own script, which no other site can send. */
  static final String PAGE_HEADER = "X-AutoDeploy-Page";

  /** Tells that nobody has touched the page lately, so that its requests keep no session alive. */
  private static final String UNATTENDED_HEADER = "X-AutoDeploy-Unattended";

  private final @Nullable Authenticator authenticator;
  private final @Nullable SignInApi signIn;
  private final Set<String> allowedHosts;
  private final boolean actions;
  private final byte[] secret = new byte[32];

  RequestGuard(
      @Nullable Authenticator authenticator,
      @Nullable SignInApi signIn,
      Set<String> allowedHosts,
      boolean actions) {
    this.authenticator = authenticator;
    this.signIn = signIn;
    this.allowedHosts = Set.copyOf(allowedHosts);
    this.actions = actions;
    new SecureRandom().nextBytes(secret);
  }

  /** Returns whether people are asked who they are. */
  boolean asksWho() {
    return authenticator != null || signIn != null;
  }

  boolean actions() {
    return actions;
  }

  /** Refuses what does not come from where it should, with a {@link ProblemException}. */
  void admit(HttpExchange exchange) {
    if (exchange.getRequestURI().toString().length() > MAX_URI) {
      throw new ProblemException(
          ProblemType.TARGET_TOO_LONG, "it may have at most " + MAX_URI + " characters");
    }
    InetSocketAddress local = exchange.getLocalAddress();
    boolean loopback = local != null && local.getAddress().isLoopbackAddress();
    if (!loopback && !asksWho()) {
      throw new ProblemException(
          ProblemType.AUTHENTICATOR_REQUIRED,
          "without an authenticator or sign-in the console answers on the loopback address only");
    }
    checkHost(exchange.getRequestHeaders().getFirst("Host"));
  }

  private void checkHost(@Nullable String authority) {
    String host = authority == null ? "" : hostOf(authority);
    boolean known = isLoopbackName(host) || allowedHosts.contains(host);
    boolean free = asksWho() && allowedHosts.isEmpty();
    if (!known && !free) {
      throw new ProblemException(
          ProblemType.UNKNOWN_HOST,
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
   * Returns who a request is from, or null if it is from somebody who has yet to sign in.
   *
   * @throws ProblemException if an authenticator refuses it
   */
  @Nullable Caller caller(HttpExchange exchange) {
    Headers headers = exchange.getRequestHeaders();
    String address = address(exchange);
    if (signIn != null) {
      boolean attended = headers.getFirst(UNATTENDED_HEADER) == null;
      return signIn.caller(headers.getFirst("Authorization"), address, attended);
    }
    String user = authenticator == null ? "" : authenticated(authenticator, exchange);
    return new Caller(user, address, ConsoleRole.ACT, null);
  }

  static String address(HttpExchange exchange) {
    InetSocketAddress remote = exchange.getRemoteAddress();
    if (remote == null) {
      return "";
    }
    String text = remote.getAddress().getHostAddress();
    return text.equals("0:0:0:0:0:0:0:1") ? "::1" : text;
  }

  private static String authenticated(Authenticator authenticator, HttpExchange exchange) {
    Authenticator.Result result = authenticator.authenticate(exchange);
    if (result instanceof Authenticator.Success success) {
      return success.getPrincipal().getName();
    }
    int status =
        result instanceof Authenticator.Retry retry
            ? retry.getResponseCode()
            : ((Authenticator.Failure) result).getResponseCode();
    throw new ProblemException(
        status, ProblemType.NOT_AUTHENTICATED, "the console needs you to sign in");
  }

  /**
   * Refuses a request to the API that a page of another origin made. Another port of the same host
   * is another origin too: that is where instances answer.
   */
  void admitToApi(HttpExchange exchange) {
    Headers headers = exchange.getRequestHeaders();
    String origin = headers.getFirst("Origin");
    String site = headers.getFirst("Sec-Fetch-Site");
    boolean elsewhere = site != null && !site.equals("same-origin") && !site.equals("none");
    elsewhere |= headers.containsKey("Sec-Purpose"); // loaded ahead, for a page that is not told
    if (elsewhere || (origin != null && !sameOrigin(origin, headers.getFirst("Host")))) {
      throw new ProblemException(
          ProblemType.CROSS_ORIGIN, "a request to the API must come from the console's own page");
    }
  }

  /**
   * Refuses an event stream that a page of another origin may have opened: browsers tell where a
   * request comes from on loopback and with TLS only. Others than browsers need no header.
   */
  void admitStream(HttpExchange exchange) {
    Headers headers = exchange.getRequestHeaders();
    String agent = headers.getFirst("User-Agent");
    boolean browser = agent != null && agent.startsWith("Mozilla/");
    boolean told = headers.containsKey("Sec-Fetch-Site") || headers.containsKey(PAGE_HEADER);
    if (browser && !told) {
      throw new ProblemException(
          ProblemType.CROSS_ORIGIN, "an event stream must be opened by the console's own page");
    }
  }

  /** Refuses a change that this user may not make, or that lacks the user's token. */
  void admitChange(HttpExchange exchange, Caller caller) {
    boolean signsOut = exchange.getRequestURI().getPath().endsWith("/-/api/sign-out");
    if (!signsOut) {
      admitActor(caller);
    }
    String token = exchange.getRequestHeaders().getFirst(TOKEN_HEADER);
    byte[] given = token == null ? new byte[0] : token.getBytes(StandardCharsets.UTF_8);
    byte[] expected = token(caller.user()).getBytes(StandardCharsets.UTF_8);
    if (!MessageDigest.isEqual(given, expected)) {
      throw new ProblemException(
          ProblemType.TOKEN_MISSING,
          "a change needs the token of GET -/api/session in the header " + TOKEN_HEADER);
    }
  }

  /** Refuses somebody who may only look. */
  void admitActor(Caller caller) {
    if (!actions) {
      throw new ProblemException(
          ProblemType.READ_ONLY,
          "this console is read-only; the host application can switch actions on");
    }
    if (!caller.mayAct()) {
      throw new ProblemException(
          ProblemType.ROLE_READS,
          "user '" + caller.user() + "' may look at this console, not change it");
    }
  }

  private boolean sameOrigin(String origin, @Nullable String host) {
    int slashes = origin.indexOf("://");
    if (slashes < 0) {
      return false;
    }
    String authority = origin.substring(slashes + 3).toLowerCase(Locale.ROOT);
    return authority.equalsIgnoreCase(host)
        || (allowedHosts.contains(hostOf(authority)) && !isOtherPort(origin, authority, host));
  }

  /**
   * Returns whether a page without TLS, where browsers tell nothing else, is on another port of the
   * host that was asked, as instances are. A proxy in front is asked under a name that it may pass
   * on, and then without a port or with its own.
   */
  private static boolean isOtherPort(String origin, String authority, @Nullable String asked) {
    String host = asked == null ? "" : asked.toLowerCase(Locale.ROOT);
    boolean showsPort = hostOf(host).length() < host.length();
    return showsPort
        && origin.regionMatches(true, 0, "http:", 0, 5)
        && hostOf(host).equals(hostOf(authority))
        && !host.equals(authority + (authority.equals(hostOf(authority)) ? ":80" : ""));
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
