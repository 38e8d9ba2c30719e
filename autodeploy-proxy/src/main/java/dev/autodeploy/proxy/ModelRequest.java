package dev.autodeploy.proxy;

import static java.util.Objects.requireNonNull;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A request on the address that all models share, as a {@link ModelRule} sees it. Immutable.
 *
 * @param model the name of the model that it asks for, or null if it names none
 * @param path the path, such as {@code /v1/chat/completions}
 * @param headers finds the values of a header by its name, in any case
 * @param remote who sent it: the client, or the last proxy before this one
 */
public record ModelRequest(
    @Nullable String model,
    String path,
    Function<String, List<String>> headers,
    InetSocketAddress remote) {

  /**
   * Checks the values.
   *
   * @param model the name of the model that it asks for, or null if it names none
   * @param path the path, such as {@code /v1/chat/completions}
   * @param headers finds the values of a header by its name, in any case
   * @param remote who sent it: the client, or the last proxy before this one
   */
  public ModelRequest {
    requireNonNull(path, "path");
    requireNonNull(headers, "headers");
    requireNonNull(remote, "remote");
  }
}
