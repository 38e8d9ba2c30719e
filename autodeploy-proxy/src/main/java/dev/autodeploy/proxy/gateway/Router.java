package dev.autodeploy.proxy.gateway;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Finds the deployment that a request is for: by its port, its host, or its path. */
final class Router {
  /** The beginning of the path of a service link. */
  static final String PREFIX = "/d/";

  private final @Nullable String hostSuffix;

  /** Links that were asked for lately. */
  private final @Nullable Link[] links = new Link[64];

  /** The name of a deployment, and the path of its link. */
  private record Link(String name, String prefix) {}

  /**
   * Creates a router.
   *
   * @param hostSuffix the domain whose first label is a deployment's name, or null for none
   */
  Router(@Nullable String hostSuffix) {
    this.hostSuffix = hostSuffix == null ? null : "." + hostSuffix.toLowerCase(Locale.ROOT);
  }

  /**
   * Resolves the deployment and the target path.
   *
   * @param head the request
   * @param dedicated the deployment that the port belongs to, or null
   * @return the route, or null if it is no service link
   */
  @Nullable Route route(RequestHead head, @Nullable String dedicated) {
    if (dedicated != null) {
      return new Route(dedicated, "", head.target());
    }
    String byHost = byHost(head.headers().first("Host"));
    if (byHost != null) {
      return new Route(byHost, "", head.target());
    }
    return byPath(head.target());
  }

  /** Returns the deployment's name that a host holds, or null if it holds none. */
  @Nullable String byHost(@Nullable String host) {
    if (hostSuffix == null || host == null) {
      return null;
    }
    int port = host.indexOf(':');
    String name = (port < 0 ? host : host.substring(0, port)).toLowerCase(Locale.ROOT);
    if (name.length() <= hostSuffix.length() || !name.endsWith(hostSuffix)) {
      return null;
    }
    String label = name.substring(0, name.length() - hostSuffix.length());
    return label.indexOf('.') < 0 ? label : null;
  }

  private @Nullable Route byPath(String target) {
    if (!target.startsWith(PREFIX)) {
      return null;
    }
    int end = PREFIX.length();
    while (end < target.length() && target.charAt(end) != '/' && target.charAt(end) != '?') {
      end++;
    }
    if (end == PREFIX.length()) {
      return null;
    }
    Link link = link(target, end);
    String rest = target.substring(end);
    return new Route(link.name, link.prefix, rest.startsWith("/") ? rest : "/" + rest);
  }

  /** Returns the link that a target begins with; requests for one link share its texts. */
  private Link link(String target, int end) {
    int place = (31 * target.charAt(end - 1) + end) % links.length;
    Link known = links[place]; // no matter what another thread puts there
    if (known != null && known.prefix.length() == end && target.startsWith(known.prefix)) {
      return known;
    }
    Link made = new Link(target.substring(PREFIX.length(), end), target.substring(0, end));
    links[place] = made;
    return made;
  }
}
