package dev.autodeploy.docker;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.text.PlainText;
import org.jspecify.annotations.Nullable;

/** Something went wrong with a Docker daemon: what, its own words for it, and what to do. */
public final class DockerDaemonException extends AutoDeployException {
  private static final long serialVersionUID = 1L;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int DETAIL_LENGTH = 500;

  /** The kinds of problems. */
  private final DockerProblem problem;

  /** The daemon's own words. */
  private final String detail;

  /**
   * Creates the error.
   *
   * @param problem what is wrong
   * @param doing what was being done, such as {@code starting breezyvoice:latest}
   * @param detail the daemon's own words, possibly empty
   * @param cause what caused it, or null
   */
  public DockerDaemonException(
      DockerProblem problem, String doing, String detail, @Nullable Throwable cause) {
    super(ErrorCode.PROVIDER_FAILED, null, message(problem, doing, detail), cause);
    this.problem = requireNonNull(problem, "problem");
    this.detail = PlainText.line(requireNonNull(detail, "detail"));
  }

  /**
   * Returns what is wrong.
   *
   * @return the problem
   */
  public DockerProblem problem() {
    return problem;
  }

  /**
   * Returns the daemon's own words.
   *
   * @return a sentence, possibly empty
   */
  public String detail() {
    return detail;
  }

  /** Recognises what an attempt to use the daemon threw. */
  static DockerDaemonException of(String doing, Throwable thrown) {
    if (thrown instanceof DockerDaemonException known) {
      return known;
    }
    StringBuilder text = new StringBuilder();
    String last = "";
    Throwable t = thrown;
    for (int depth = 0; t != null && depth < 10; t = t.getCause(), depth++) {
      text.append(t.getClass().getSimpleName()).append(": ").append(t.getMessage()).append('\n');
      if (t.getMessage() != null) {
        last = t.getMessage();
      }
    }
    return new DockerDaemonException(
        DockerProblem.of(text.toString()), doing, sentence(last), thrown);
  }

  /** Recognises an error that the daemon put into an answer. */
  static DockerDaemonException answered(String doing, String text) {
    String sentence = sentence(text);
    return new DockerDaemonException(DockerProblem.of(sentence), doing, sentence, null);
  }

  private static String message(DockerProblem problem, String doing, String detail) {
    String words = doing + ": " + problem.summary();
    if (!detail.isEmpty()) {
      words += " (" + detail + ")";
    }
    return PlainText.line(words + "; " + problem.advice());
  }

  /** The daemon's sentence without the wrapping that it and docker-java put around it. */
  private static String sentence(String text) {
    String plain = text.replaceFirst("^Status \\d+: ", "").strip();
    if (plain.startsWith("{")) {
      try {
        JsonNode node = JSON.readTree(plain).path("message");
        plain = node.isTextual() ? node.asText() : plain;
      } catch (JsonProcessingException e) {
        // Not JSON after all: as it is.
      }
    }
    plain = PlainText.line(plain).replaceAll("\\s+", " ").strip();
    return plain.length() <= DETAIL_LENGTH ? plain : plain.substring(0, DETAIL_LENGTH) + "…";
  }
}
