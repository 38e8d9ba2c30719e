package dev.autodeploy.proxy.gateway;

import dev.autodeploy.internal.document.ProblemType;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Problems as the clients of models read them, on the address that all models share. Whatever the
 * shape, the members of RFC 9457 that have no other meaning in it are there as well.
 */
final class ErrorShape {
  private static final String JSON = "application/json";

  private ErrorShape() {}

  /**
   * Returns a response in the shape of an interface.
   *
   * @param api the interface
   * @param own the response
   * @param vendor whether the client says that it is Anthropic's, whose list of models has the path
   *     of OpenAI's
   */
  static LinkResponse of(ModelApi api, LinkResponse own, boolean vendor) {
    Problem problem = own.problem();
    if (problem == null) {
      return own;
    }
    Map<String, Object> document = problem.document();
    switch (api) {
      case OPENAI -> {
        if (vendor) {
          anthropic(document, problem);
        } else {
          document.put("error", openAi(problem));
        }
      }
      case ANTHROPIC -> anthropic(document, problem);
      case OLLAMA -> document.put("error", problem.detail());
    }
    return own.withBody(JSON, JsonText.write(document));
  }

  private static Map<String, @Nullable Object> openAi(Problem problem) {
    Map<String, @Nullable Object> error = new LinkedHashMap<>();
    error.put("message", problem.detail());
    boolean ofRequest =
        problem.status() < 500 && problem.status() != 401 && problem.status() != 429;
    error.put("type", ofRequest ? "invalid_request_error" : problem.clientType());
    error.put("param", problem.type() == ProblemType.MODEL_NOT_FOUND ? "model" : null);
    error.put("code", problem.clientCode());
    return error;
  }

  private static void anthropic(Map<String, Object> document, Problem problem) {
    Map<String, Object> error = new LinkedHashMap<>();
    error.put("type", anthropicType(problem.status()));
    error.put("message", problem.detail());
    document.put("problem", problem.type().type());
    document.put("type", "error");
    document.put("error", error);
  }

  private static String anthropicType(int status) {
    return switch (status) {
      case 401 -> "authentication_error";
      case 403 -> "permission_error";
      case 404 -> "not_found_error";
      case 413 -> "request_too_large";
      case 429 -> "rate_limit_error";
      case 503 -> "overloaded_error";
      case 504 -> "timeout_error";
      default -> status < 500 ? "invalid_request_error" : "api_error";
    };
  }
}
