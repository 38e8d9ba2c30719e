package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The cookies of people who have signed in to a link with its token. A cookie holds no token: only
 * until when it is good, sealed with the hash of the token for this one deployment. So it outlives
 * a restart of the link, and ends with the token. Immutable.
 */
final class SignInCookies {
  static final Duration VALID = Duration.ofHours(12);

  private static final String COOKIE = "AutoDeploy-Access-";
  private static final int MAX_COOKIES = 8;
  private static final Pattern VALUE = Pattern.compile("([0-9]{1,12})\\.([0-9a-f]{64})");
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
  private static final Pattern PATH = Pattern.compile("[A-Za-z0-9._~!$&'()*+=:@%/-]*");

  private final AccessRules access;
  private final CorsRules cors;
  private final LinkAddresses addresses;
  private final InstantSource clock;

  SignInCookies(AccessRules access, CorsRules cors, LinkAddresses addresses, InstantSource clock) {
    this.access = access;
    this.cors = cors;
    this.addresses = addresses;
    this.clock = clock;
  }

  /** Returns whether people may sign in to the link that a request is for. */
  boolean isPossible(LinkCall call) {
    return access.signsIn() && call.routed() && NAME.matcher(call.route().deployment()).matches();
  }

  LinkAddress link(LinkCall call) {
    return addresses.of(call.head(), call.route());
  }

  /** Returns the hash of the token that the caller has signed in with, or null if not. */
  byte @Nullable [] signedIn(LinkCall call) {
    if (!isPossible(call)) {
      return null;
    }
    String deployment = call.route().deployment();
    int left = MAX_COOKIES; // other pages of the same host can set some, too
    for (String value : LinkCookies.values(call.head().headers(), COOKIE + deployment)) {
      byte[] opener = left-- > 0 ? opener(deployment, value) : null;
      if (opener != null) {
        return opener;
      }
    }
    return null;
  }

  private byte @Nullable [] opener(String deployment, String value) {
    Matcher parts = VALUE.matcher(value);
    if (!parts.matches() || Long.parseLong(parts.group(1)) <= clock.instant().getEpochSecond()) {
      return null;
    }
    byte[] seal = HexFormat.of().parseHex(parts.group(2));
    byte[] found = null;
    for (byte[] hash : access.hashesFor(deployment)) {
      if (MessageDigest.isEqual(seal, seal(hash, deployment, parts.group(1)))) {
        found = hash;
      }
    }
    return found;
  }

  private static byte[] seal(byte[] key, String deployment, String until) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(("link\n" + deployment + "\n" + until).getBytes(ISO_8859_1));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HmacSHA256", e);
    }
  }

  /** Returns the cookie for somebody who has shown a token. */
  String cookie(LinkCall call, byte[] opener) {
    String deployment = call.route().deployment();
    String until = Long.toString(clock.instant().plus(VALID).getEpochSecond());
    String seal = HexFormat.of().formatHex(seal(opener, deployment, until));
    return cookie(call, until + "." + seal, VALID.toSeconds());
  }

  /** Returns the cookie that ends it. */
  String noCookie(LinkCall call) {
    return cookie(call, "", 0);
  }

  private String cookie(LinkCall call, String value, long seconds) {
    LinkAddress link = link(call);
    String path = link.prefix().isEmpty() ? "/" : link.prefix();
    return COOKIE
        + call.route().deployment()
        + "="
        + value
        + "; Path="
        + (PATH.matcher(path).matches() ? path : "/")
        + "; Max-Age="
        + seconds
        + "; HttpOnly; SameSite=Lax"
        + (link.scheme().equals("https") ? "; Secure" : "");
  }

  /**
   * Returns whether a request that brings no token but a cookie may come from where it comes: from
   * the link's own pages, from somebody who opens it in a tab, or from an origin that is let in.
   * Browsers send cookies along whoever makes them send a request.
   */
  boolean isOfThisLink(LinkCall call) {
    HttpHeaders headers = call.head().headers();
    String site = headers.first("Sec-Fetch-Site");
    String origin = headers.first("Origin");
    if (origin != null && cors.allows(call.head(), call.route().deployment())) {
      return true;
    }
    if (SiteRules.isAheadForAnyPage(call.head())) {
      String page = SiteRules.originOf(headers.first("Referer"));
      return page != null && isSame(page, link(call));
    }
    if (site != null) { // which no page can set by itself
      String known = site.toLowerCase(Locale.ROOT);
      return known.equals("same-origin") || known.equals("none") || isOpenedInTab(call.head());
    }
    return origin == null || isSame(origin, link(call));
  }

  private static boolean isOpenedInTab(RequestHead head) {
    boolean reads = head.method().equals("GET") || head.method().equals("HEAD");
    return reads
        && !SiteRules.isLoadedAhead(head)
        && "navigate".equals(head.headers().first("Sec-Fetch-Mode"))
        && "document".equals(head.headers().first("Sec-Fetch-Dest"));
  }

  private static boolean isSame(String origin, LinkAddress link) {
    String own = link.authority();
    try {
      URI page = URI.create(origin);
      String authority = page.getRawAuthority();
      if (own == null || authority == null || page.getScheme() == null) {
        return false;
      }
      // A proxy in front may end TLS without a word of it: its port is then what the host says.
      int other = LinkAddress.defaultPort(page.getScheme());
      int shown = LinkAddress.portOf(authority);
      int ownShown = LinkAddress.portOf(own);
      return LinkAddress.hostOf(authority).equalsIgnoreCase(LinkAddress.hostOf(own))
          && (shown < 0 ? other : shown) == (ownShown < 0 ? other : ownShown);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
