package dev.autodeploy.proxy.gateway;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An error as the caller sees it: RFC 9457 {@code application/problem+json}. Immutable.
 *
 * @param status the status code
 * @param slug the last part of the stable {@code type}
 * @param title what kind of problem it is, the same words each time
 * @param detail what happened this time and what to do
 * @param deployment the deployment's name, or null if it is about none
 * @param retryAfter after which time another try makes sense, or null if waiting does not help
 * @param members further members
 * @param close whether the connection must not be used for another request
 */
public record Problem(
    int status,
    String slug,
    String title,
    String detail,
    @Nullable String deployment,
    @Nullable Duration retryAfter,
    Map<String, Object> members,
    boolean close) {

  /** What every {@code type} begins with. */
  public static final String TYPES = "https://autodeploy.dev/problems/";

  /**
   * Copies the members.
   *
   * @param status the status code
   * @param slug the last part of the stable {@code type}
   * @param title what kind of problem it is, the same words each time
   * @param detail what happened this time and what to do
   * @param deployment the deployment's name, or null if it is about none
   * @param retryAfter after which time another try makes sense, or null if waiting does not help
   * @param members further members
   * @param close whether the connection must not be used for another request
   */
  public Problem {
    members = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(members));
  }

  static Problem of(int status, String slug, String title, String detail) {
    return new Problem(status, slug, title, detail, null, null, Map.of(), false);
  }

  Problem about(@Nullable String name) {
    return new Problem(status, slug, title, detail, name, retryAfter, members, close);
  }

  Problem retryAfter(Duration time) {
    return new Problem(status, slug, title, detail, deployment, time, members, close);
  }

  Problem with(String member, @Nullable Object value) {
    if (value == null) {
      return this;
    }
    Map<String, Object> more = new LinkedHashMap<>(members);
    more.put(member, value);
    return new Problem(status, slug, title, detail, deployment, retryAfter, more, close);
  }

  Problem closing() {
    return new Problem(status, slug, title, detail, deployment, retryAfter, members, true);
  }

  /**
   * Returns the time to wait as the header field has it: whole seconds, rounded up, at least 1.
   *
   * @return the seconds, or null if waiting does not help
   */
  @Nullable String retryAfterSeconds() {
    if (retryAfter == null) {
      return null;
    }
    return Long.toString(Math.max(1, retryAfter.plusMillis(999).toSeconds()));
  }

  /**
   * Returns the document.
   *
   * @return JSON
   */
  String json() {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("type", TYPES + slug);
    document.put("title", title);
    document.put("status", status);
    document.put("detail", detail);
    if (deployment != null) {
      document.put("deployment", deployment);
    }
    document.putAll(members);
    return Json.write(document);
  }
}
