package dev.autodeploy.proxy;

import static java.util.Objects.requireNonNull;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.Function;

/**
 * A request on a service link as rules see it. Immutable.
 *
 * @param deployment the name of the deployment that it is for; there may be none of this name
 * @param method the method
 * @param path the path that the instance would get, raw, without the query; servers take others for
 *     the same one, as {@code /%61dmin} for {@code /admin}
 * @param headers finds the values of a header by its name, in any case
 * @param remote who sent it: the client, or the last proxy before this one
 * @param secure whether it came over TLS
 */
public record LinkRequest(
    String deployment,
    String method,
    String path,
    Function<String, List<String>> headers,
    InetSocketAddress remote,
    boolean secure) {

  /**
   * Checks the values.
   *
   * @param deployment the name of the deployment that it is for; there may be none of this name
   * @param method the method
   * @param path the path that the instance would get, raw, without the query
   * @param headers finds the values of a header by its name, in any case
   * @param remote who sent it: the client, or the last proxy before this one
   * @param secure whether it came over TLS
   */
  public LinkRequest {
    requireNonNull(deployment, "deployment");
    requireNonNull(method, "method");
    requireNonNull(path, "path");
    requireNonNull(headers, "headers");
    requireNonNull(remote, "remote");
  }
}
