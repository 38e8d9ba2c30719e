package dev.autodeploy.internal.probe;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.spi.ProbeTarget;
import dev.autodeploy.spi.ReadinessProbe;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A request is answered with a status in a range, and with a text if one is expected.
 *
 * @param path path and query
 * @param minStatus the lowest status that counts
 * @param maxStatus the highest
 * @param method the request's method
 * @param headers its headers, whose values may refer to the deployment's environment as {@code
 *     ${NAME}}
 * @param body what the answer's body has to contain, or null for anything
 * @param timeout how long an answer is waited for
 */
public record HttpCheck(
    String path,
    int minStatus,
    int maxStatus,
    String method,
    Map<String, String> headers,
    @Nullable String body,
    Duration timeout)
    implements ReadinessProbe {
  /** The method unless another is given. */
  public static final String GET = "GET";

  /** The timeout unless another is given: servers answer slowly while they load. */
  public static final Duration TIMEOUT = Duration.ofSeconds(10);

  private static final Duration LONGEST = Duration.ofMinutes(10);
  private static final Set<String> METHODS = Set.of(GET, "HEAD", "POST", "PUT", "OPTIONS");
  private static final Pattern NAME = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}");
  private static final Pattern REFERENCE = Pattern.compile("\\$\\{([A-Za-z_][A-Za-z0-9_]*)\\}");

  /** The headers that each request has anyway. */
  private static final Set<String> OWN =
      Set.of("host", "connection", "content-length", "transfer-encoding", "upgrade", "expect");

  /** The headers whose values are no secrets. */
  private static final Set<String> SHOWN =
      Set.of("accept", "accept-language", "content-type", "user-agent");

  /** Checks the values. */
  public HttpCheck {
    ProbePath.check(requireNonNull(path, "path"));
    if (minStatus < 100 || maxStatus > 599 || minStatus > maxStatus) {
      throw new IllegalArgumentException(
          "probe status must be 100 to 599, but was " + minStatus + " to " + maxStatus);
    }
    if (!METHODS.contains(requireNonNull(method, "method"))) {
      throw new IllegalArgumentException(
          "probe method must be one of " + new TreeSet<>(METHODS) + ", but was '" + method + "'");
    }
    headers.forEach(HttpCheck::checkHeader);
    headers = Collections.unmodifiableMap(new LinkedHashMap<>(headers));
    if (body != null && (body.isEmpty() || body.length() > 1000)) {
      throw new IllegalArgumentException(
          "probe body must be 1 to 1000 characters, but was " + body.length());
    }
    Arguments.inRange("probe timeout", timeout, Duration.ofMillis(1), LONGEST);
  }

  private static void checkHeader(String name, String value) {
    if (!NAME.matcher(name).matches() || OWN.contains(name.toLowerCase(Locale.ROOT))) {
      throw new IllegalArgumentException("probe header '" + name + "' cannot be set");
    }
    if (value.length() > 4000 || value.chars().anyMatch(c -> (c < ' ' && c != '\t') || c == 0x7F)) {
      throw new IllegalArgumentException(
          "the value of probe header '" + name + "' must be one line of at most 4000 characters");
    }
  }

  /**
   * Returns the plain check of a path.
   *
   * @param path path and query
   * @param minStatus the lowest status that counts
   * @param maxStatus the highest
   * @return the check
   */
  public static HttpCheck of(String path, int minStatus, int maxStatus) {
    return new HttpCheck(path, minStatus, maxStatus, GET, Map.of(), null, TIMEOUT);
  }

  /** Returns the check with the values of variables in its headers. */
  HttpCheck with(Map<String, String> environment) {
    if (headers.values().stream().noneMatch(value -> REFERENCE.matcher(value).find())) {
      return this;
    }
    Map<String, String> filled = new LinkedHashMap<>();
    headers.forEach((name, value) -> filled.put(name, filled(value, environment)));
    return new HttpCheck(path, minStatus, maxStatus, method, filled, body, timeout);
  }

  private static String filled(String value, Map<String, String> environment) {
    return REFERENCE
        .matcher(value)
        .replaceAll(
            match -> Matcher.quoteReplacement(environment.getOrDefault(match.group(1), "")));
  }

  /** Returns the variables that its headers refer to. */
  Set<String> variables() {
    Set<String> names = new TreeSet<>();
    for (String value : headers.values()) {
      Matcher reference = REFERENCE.matcher(value);
      while (reference.find()) {
        names.add(reference.group(1));
      }
    }
    return names;
  }

  /**
   * Returns whether the value of a header may be shown: it is no secret, or refers to a variable in
   * place of one.
   *
   * @param name the header
   * @param value its value
   * @return whether it may
   */
  public static boolean mayShow(String name, String value) {
    return SHOWN.contains(name.toLowerCase(Locale.ROOT)) || REFERENCE.matcher(value).find();
  }

  String statuses() {
    return minStatus == maxStatus ? String.valueOf(minStatus) : minStatus + " to " + maxStatus;
  }

  String describe() {
    return method
        + " "
        + path
        + " to be answered with "
        + statuses()
        + (body == null ? "" : " and '" + body + "'");
  }

  @Override
  public boolean isReady(ProbeTarget target) throws IOException {
    Map<String, String> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    fields.put("User-Agent", "AutoDeploy-Probe");
    fields.putAll(headers);
    byte[] nothing = method.equals("POST") || method.equals("PUT") ? new byte[0] : null;
    URI address = ProbePath.at(target.endpoint(), path);
    try (InstanceExchange exchange =
        InstanceExchange.begin(address, method, fields, nothing, timeout)) {
      int status = exchange.status();
      if (status < minStatus || status > maxStatus) {
        throw new IOException(method + " " + path + " answered " + status);
      }
      if (body != null && !exchange.text().contains(body)) {
        throw new IOException(
            method + " " + path + " answered " + status + " without '" + body + "'");
      }
      return true;
    }
  }

  /** Leaves the values of headers out, which may be secrets. */
  @Override
  public String toString() {
    return "HttpCheck[" + describe() + ", headers=" + headers.keySet() + "]";
  }
}
