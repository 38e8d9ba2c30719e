package dev.autodeploy.proxy.gateway;

import java.util.List;

/** The fields of a request by which an instance tells its callers apart. */
final class InstanceCredentials {
  private static final List<String> FIELDS =
      List.of(
          "X-Api-Key",
          "Api-Key",
          "X-Goog-Api-Key",
          "X-Auth-Token",
          "X-Forwarded-User",
          "X-Forwarded-Email",
          "Remote-User");

  private InstanceCredentials() {}

  /**
   * Returns all of them as a text, which is to be hashed.
   *
   * @param headers the fields of the request
   * @param keepAuthorization whether the instance gets {@code Authorization}
   */
  static String of(HttpHeaders headers, boolean keepAuthorization) {
    StringBuilder all = new StringBuilder();
    FIELDS.forEach(name -> all.append('\n').append(headers.all(name)));
    headers.all("Cookie").forEach(c -> all.append('\n').append(LinkCookies.withoutOurs(c)));
    return all.append('\n')
        .append(keepAuthorization ? headers.all("Authorization") : "")
        .toString();
  }
}
