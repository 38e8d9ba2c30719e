package dev.autodeploy.internal.probe;

import java.net.URI;
import java.util.List;

/**
 * The path of an HTTP probe. It is appended to an endpoint's authority and never resolved, so that
 * no text in it can name another host.
 */
final class ProbePath {

  private ProbePath() {}

  /**
   * Checks a path and query.
   *
   * @throws IllegalArgumentException if it could be read as anything else than a path on the
   *     instance
   */
  static void check(String path) {
    if (!path.startsWith("/") || path.startsWith("//") || path.startsWith("/\\")) {
      throw new IllegalArgumentException(
          "probe path must begin with one '/', such as /health, but was '" + path + "'");
    }
    URI uri;
    try {
      uri = URI.create("http://localhost" + path);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "probe path must be a path as in a URL, with %20 for a blank, but was '" + path + "'", e);
    }
    if (!"localhost".equals(uri.getRawAuthority())) {
      throw new IllegalArgumentException("probe path must not name a host, but was '" + path + "'");
    }
    List<String> segments = List.of(uri.getRawPath().split("/", -1));
    if (segments.contains("..") || segments.contains(".")) {
      throw new IllegalArgumentException(
          "probe path must not contain '.' or '..', but was '" + path + "'");
    }
  }

  /** Returns the address of a path on an instance. */
  static URI at(URI endpoint, String path) {
    check(path);
    return URI.create(
        URI.create(endpoint.getScheme() + "://" + endpoint.getRawAuthority() + path)
            .toASCIIString());
  }
}
