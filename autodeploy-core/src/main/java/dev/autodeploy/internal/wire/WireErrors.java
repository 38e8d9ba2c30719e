package dev.autodeploy.internal.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.AcquireTimeoutException;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.BudgetExhaustedException;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.DeploymentClosedException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.QueueFullException;
import dev.autodeploy.StartFailedException;
import dev.autodeploy.StartFailure;
import dev.autodeploy.internal.util.Errors;
import dev.autodeploy.spi.StartProgress;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The errors of one replica as another one throws them, with their data. */
public final class WireErrors {
  private WireErrors() {}

  /** Writes an error. */
  public static ObjectNode write(Throwable thrown) {
    Throwable error = Errors.unwrap(thrown);
    ObjectNode json = WireJson.object();
    json.put("message", error.getMessage());
    if (error instanceof IllegalArgumentException
        || error instanceof UnsupportedOperationException) {
      return json.put("type", error instanceof IllegalArgumentException ? "argument" : "operation");
    }
    if (!(error instanceof AutoDeployException known)) {
      return json.put("type", "other").put("message", Errors.describe(error));
    }
    json.put("type", "known").put("code", known.code().name());
    json.put("deployment", known.deployment());
    data(known, json);
    return json;
  }

  private static void data(AutoDeployException error, ObjectNode json) {
    if (error instanceof StartFailedException failed) {
      json.set("failure", WireJson.write(failed.failure()));
      json.set("retryAfter", WireJson.write(failed.retryAfter()));
    } else if (error instanceof QueueFullException full) {
      json.put("limit", full.limit());
    } else if (error instanceof AcquireTimeoutException late) {
      json.set("waited", WireJson.write(late.waited()));
      json.put("state", late.state());
      json.set("progress", WireJson.write(late.progress()));
    } else if (error instanceof BudgetExhaustedException spent) {
      json.set("status", WireJson.write(spent.status()));
      json.set("retryAfter", WireJson.write(spent.retryAfter()));
      json.put("engine", spent.isOfEngine());
    } else if (error instanceof DeploymentClosedException closed) {
      json.set("opensAt", WireJson.write(closed.opensAt()));
      json.set("retryAfter", WireJson.write(closed.retryAfter()));
    }
  }

  /** Reads an error. */
  public static RuntimeException read(JsonNode json) {
    String message = json.path("message").asText("an error without words");
    return switch (json.path("type").asText()) {
      case "argument" -> new IllegalArgumentException(message);
      case "operation" -> new UnsupportedOperationException(message);
      case "known" -> known(json, message);
      default -> new AutoDeployException(ErrorCode.PROVIDER_FAILED, null, message);
    };
  }

  private static AutoDeployException known(JsonNode json, String message) {
    ErrorCode code = ErrorCode.valueOf(json.path("code").asText());
    JsonNode named = json.path("deployment");
    if (named.isTextual()) {
      AutoDeployException detailed = detailed(code, named.textValue(), message, json);
      if (detailed != null) {
        return detailed;
      }
    }
    return new AutoDeployException(code, named.isTextual() ? named.textValue() : null, message);
  }

  private static @Nullable AutoDeployException detailed(
      ErrorCode code, String deployment, String message, JsonNode json) {
    if (code == ErrorCode.START_FAILED && json.hasNonNull("failure")) {
      return new StartFailedException(
          deployment,
          WireJson.read(json.get("failure"), StartFailure.class),
          WireJson.read(json.get("retryAfter"), Duration.class));
    }
    if (code == ErrorCode.QUEUE_FULL && json.has("limit")) {
      return new QueueFullException(deployment, json.get("limit").intValue());
    }
    if (code == ErrorCode.ACQUIRE_TIMEOUT && json.hasNonNull("waited")) {
      return new AcquireTimeoutException(
          deployment,
          WireJson.read(json.get("waited"), Duration.class),
          json.path("state").asText(message),
          json.hasNonNull("progress")
              ? WireJson.read(json.get("progress"), StartProgress.class)
              : null);
    }
    if (code == ErrorCode.BUDGET_EXHAUSTED && json.hasNonNull("status")) {
      BudgetStatus status = WireJson.read(json.get("status"), BudgetStatus.class);
      return new BudgetExhaustedException(
          deployment, askedAt(status.resetsAt(), json), status, json.path("engine").asBoolean());
    }
    if (code == ErrorCode.NOT_OPEN && json.has("opensAt")) {
      Instant opensAt =
          json.hasNonNull("opensAt") ? WireJson.read(json.get("opensAt"), Instant.class) : null;
      return new DeploymentClosedException(deployment, askedAt(opensAt, json), opensAt);
    }
    return null;
  }

  /** Returns the moment from which a time to wait counts. */
  private static Instant askedAt(@Nullable Instant until, JsonNode json) {
    return until == null || !json.hasNonNull("retryAfter")
        ? Instant.EPOCH
        : until.minus(WireJson.read(json.get("retryAfter"), Duration.class));
  }
}
