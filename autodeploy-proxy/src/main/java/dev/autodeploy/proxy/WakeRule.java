package dev.autodeploy.proxy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.util.Arguments;
import java.time.Duration;
import java.util.Map;
import java.util.function.Predicate;

/**
 * A rule for requests that are not to wake a deployment, or not to keep its instance. Immutable;
 * made by {@link Wake}.
 */
public final class WakeRule {
  private final Predicate<LinkRequest> matcher;
  private final Action action;

  WakeRule(Predicate<LinkRequest> matcher, Action action) {
    this.matcher = requireNonNull(matcher, "matcher");
    this.action = requireNonNull(action, "action");
  }

  /**
   * Returns whether the rule is for a request.
   *
   * @param request the request
   * @return true if so
   */
  public boolean matches(LinkRequest request) {
    return matcher.test(request);
  }

  /**
   * Returns what becomes of the requests that it is for.
   *
   * @return the action
   */
  public Action action() {
    return action;
  }

  @Override
  public String toString() {
    return "WakeRule[" + action + "]";
  }

  /** The ways to treat a request. */
  public sealed interface Action {}

  /**
   * The link answers with the deployment's status.
   *
   * @param whileAsleep whether only while no instance is ready; then the instance answers
   */
  public record AnswerStatus(boolean whileAsleep) implements Action {}

  /**
   * The link gives a fixed answer.
   *
   * @param status the status code
   * @param headers the header fields
   * @param body the body
   * @param whileAsleep whether only while no instance is ready; then the instance answers
   */
  public record Answer(int status, Map<String, String> headers, String body, boolean whileAsleep)
      implements Action {

    /**
     * Checks the values.
     *
     * @param status the status code
     * @param headers the header fields
     * @param body the body
     * @param whileAsleep whether only while no instance is ready
     */
    public Answer {
      Arguments.inRange("status", status, 200, 599);
      headers = Map.copyOf(headers);
      requireNonNull(body, "body");
    }
  }

  /**
   * While no instance is ready the link gives the last good answer of one; until there is one, the
   * request wakes the deployment.
   *
   * @param maxAge how old it may be
   * @param maxBytes how long its body may be
   */
  public record LastAnswer(Duration maxAge, int maxBytes) implements Action {

    /**
     * Checks the values.
     *
     * @param maxAge how old it may be
     * @param maxBytes how long its body may be
     */
    public LastAnswer {
      Arguments.positive("maxAge", maxAge);
      Arguments.inRange("maxBytes", maxBytes, 1, 16 * 1024 * 1024);
    }
  }

  /**
   * The instance answers, if one is ready or starting; otherwise the link refuses, and starts none.
   *
   * @param status the status code of the refusal
   */
  public record DoNotWake(int status) implements Action {

    /**
     * Checks the value.
     *
     * @param status the status code of the refusal
     */
    public DoNotWake {
      checkRefusal(status);
    }
  }

  /**
   * The instance answers, if one is ready, and can be released meanwhile: then the answer ends.
   * Otherwise the link refuses.
   *
   * @param status the status code of the refusal
   */
  public record DoNotKeep(int status) implements Action {

    /**
     * Checks the value.
     *
     * @param status the status code of the refusal
     */
    public DoNotKeep {
      checkRefusal(status);
    }
  }

  private static void checkRefusal(int status) {
    Arguments.inRange("status", status, 200, 599);
  }
}
