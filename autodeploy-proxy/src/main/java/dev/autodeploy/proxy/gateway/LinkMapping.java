package dev.autodeploy.proxy.gateway;

import dev.autodeploy.internal.net.LoopbackHost;
import java.net.URI;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Maps what an instance says of its own address to the link: addresses that name the instance, or
 * the host that it believes to have, and absolute paths where the link has a prefix. Addresses of
 * others pass as they are. Used by one thread.
 */
final class LinkMapping {
  private static final List<String> LOOPBACK =
      List.of("localhost", "127.0.0.1", "[::1]", "0.0.0.0");

  private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*):.*");
  private static final Pattern REFRESH =
      Pattern.compile(
          "(\\s*+[0-9.]++(?:\\s*+[;,]|\\s)\\s*+(?:[uU][rR][lL]\\s*+=\\s*+)?+['\"]?+)(.+)",
          Pattern.DOTALL);

  private final LinkView view;
  private final LinkAddress link;
  private final String base;
  private final @Nullable String host;
  private @Nullable Set<String> names;
  private @Nullable Set<String> domains;

  private LinkMapping(LinkView view) {
    this.view = view;
    link = view.link();
    host = view.host();
    String path = view.endpoint().getRawPath();
    base = path == null ? "" : withoutSlashes(path);
  }

  /** Returns the mapping of one exchange. */
  static LinkMapping of(LinkView view) {
    return new LinkMapping(view);
  }

  /** Returns a path without the slashes at its end. */
  static String withoutSlashes(String path) {
    int end = path.length();
    while (end > 0 && path.charAt(end - 1) == '/') {
      end--;
    }
    return path.substring(0, end);
  }

  /** Returns the names of the instance, with their ports. */
  private Set<String> names() {
    Set<String> known = names;
    if (known == null) {
      known = new HashSet<>();
      int reached = port();
      for (String each : hosts()) {
        known.add(each + ":" + reached);
      }
      if (host != null) { // servers that write their own port behind the host they were asked for
        String name = lower(LinkAddress.hostOf(host));
        known.add(name + ":" + reached);
        known.add(name + ":" + view.port());
      }
      names = known;
    }
    return known;
  }

  /** Returns the hosts of the instance that the client does not see. */
  private Set<String> domains() {
    Set<String> known = domains;
    if (known == null) {
      known = hosts();
      if (host != null) {
        known.remove(lower(LinkAddress.hostOf(host)));
      }
      domains = known;
    }
    return known;
  }

  private Set<String> hosts() {
    Set<String> hosts = new HashSet<>();
    String own = view.endpoint().getHost();
    if (own != null) {
      hosts.add(lower(own));
      if (LoopbackHost.isLoopback(own)) {
        hosts.addAll(LOOPBACK);
      }
    }
    return hosts;
  }

  private int port() {
    int port = view.endpoint().getPort();
    return port < 0 ? defaultPort(view.endpoint()) : port;
  }

  private static int defaultPort(URI endpoint) {
    return LinkAddress.defaultPort(String.valueOf(endpoint.getScheme()).toLowerCase(Locale.ROOT));
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  /**
   * Returns a field of a response as the client is to see it.
   *
   * @param name the field's name in lower case
   * @param value its value
   * @return the value for the client
   */
  String field(String name, String value) {
    return switch (name) {
      case "location", "content-location", "sourcemap" -> reference(value);
      case "refresh" -> refresh(value);
      case "link" -> links(value);
      case "set-cookie" -> CookieMapping.map(value, this);
      default -> value;
    };
  }

  /** Returns a reference (RFC 3986, 4.1) as the client is to see it. */
  String reference(String value) {
    Matcher absolute = SCHEME.matcher(value);
    if (absolute.matches()) {
      String scheme = lower(absolute.group(1));
      boolean ofWeb = scheme.equals("http") || scheme.equals("https");
      return ofWeb && value.startsWith("://", scheme.length())
          ? authority(value, scheme, scheme.length() + 3)
          : value;
    }
    if (value.startsWith("//")) {
      return authority(value, null, 2);
    }
    return value.startsWith("/") ? path(value) : value;
  }

  private String authority(String value, @Nullable String scheme, int begin) {
    int end = begin;
    while (end < value.length() && "/?#\\".indexOf(value.charAt(end)) < 0) {
      end++;
    }
    String authority = lower(value.substring(begin, end));
    String rest = value.substring(end);
    String from = rest.startsWith("/") ? rest : "/" + rest;
    if (!isInstance(scheme, authority)) {
      return value;
    }
    if (host != null && isHost(scheme, authority) && path(from).equals(from)) {
      boolean same = scheme == null || scheme.equals(link.scheme());
      return same ? value : link.scheme() + "://" + link.authority() + from;
    }
    String to = path(from);
    if (to.startsWith("//") || to.startsWith("/\\")) { // which would name another host
      return link.authority() == null ? "/." + to : link.scheme() + "://" + link.authority() + to;
    }
    return to;
  }

  /** Returns whether an authority is the instance's own, under any of its names. */
  private boolean isInstance(@Nullable String scheme, String authority) {
    if (isHost(scheme, authority)) {
      // An instance that insists on https would be asked again and again.
      return !"https".equals(scheme) || link.scheme().equals("https");
    }
    String used = scheme == null ? "http" : scheme;
    return names()
        .contains(
            LinkAddress.portOf(authority) < 0
                ? LinkAddress.hostOf(authority) + ":" + LinkAddress.defaultPort(used)
                : authority);
  }

  private boolean isHost(@Nullable String scheme, String authority) {
    String seen = host;
    if (seen == null) {
      return false;
    }
    String known = lower(seen);
    String ofScheme = scheme == null ? link.scheme() : scheme;
    return authority.equals(known)
        || authority.equals(known + ":" + LinkAddress.defaultPort(ofScheme))
        || known.equals(authority + ":" + LinkAddress.defaultPort(ofScheme));
  }

  /** Returns an absolute path of the instance as a path of the link. */
  String path(String value) {
    String inside = value;
    if (!base.isEmpty() && isBelow(base, value)) {
      inside = value.substring(base.length());
      inside = inside.startsWith("/") ? inside : "/" + inside;
    }
    String prefix = link.prefix();
    // An instance that knows X-Forwarded-Prefix has put it there itself.
    return prefix.isEmpty() || isBelow(prefix, inside) ? inside : prefix + inside;
  }

  private static boolean isBelow(String prefix, String path) {
    return path.startsWith(prefix)
        && (path.length() == prefix.length() || "/?#".indexOf(path.charAt(prefix.length())) >= 0);
  }

  /** Returns whether paths of the instance differ from those of the link. */
  boolean changesPaths() {
    return !link.prefix().isEmpty() || !base.isEmpty();
  }

  /**
   * Returns the path of cookies that have none, where a browser would take one above the link: the
   * directory of {@code /d/<name>} is that of all links.
   */
  @Nullable String pathOfCookies() {
    return view.withoutSlash() && !link.prefix().isEmpty() ? link.prefix() : null;
  }

  /**
   * Returns whether a cookie's domain is the instance's own host, which the client does not see.
   */
  boolean isInstanceDomain(String domain) {
    String name = lower(domain.startsWith(".") ? domain.substring(1) : domain);
    return domains().contains(name);
  }

  private String refresh(String value) {
    Matcher parts = REFRESH.matcher(value);
    return parts.matches() ? parts.group(1) + reference(parts.group(2)) : value;
  }

  private String links(String value) {
    StringBuilder out = new StringBuilder(value.length() + 16);
    boolean quoted = false;
    int last = value.lastIndexOf('>'); // without which each '<' would look to the end
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      int end = c == '<' && !quoted && i < last ? value.indexOf('>', i) : -1;
      if (end > 0) {
        out.append('<').append(reference(value.substring(i + 1, end))).append('>');
        i = end;
        continue;
      }
      if (quoted && c == '\\' && i + 1 < value.length()) {
        out.append(c);
        i++;
        out.append(value.charAt(i));
        continue;
      }
      quoted = (c == '"') != quoted;
      out.append(c);
    }
    return out.toString();
  }
}
