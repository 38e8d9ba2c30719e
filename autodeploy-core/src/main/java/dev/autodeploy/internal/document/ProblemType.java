package dev.autodeploy.internal.document;

import dev.autodeploy.ErrorCode;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The types of problems that a link and the page's API respond with, as RFC 9457 has them: one
 * title and one status code for each, wherever it appears.
 */
public enum ProblemType {
  // The request.
  BAD_REQUEST(400, "bad-request", "The request is malformed or ambiguous"),
  TARGET_NOT_FORWARDABLE(400, "target-not-forwardable", "The path cannot be forwarded unchanged"),
  MODEL_NOT_NAMED(400, "model-not-named", "The request names no model"),
  METHOD_NOT_ALLOWED(405, "method-not-allowed", "The method is not allowed"),
  BODY_TOO_LARGE(413, "body-too-large", "The request's body is too large"),
  TARGET_TOO_LONG(414, "target-too-long", "The path is too long"),
  UNSUPPORTED_MEDIA_TYPE(415, "unsupported-media-type", "The request's body is of another type"),
  EXPECTATION_FAILED(417, "expectation-failed", "The expectation cannot be met"),
  INVALID_FIELD(422, "invalid-field", "A field is not valid"),
  KEY_REUSED(422, "key-reused", "The idempotency key belongs to another request"),
  HEADER_TOO_LARGE(431, "header-too-large", "The request's header is too large"),
  TRANSFER_CODING_NOT_SUPPORTED(
      501, "transfer-coding-not-supported", "The transfer coding is not supported"),
  UPGRADE_NOT_SUPPORTED(501, "upgrade-not-supported", "The link cannot switch protocols"),
  VERSION_NOT_SUPPORTED(505, "version-not-supported", "The protocol version is not supported"),

  // The caller.
  NOT_ALLOWED(401, "not-allowed", "The caller is not allowed"),
  NOT_AUTHENTICATED(401, "not-authenticated", "You are not signed in"),
  WRONG_PASSWORD(401, "wrong-password", "The user or the password is wrong"),
  AUTHENTICATOR_REQUIRED(403, "authenticator-required", "The console needs an authenticator"),
  CROSS_ORIGIN(403, "cross-origin", "Pages of other origins may not use the console"),
  CROSS_SITE_REQUEST(403, "cross-site-request", "Pages of other sites may not use this link"),
  NOT_FOR_CALLERS(403, "not-for-callers", "The request is not for callers"),
  READ_ONLY(403, "read-only", "The console is read-only"),
  ROLE_READS(403, "role-reads", "The caller may look and not act"),
  SERVICE_WORKER_SCOPE(
      403, "service-worker-scope", "A service worker may not control other deployments"),
  TOKEN_MISSING(403, "token-missing", "A change needs a token"),
  UNKNOWN_HOST(421, "unknown-host", "The request is for another host"),
  RATE_LIMITED(429, "rate-limited", "Too many requests"),
  TOO_MANY_ATTEMPTS(429, "too-many-attempts", "There were too many attempts"),

  // The deployment.
  NOT_FOUND(404, "not-found", "There is nothing at this address"),
  LINK_NOT_FOUND(404, "link-not-found", "There is no such link"),
  DEPLOYMENT_NOT_FOUND(404, "deployment-not-found", "There is no such deployment"),
  MODEL_NOT_FOUND(404, "model-not-found", "There is no such model"),
  ROUTE_TARGET_NOT_FOUND(404, "route-target-not-found", "route target not found"),
  TICKET_NOT_FOUND(404, "ticket-not-found", "There is no such ticket"),
  NAME_TAKEN(409, "name-taken", "The name is taken"),
  DECLARED(409, "declared", "A file declares the deployment"),

  // The engine and its provider.
  REPLICA_QUOTA_EXCEEDED(409, "replica-quota-exceeded", "deployment replica quota exceeded"),
  OWNER_IN_USE(409, "owner-in-use", "Another engine has the same owner"),
  QUEUE_FULL(429, "queue-full", "Too many requests are waiting", Duration.ofSeconds(1)),
  BUDGET_EXHAUSTED(429, "budget-exhausted", "The budget is exhausted"),
  INTERNAL_ERROR(500, "internal-error", "The request failed; the log says why"),
  STATE_FAILED(500, "state-failed", "The state could not be read or written"),
  INSTANCE_BROKE_EXCHANGE(502, "instance-broke-exchange", "The instance broke the exchange"),
  PROVIDER_FAILED(
      503, "provider-failed", "The provider of instances failed", Duration.ofSeconds(5)),
  NOT_LEADING(503, "not-leading", "Another replica leads", Duration.ofSeconds(1)),
  ASLEEP(503, "asleep", "No instance runs, and this request starts none"),
  NOT_OPEN(503, "not-open", "The deployment is closed at this time"),
  RELEASED(503, "released", "The deployment was released", Duration.ofSeconds(1)),
  SHUTTING_DOWN(503, "shutting-down", "It is shutting down", Duration.ofSeconds(1)),
  START_FAILED(503, "start-failed", "The instance could not be started", Duration.ofSeconds(1)),
  TOO_MANY_LISTENERS(503, "too-many-listeners", "Too many pages are open"),
  ACQUIRE_TIMEOUT(504, "acquire-timeout", "No instance was ready in time", Duration.ofSeconds(1)),
  ANSWER_TIMEOUT(504, "answer-timeout", "The instance did not answer in time"),
  PROVIDER_TIMEOUT(504, "provider-timeout", "The provider did not answer in time");

  /** The address that every {@link #type} begins with. */
  public static final String TYPES = "https://autodeploy.dev/problems/";

  private final int status;
  private final String slug;
  private final String title;
  private final @Nullable Duration retryAfter;

  ProblemType(int status, String slug, String title) {
    this(status, slug, title, null);
  }

  ProblemType(int status, String slug, String title, @Nullable Duration retryAfter) {
    this.status = status;
    this.slug = slug;
    this.title = title;
    this.retryAfter = retryAfter;
  }

  /** Returns the type of an error of the engine. */
  public static ProblemType of(ErrorCode code) {
    return switch (code) {
      case DEPLOYMENT_NOT_FOUND -> DEPLOYMENT_NOT_FOUND;
      case ROUTE_TARGET_NOT_FOUND -> ROUTE_TARGET_NOT_FOUND;
      case REPLICA_QUOTA_EXCEEDED -> REPLICA_QUOTA_EXCEEDED;
      case QUEUE_FULL -> QUEUE_FULL;
      case NOT_OPEN -> NOT_OPEN;
      case BUDGET_EXHAUSTED -> BUDGET_EXHAUSTED;
      case ACQUIRE_TIMEOUT -> ACQUIRE_TIMEOUT;
      case START_FAILED -> START_FAILED;
      case RELEASED -> RELEASED;
      case CLOSED -> SHUTTING_DOWN;
      case PROVIDER_FAILED -> PROVIDER_FAILED;
      case OWNER_IN_USE -> OWNER_IN_USE;
      case NOT_LEADING -> NOT_LEADING;
      case STATE_FAILED -> STATE_FAILED;
    };
  }

  /** Returns the status code. */
  public int status() {
    return status;
  }

  /** Returns the last part of the type. */
  public String slug() {
    return slug;
  }

  /** Returns the type: an address that stays the same. */
  public String type() {
    return TYPES + slug;
  }

  /** Returns what kind of problem it is, in the same words each time. */
  public String title() {
    return title;
  }

  /** Returns after which time another try makes sense, or null if waiting does not help. */
  public @Nullable Duration retryAfter() {
    return retryAfter;
  }
}
