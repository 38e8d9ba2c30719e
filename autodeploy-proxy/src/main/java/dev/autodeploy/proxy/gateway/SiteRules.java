package dev.autodeploy.proxy.gateway;

import dev.autodeploy.internal.net.LoopbackHost;
import java.net.URI;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The hosts that links are served under, and the web pages that may use them, where no access rule
 * protects them. Without this any page that somebody opens in a browser of this machine could wake
 * instances, and by a name of its own that leads to this machine also read responses. Immutable.
 */
public final class SiteRules {
  /** The origin that stands for every one. */
  public static final String EVERY = "*";

  /**
   * The name of the page alone, whatever its port: cookies know no ports, and an instance that is
   * not reached under this name cannot set so many that the page no longer opens.
   */
  private static final String PAGE = "page.localhost";

  private static final String PREFETCH = "prefetch";

  private static final SiteRules UNCHECKED = new SiteRules(false, false, Set.of(), null, Set.of());

  private final boolean checked;
  private final boolean everyHost;
  private final Set<String> hosts;
  private final @Nullable String suffix;
  private final Set<String> origins;

  private SiteRules(
      boolean checked,
      boolean everyHost,
      Set<String> hosts,
      @Nullable String suffix,
      Set<String> origins) {
    this.checked = checked;
    this.everyHost = everyHost;
    this.hosts = Set.copyOf(hosts);
    this.suffix = suffix == null ? null : suffix.toLowerCase(Locale.ROOT);
    this.origins = Set.copyOf(origins);
  }

  /**
   * Returns rules for links that an access rule protects: they refuse only the name of the page.
   *
   * @return the rules
   */
  public static SiteRules unchecked() {
    return UNCHECKED;
  }

  /**
   * Returns rules for links that no access rule protects.
   *
   * @param everyHost whether links are served under every host, as a proxy in front has checked it
   * @param hosts the hosts beside the names of loopback addresses, in lower case and without a port
   * @param hostSuffix the domain below which each deployment has its own host, or null for none
   * @param origins the origins of other sites whose pages may use links, or {@link #EVERY}
   * @return the rules
   */
  public static SiteRules of(
      boolean everyHost, Set<String> hosts, @Nullable String hostSuffix, Set<String> origins) {
    return new SiteRules(true, everyHost, hosts, hostSuffix, origins);
  }

  /** Returns why a request may not have its host, or null if it may. */
  @Nullable Problem checkHost(RequestHead head) {
    String host = head.headers().first("Host");
    if (host == null) {
      return null; // HTTP/1.0 needs none, and no browser speaks it
    }
    String name = hostOf(host);
    if (name.equals(PAGE) && !hosts.contains(PAGE)) {
      return Problems.pageHost(PAGE);
    }
    return !checked || everyHost || isOwn(name) ? null : Problems.misdirected(name);
  }

  /** Returns why the page that sends a request may not, or null if it may or if no page does. */
  @Nullable Problem checkPage(RequestHead head) {
    return checked && isForeign(head) ? Problems.crossSite() : null;
  }

  private boolean isForeign(RequestHead head) {
    HttpHeaders headers = head.headers();
    String origin = headers.first("Origin");
    if (origin != null && (isAllowed(origin) || isInstalledApplication(origin))) {
      return false;
    }
    String site = headers.first("Sec-Fetch-Site");
    if (isAheadForAnyPage(head)) {
      return !isAllowedReferer(headers) && !isOwnReferer(headers);
    }
    if (site != null) { // which no page can set by itself
      return site.equalsIgnoreCase("cross-site")
          && !(origin == null ? isAllowedReferer(headers) : isOnThisMachine(origin));
    }
    return origin != null && !isOwnOrigin(origin, headers.first("Host"));
  }

  private boolean isAllowed(String origin) {
    return origins.contains(EVERY) || origins.contains(origin);
  }

  /** A page of a browser extension or of a desktop application; no web site can have such one. */
  private static boolean isInstalledApplication(String origin) {
    int scheme = origin.indexOf("://");
    return scheme > 0
        && !origin.regionMatches(true, 0, "http://", 0, 7)
        && !origin.regionMatches(true, 0, "https://", 0, 8);
  }

  /** A picture or a sound in a page is requested without its origin. */
  private boolean isAllowedReferer(HttpHeaders headers) {
    String origin = originOf(headers.first("Referer"));
    return origin == null ? origins.contains(EVERY) : isAllowed(origin);
  }

  private boolean isOwnReferer(HttpHeaders headers) {
    String origin = originOf(headers.first("Referer"));
    return origin != null && isOwnOrigin(origin, headers.first("Host"));
  }

  /**
   * Returns whether a browser loads a page ahead, and does not say for which one. Any page can have
   * it do so, and Chromium then says that none has ({@code Sec-Fetch-Site: none}): only by {@code
   * Referer}, which a page can leave out and not forge, is the link's own page told from another's.
   */
  static boolean isAheadForAnyPage(RequestHead head) {
    String site = head.headers().first("Sec-Fetch-Site");
    return isLoadedAhead(head) && (site == null || site.equalsIgnoreCase("none"));
  }

  /** Returns whether a browser loads a page before its user has asked for it. */
  static boolean isLoadedAhead(RequestHead head) {
    HttpHeaders headers = head.headers();
    for (String purpose : headers.tokens("Sec-Purpose")) {
      if (purpose.startsWith(PREFETCH)) {
        return true;
      }
    }
    return headers.tokens("Purpose").contains(PREFETCH);
  }

  /** Returns the origin of the page that a request comes from, or null if none is told. */
  static @Nullable String originOf(@Nullable String referer) {
    if (referer == null || !referer.contains("://")) {
      return null;
    }
    int path = referer.indexOf('/', referer.indexOf("://") + 3);
    return path < 0 ? referer : referer.substring(0, path);
  }

  /** To a browser {@code 127.0.0.1} and {@code localhost} are two sites. */
  private static boolean isOnThisMachine(String origin) {
    String page = authorityOf(origin);
    return page != null && LoopbackHost.isLoopback(hostOf(page));
  }

  private static @Nullable String authorityOf(String origin) {
    try {
      return URI.create(origin).getRawAuthority();
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private boolean isOwnOrigin(String origin, @Nullable String host) {
    String page = authorityOf(origin);
    return page != null
        && (isOwn(hostOf(page)) || (host != null && hostOf(page).equals(hostOf(host))));
  }

  private boolean isOwn(String host) {
    return LoopbackHost.isLoopback(host)
        || host.endsWith(".localhost") // no name server has such a name
        || hosts.contains(host)
        || (suffix != null && (host.equals(suffix) || host.endsWith("." + suffix)));
  }

  /** Returns the host of an authority, in lower case. Any port is right: forwarded ones differ. */
  private static String hostOf(String authority) {
    int colon = authority.lastIndexOf(':');
    String host = colon > authority.lastIndexOf(']') ? authority.substring(0, colon) : authority;
    return host.toLowerCase(Locale.ROOT);
  }
}
