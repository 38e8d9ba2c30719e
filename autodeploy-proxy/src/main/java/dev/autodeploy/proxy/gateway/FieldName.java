package dev.autodeploy.proxy.gateway;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The name of a header field in the forms that rules look at. Those that most messages have are
 * made in advance, so that rules need one access to a table where they would write each name in
 * lower case and look it up in every list.
 *
 * @param lower the name in lower case
 * @param plain the same with {@code -} in place of {@code _}, as frameworks read it that hand
 *     fields over as environment variables
 * @param token whether it can be a name at all
 * @param reach which rules it falls under
 */
record FieldName(String lower, String plain, boolean token, HeaderRules.Reach reach) {
  private static final Map<String, FieldName> USUAL = usual();

  private static Map<String, FieldName> usual() {
    Map<String, FieldName> all = new HashMap<>();
    List.of(
            "Accept",
            "Accept-Encoding",
            "Accept-Language",
            "Accept-Ranges",
            "Access-Control-Allow-Credentials",
            "Access-Control-Allow-Headers",
            "Access-Control-Allow-Methods",
            "Access-Control-Allow-Origin",
            "Access-Control-Expose-Headers",
            "Age",
            "Authorization",
            "Cache-Control",
            "Connection",
            "Content-Disposition",
            "Content-Encoding",
            "Content-Language",
            "Content-Length",
            "Content-Security-Policy",
            "Content-Type",
            "Cookie",
            "Date",
            "ETag",
            "Expires",
            "Host",
            "If-Modified-Since",
            "If-None-Match",
            "Keep-Alive",
            "Last-Modified",
            "Location",
            "Origin",
            "Pragma",
            "Priority",
            "Range",
            "Referer",
            "Sec-CH-UA",
            "Sec-CH-UA-Mobile",
            "Sec-CH-UA-Platform",
            "Sec-Fetch-Dest",
            "Sec-Fetch-Mode",
            "Sec-Fetch-Site",
            "Sec-Fetch-User",
            "Server",
            "Set-Cookie",
            "Strict-Transport-Security",
            "Transfer-Encoding",
            "Upgrade-Insecure-Requests",
            "User-Agent",
            "Vary",
            "Via",
            "X-Accel-Buffering",
            "X-API-Key",
            "X-Content-Type-Options",
            "X-Forwarded-For",
            "X-Forwarded-Host",
            "X-Forwarded-Proto",
            "X-Frame-Options",
            "X-Powered-By",
            "X-Request-ID",
            "X-Requested-With")
        .forEach(
            name -> {
              FieldName made = make(name);
              all.put(name, made);
              all.put(made.lower, made);
            });
    return Map.copyOf(all);
  }

  private static FieldName make(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    String plain = lower.indexOf('_') < 0 ? lower : lower.replace('_', '-');
    return new FieldName(
        lower, plain, RequestGuard.isToken(lower), HeaderRules.Reach.of(lower, plain));
  }

  /** Returns the names that are made in advance, as they are usually written and in lower case. */
  static Set<String> usualNames() {
    return USUAL.keySet();
  }

  /** Returns a name in its forms. */
  static FieldName of(String name) {
    FieldName known = USUAL.get(name);
    return known == null ? make(name) : known;
  }
}
