package dev.autodeploy.proxy.gateway;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * The fields of a request by which an instance may tell its callers apart. Instances have names of
 * their own for them, so every field is one that is not known to be something else.
 */
final class InstanceCredentials {
  /**
   * The fields of HTTP, of browsers, proxies, traces and repetitions that name no caller. Those of
   * the address that is asked, such as {@code Host}, do not either; who keeps answers counts that
   * address beside them, as an answer may depend on it.
   */
  private static final Set<String> HARMLESS =
      Set.of(
          // content and caches
          "accept",
          "accept-charset",
          "accept-encoding",
          "accept-language",
          "cache-control",
          "content-digest",
          "content-disposition",
          "content-encoding",
          "content-language",
          "content-length",
          "content-md5",
          "content-type",
          "date",
          "digest",
          "if-match",
          "if-modified-since",
          "if-none-match",
          "if-range",
          "if-unmodified-since",
          "pragma",
          "range",
          "repr-digest",
          "want-digest",
          // the exchange
          "connection",
          "expect",
          "forwarded",
          "grpc-timeout",
          "host",
          "http2-settings",
          "keep-alive",
          "max-forwards",
          "prefer",
          "priority",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "via",
          "x-forwarded-for", // a caller's network, which changes while the caller does not
          "x-forwarded-host",
          "x-forwarded-port",
          "x-forwarded-prefix",
          "x-forwarded-proto",
          "x-forwarded-server",
          "x-real-ip",
          // browsers and their pages
          "access-control-request-headers",
          "access-control-request-method",
          "dnt",
          "origin",
          "purpose",
          "referer",
          "save-data",
          "upgrade-insecure-requests",
          "user-agent",
          "x-requested-with",
          // one try of several, and its trace
          "amz-sdk-invocation-id",
          "amz-sdk-request",
          "b3",
          "cf-ray",
          "idempotency-key",
          "request-id",
          "sentry-trace",
          "traceparent",
          "tracestate",
          "x-amzn-trace-id",
          "x-attempt",
          "x-client-request-id",
          "x-cloud-trace-context",
          "x-correlation-id",
          "x-idempotency-key",
          "x-ms-client-request-id",
          "x-request-id",
          "x-request-start",
          "x-retry",
          "x-retry-attempt",
          "x-retry-count",
          "x-trace-id");

  private static final List<String> HARMLESS_BEGINNINGS =
      List.of(
          "autodeploy-", // the link's own
          "deploy-route-",
          "sec-ch-",
          "sec-fetch-",
          "sec-purpose",
          "sec-websocket-",
          "x-b3-",
          "x-datadog-",
          "x-stainless-"); // of the libraries for OpenAI's interface

  private InstanceCredentials() {}

  /**
   * Returns all of them as a text, which is to be hashed.
   *
   * @param headers the fields of the request
   * @param keepAuthorization whether the instance gets {@code Authorization}
   */
  static String of(HttpHeaders headers, boolean keepAuthorization) {
    Set<String> all = new TreeSet<>(); // in whichever order they come
    for (int i = 0; i < headers.size(); i++) {
      String name = headers.name(i).toLowerCase(Locale.ROOT);
      String value =
          switch (name) {
            case "cookie" -> LinkCookies.withoutOurs(headers.value(i));
            case "authorization" -> keepAuthorization ? headers.value(i) : "";
            default -> isHarmless(name) ? "" : headers.value(i);
          };
      if (!value.isEmpty()) {
        all.add(name + ":" + value);
      }
    }
    return String.join("\n", all);
  }

  private static boolean isHarmless(String name) {
    return HARMLESS.contains(name) || HARMLESS_BEGINNINGS.stream().anyMatch(name::startsWith);
  }
}
