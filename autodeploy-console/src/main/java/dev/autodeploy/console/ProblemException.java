package dev.autodeploy.console;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.internal.document.ProblemType;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Ends a request with an RFC 9457 {@code application/problem+json} answer. */
final class ProblemException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final ProblemType type;
  private final transient List<FieldError> errors;
  private final @Nullable String deployment;

  ProblemException(ProblemType type, String detail) {
    this(type.status(), type, detail);
  }

  /** Makes one for which an authenticator of the host application has chosen the status code. */
  ProblemException(int status, ProblemType type, String detail) {
    this(status, type, detail, null, List.of());
  }

  private ProblemException(
      int status,
      ProblemType type,
      String detail,
      @Nullable String deployment,
      List<FieldError> errors) {
    super(detail, null, false, false);
    this.status = status;
    this.type = type;
    this.deployment = deployment;
    this.errors = errors;
  }

  static ProblemException badRequest(String detail) {
    return new ProblemException(ProblemType.BAD_REQUEST, detail);
  }

  static ProblemException notFound(String detail) {
    return new ProblemException(ProblemType.NOT_FOUND, detail);
  }

  static ProblemException noDeployment(String name) {
    return about(
        ProblemType.DEPLOYMENT_NOT_FOUND, "there is no deployment '" + name + "'", name, List.of());
  }

  static ProblemException invalid(List<FieldError> errors) {
    return about(ProblemType.INVALID_FIELD, InvalidSpecException.message(errors), null, errors);
  }

  static ProblemException invalid(String field, String message) {
    return invalid(List.of(new FieldError(field, message)));
  }

  static ProblemException nameTaken(String name) {
    return about(
        ProblemType.NAME_TAKEN,
        "there is already a deployment '" + name + "'",
        name,
        List.of(
            new FieldError("name", "there is already a deployment of this name; choose another")));
  }

  static ProblemException declared(String name, Path file) {
    return about(
        ProblemType.DECLARED,
        "deployment '"
            + name
            + "' is declared in "
            + file.getFileName()
            + ": change it there; it can be removed here once it is no longer in the file",
        name,
        List.of());
  }

  static ProblemException of(AutoDeployException e) {
    return about(ProblemType.of(e.code()), Actions.describe(e), e.deployment(), List.of());
  }

  private static ProblemException about(
      ProblemType type, String detail, @Nullable String deployment, List<FieldError> errors) {
    return new ProblemException(type.status(), type, detail, deployment, errors);
  }

  /** Returns the last part of the problem's type. */
  String slug() {
    return type.slug();
  }

  JsonResponse response() {
    ObjectNode json = ConsoleJson.object();
    json.put("type", type.type());
    json.put("title", type.title());
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
