package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.autodeploy.proxy.TokenCarrier;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The tokens that a request brings, and the request without those that are the link's. */
final class PresentedTokens {
  private static final Pattern SCHEME =
      Pattern.compile("(bearer|basic) +([A-Za-z0-9._~+/=-]+)", Pattern.CASE_INSENSITIVE);

  private static final String PARAMETER = "access_token=";

  private PresentedTokens() {}

  /** Returns the tokens in the carriers that a link accepts; ambiguous fields bring none. */
  static List<String> of(RequestHead head, Set<TokenCarrier> carriers) {
    List<String> tokens = new ArrayList<>(2);
    HttpHeaders headers = head.headers();
    String authorization = single(headers, "Authorization");
    Matcher scheme = authorization == null ? null : SCHEME.matcher(authorization);
    if (scheme != null && scheme.matches()) {
      boolean basic = scheme.group(1).equalsIgnoreCase("basic");
      if (carriers.contains(basic ? TokenCarrier.BASIC : TokenCarrier.BEARER)) {
        add(tokens, basic ? password(scheme.group(2)) : scheme.group(2));
      }
    }
    if (carriers.contains(TokenCarrier.X_API_KEY)) {
      add(tokens, single(headers, "x-api-key"));
    }
    if (carriers.contains(TokenCarrier.API_KEY)) {
      add(tokens, single(headers, "api-key"));
    }
    if (carriers.contains(TokenCarrier.QUERY)) {
      List<String> values = new ArrayList<>(1);
      for (String pair : head.query().split("&", -1)) {
        add(values, parameter(pair));
      }
      add(tokens, values.size() == 1 ? values.get(0) : null);
    }
    return tokens;
  }

  private static void add(List<String> tokens, @Nullable String token) {
    if (token != null) {
      tokens.add(token);
    }
  }

  private static @Nullable String single(HttpHeaders headers, String name) {
    List<String> values = headers.all(name);
    return values.size() == 1 ? values.get(0).strip() : null;
  }

  private static @Nullable String password(String encoded) {
    try {
      String pair = new String(Base64.getDecoder().decode(encoded), ISO_8859_1);
      int colon = pair.indexOf(':');
      return colon < 0 ? null : pair.substring(colon + 1);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static @Nullable String parameter(String pair) {
    if (!pair.startsWith(PARAMETER)) {
      return null;
    }
    String value = pair.substring(PARAMETER.length()).replace("+", "%2B");
    try {
      return URLDecoder.decode(value, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /**
   * Returns the head without the link's own tokens and cookies, for an instance.
   *
   * @param head the request
   * @param isOurs whether a token is one of the link's
   * @param keepAuthorization whether {@code Authorization} stays whatever it holds
   */
  static RequestHead without(
      RequestHead head, Predicate<String> isOurs, boolean keepAuthorization) {
    HttpHeaders in = head.headers();
    HttpHeaders out = null; // a copy is made of a head that changes, which few do
    for (int i = 0; i < in.size(); i++) {
      String value = in.value(i);
      String passed = passed(in.name(i), value, isOurs, keepAuthorization);
      if (out == null && !value.equals(passed)) {
        out = new HttpHeaders();
        for (int before = 0; before < i; before++) {
          out.add(in.name(before), in.value(before));
        }
      }
      if (out != null && passed != null && (!passed.isEmpty() || value.isEmpty())) {
        out.add(in.name(i), passed);
      }
    }
    return out == null ? head : head.with(out);
  }

  /** Returns what an instance gets of a field, or null if nothing. */
  private static @Nullable String passed(
      String field, String value, Predicate<String> isOurs, boolean keepAuthorization) {
    return switch (FieldName.of(field).plain()) {
      case "authorization" -> !keepAuthorization && holdsOurs(value, isOurs) ? null : value;
      case "x-api-key", "api-key" -> isOurs.test(value.strip()) ? null : value;
      case "cookie" -> LinkCookies.withoutOurs(value);
      case "referer" -> withoutOursInQuery(value, isOurs);
      default -> value;
    };
  }

  /** The page of a link that was opened with a token says so in every request of its own. */
  private static String withoutOursInQuery(String referer, Predicate<String> isOurs) {
    int query = referer.indexOf('?');
    if (query >= 0) {
      for (String pair : referer.substring(query + 1).split("[&#]", -1)) {
        String token = parameter(pair);
        if (token != null && isOurs.test(token)) {
          return referer.substring(0, query);
        }
      }
    }
    return referer;
  }

  private static boolean holdsOurs(String authorization, Predicate<String> isOurs) {
    Matcher scheme = SCHEME.matcher(authorization.strip());
    if (!scheme.matches()) {
      return false;
    }
    String password =
        scheme.group(1).equalsIgnoreCase("basic") ? password(scheme.group(2)) : scheme.group(2);
    return password != null && isOurs.test(password);
  }

  /** Returns a target without the parameters that hold the link's tokens; the rest stays. */
  static String without(String target, Predicate<String> isOurs) {
    int query = target.indexOf('?');
    if (query < 0 || !target.contains(PARAMETER)) {
      return target;
    }
    List<String> kept = new ArrayList<>();
    boolean changed = false;
    for (String pair : target.substring(query + 1).split("&", -1)) {
      String token = parameter(pair);
      if (token != null && isOurs.test(token)) {
        changed = true;
      } else {
        kept.add(pair);
      }
    }
    if (!changed) {
      return target;
    }
    String path = target.substring(0, query);
    return kept.isEmpty() ? path : path + "?" + String.join("&", kept);
  }
}
