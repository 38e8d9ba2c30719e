package dev.autodeploy.console;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.AutoDeployException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Ends a request with an RFC 9457 {@code application/problem+json} answer. */
final class Problem extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final String TYPES = "https://autodeploy.dev/problems/";

  private final int status;
  private final String slug;
  private final String title;
  private final transient List<FieldError> errors;
  private final @Nullable String deployment;

  Problem(int status, String slug, String title, String detail) {
    this(status, slug, title, detail, null, List.of());
  }

  private Problem(
      int status,
      String slug,
      String title,
      String detail,
      @Nullable String deployment,
      List<FieldError> errors) {
    super(detail, null, false, false);
    this.status = status;
    this.slug = slug;
    this.title = title;
    this.deployment = deployment;
    this.errors = errors;
  }

  static Problem badRequest(String detail) {
    return new Problem(400, "bad-request", "The request is malformed", detail);
  }

  static Problem notFound(String detail) {
    return new Problem(404, "not-found", "There is nothing at this address", detail);
  }

  static Problem noDeployment(String name) {
    return new Problem(
        404,
        "deployment-not-found",
        "There is no such deployment",
        "there is no deployment '" + name + "'",
        name,
        List.of());
  }

  static Problem forbidden(String slug, String detail) {
    return new Problem(403, slug, "The request is refused", detail);
  }

  static Problem invalid(List<FieldError> errors) {
    return new Problem(
        422,
        "invalid-field",
        "A field is not valid",
        InvalidSpecException.message(errors),
        null,
        errors);
  }

  static Problem invalid(String field, String message) {
    return invalid(List.of(new FieldError(field, message)));
  }

  static Problem nameTaken(String name) {
    return new Problem(
        409,
        "name-taken",
        "The name is taken",
        "there is already a deployment '" + name + "'",
        name,
        List.of(
            new FieldError("name", "there is already a deployment of this name; choose another")));
  }

  static Problem of(AutoDeployException e) {
    int status =
        switch (e.code()) {
          case DEPLOYMENT_NOT_FOUND, ROUTE_TARGET_NOT_FOUND -> 404;
          case QUEUE_FULL -> 429;
          case ACQUIRE_TIMEOUT -> 504;
          case PROVIDER_FAILED -> 502;
          case REPLICA_QUOTA_EXCEEDED, RELEASED, OWNER_IN_USE -> 409;
          case START_FAILED, CLOSED -> 503;
          case STATE_FAILED -> 500;
        };
    String slug = e.code().name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    return new Problem(
        status,
        slug,
        "The engine could not do it",
        String.valueOf(e.getMessage()),
        e.deployment(),
        List.of());
  }

  /** Returns the last part of the problem's type. */
  String slug() {
    return slug;
  }

  JsonResponse response() {
    ObjectNode json = Json.object();
    json.put("type", TYPES + slug);
    json.put("title", title);
    json.put("status", status);
    json.put("detail", getMessage());
    if (deployment != null) {
      json.put("deployment", deployment);
    }
    if (!errors.isEmpty()) {
      json.put("field", errors.get(0).field());
      ArrayNode list = json.putArray("errors");
      for (FieldError error : errors) {
        list.addObject().put("field", error.field()).put("message", error.message());
      }
    }
    return JsonResponse.problem(status, json);
  }
}
