package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.charset.Charset;
import org.jspecify.annotations.Nullable;

/**
 * A response that the link gives by itself.
 *
 * @param status the status code
 * @param headers the header fields, without those of the body
 * @param type the body's media type, or null if there is no body
 * @param body the body
 * @param charset how the body is written
 * @param problem the problem that it tells, or null if it tells none
 */
record LinkResponse(
    int status,
    HttpHeaders headers,
    @Nullable String type,
    String body,
    Charset charset,
    @Nullable Problem problem) {

  static LinkResponse text(int status, HttpHeaders headers, @Nullable String type, String body) {
    return new LinkResponse(status, headers, type, body, UTF_8, null);
  }

  /** Returns the response whose body has one byte for each character. */
  static LinkResponse bytes(int status, HttpHeaders headers, @Nullable String type, String body) {
    return new LinkResponse(status, headers, type, body, ISO_8859_1, null);
  }

  static LinkResponse withoutBody(int status, HttpHeaders headers) {
    return text(status, headers, null, "");
  }

  static LinkResponse json(HttpHeaders headers, String json) {
    return text(200, headers.add("Cache-Control", "no-store"), "application/json", json);
  }

  static LinkResponse of(Problem problem) {
    return of(problem, new HttpHeaders());
  }

  /** Returns the response to a problem, with further fields. */
  static LinkResponse of(Problem problem, HttpHeaders headers) {
    String retryAfter = problem.retryAfterSeconds();
    if (retryAfter != null) {
      headers.set("Retry-After", retryAfter);
    }
    if (problem.retryIsPointless()) {
      headers.set("x-should-retry", "false");
    }
    if (problem.close()) {
      headers.set("Connection", "close");
    }
    if (problem.status() == 401) {
      headers.set("WWW-Authenticate", "Bearer realm=\"autodeploy\"");
    }
    headers.set("Cache-Control", "no-store");
    return new LinkResponse(
        problem.status(), headers, "application/problem+json", problem.json(), UTF_8, problem);
  }

  /** Returns what happened, in one sentence, if it is a problem. */
  @Nullable String detail() {
    return problem == null ? null : problem.detail();
  }

  /** Returns the response with another body. */
  LinkResponse withBody(String otherType, String otherBody) {
    return new LinkResponse(status, headers, otherType, otherBody, UTF_8, problem);
  }
}
