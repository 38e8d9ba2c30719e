package dev.autodeploy.proxy.gateway;

import dev.autodeploy.internal.document.ProblemType;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An error as the caller sees it: RFC 9457 {@code application/problem+json}. Immutable.
 *
 * @param type what kind of problem it is
 * @param detail what happened this time and what to do
 * @param deployment the deployment's name, or null if it is about none
 * @param retryAfter after which time another try makes sense, or null if waiting does not help
 * @param members further members
 * @param close whether the connection must not be used for another request
 */
public record Problem(
    ProblemType type,
    String detail,
    @Nullable String deployment,
    @Nullable Duration retryAfter,
    Map<String, Object> members,
    boolean close) {

  /**
   * Copies the members.
   *
   * @param type what kind of problem it is
   * @param detail what happened this time and what to do
   * @param deployment the deployment's name, or null if it is about none
   * @param retryAfter after which time another try makes sense, or null if waiting does not help
   * @param members further members
   * @param close whether the connection must not be used for another request
   */
  public Problem {
    members = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(members));
  }

  /**
   * Returns the status code.
   *
   * @return the status code
   */
  public int status() {
    return type.status();
  }

  static Problem of(ProblemType type, String detail) {
    return new Problem(type, detail, null, type.retryAfter(), Map.of(), false);
  }

  Problem about(@Nullable String name) {
    return new Problem(type, detail, name, retryAfter, members, close);
  }

  Problem retryAfter(Duration time) {
    return new Problem(type, detail, deployment, time, members, close);
  }

  Problem with(String member, @Nullable Object value) {
    if (value == null) {
      return this;
    }
    Map<String, Object> more = new LinkedHashMap<>(members);
    more.put(member, value);
    return new Problem(type, detail, deployment, retryAfter, more, close);
  }

  Problem closing() {
    return new Problem(type, detail, deployment, retryAfter, members, true);
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
    return JsonText.write(document());
  }

  /** Returns the members of the document. */
  Map<String, Object> document() {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("type", type.type());
    document.put("title", type.title());
    document.put("status", status());
    document.put("detail", detail);
    if (deployment != null) {
      document.put("deployment", deployment);
    }
    document.putAll(members);
    document.put("error", clientError());
    return document;
  }

  /** Returns the error as clients of OpenAI's and Anthropic's interfaces look for it. */
  private Map<String, Object> clientError() {
    Map<String, Object> error = new LinkedHashMap<>();
    error.put("message", detail);
    error.put("type", clientType());
    error.put("code", clientCode());
    return error;
  }

  /** Returns the code that clients compare. */
  String clientCode() {
    return type.slug().replace('-', '_');
  }

  /** Returns the kind of error in OpenAI's words. */
  String clientType() {
    return switch (status()) {
      case 401 -> "authentication_error";
      case 403 -> "permission_error";
      case 404 -> "not_found_error";
      case 429 -> "rate_limit_error";
      default -> status() < 500 ? "invalid_request_error" : "server_error";
    };
  }

  /**
   * Returns whether the clients that try again by themselves, on 408, 409, 429 and from 500 on,
   * would do so in vain: a failed start would be started again with each try.
   *
   * @return true if they are to be told not to
   */
  boolean retryIsPointless() {
    boolean retried = status() == 409 || status() == 429 || status() >= 500;
    boolean helps = retryAfter != null || type == ProblemType.INSTANCE_BROKE_EXCHANGE;
    return retried && (!helps || type == ProblemType.START_FAILED);
  }
}
