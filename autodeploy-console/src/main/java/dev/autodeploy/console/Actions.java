package dev.autodeploy.console;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.SnapshotRequest;
import dev.autodeploy.StartFailedException;
import dev.autodeploy.internal.document.ProblemType;
import dev.autodeploy.internal.text.PlainText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The part of the API that changes something, and notes who did what in the audit log. */
final class Actions {
  private static final int PROVIDER_SECONDS = 10;
  private static final Set<String> NAMED =
      Set.of("start", "prepare", "release", "snapshot", "sign-out");

  private final AutoDeploy autoDeploy;
  private final DeploymentJson deploymentJson;
  private final SpecPolicy policy;
  private final SseHub hub;
  private final AuditLog audit;

  Actions(
      AutoDeploy autoDeploy,
      DeploymentJson deploymentJson,
      SpecPolicy policy,
      SseHub hub,
      AuditLog audit) {
    this.autoDeploy = autoDeploy;
    this.deploymentJson = deploymentJson;
    this.policy = policy;
    this.hub = hub;
    this.audit = audit;
  }

  /** Notes that a change was not made. The address may be made up, unlike what is noted of it. */
  void refused(Request request, Caller caller, String reason) {
    List<String> path = request.path();
    if (path.get(0).equals("check")) {
      return; // the form asks while its user types
    }
    boolean about = path.size() > 1 && path.get(0).equals("deployments");
    String deployment = about && autoDeploy.find(path.get(1)).isPresent() ? path.get(1) : "";
    note(caller, action(request), deployment, "", AuditLog.REFUSED + reason);
  }

  private static String action(Request request) {
    List<String> path = request.path();
    return switch (request.method()) {
      case "PATCH" -> "update";
      case "DELETE" -> "remove";
      default -> {
        String last = path.get(path.size() - 1);
        yield path.equals(List.of("deployments"))
            ? "create"
            : NAMED.contains(last) ? last : "other";
      }
    };
  }

  private void note(
      Caller caller, String action, String deployment, String detail, String outcome) {
    audit.note(caller.user(), caller.address(), action, deployment, detail, outcome);
  }

  /** The names of the fields that were given; their values may be secrets. */
  private static String fields(ObjectNode body) {
    List<String> names = new ArrayList<>();
    body.fieldNames().forEachRemaining(names::add);
    return String.join(", ", names);
  }

  private static String outcome(DeploymentSpec spec, @Nullable Throwable error) {
    return error == null ? "done" : "failed: " + spec.redact(describe(error));
  }

  JsonResponse check(Request request) throws IOException {
    ObjectNode body = request.body();
    DeploymentSpec spec = spec(() -> SpecJson.read(body));
    policy.check(spec, null);
    if (autoDeploy.find(spec.name()).isPresent()) {
      throw ProblemException.nameTaken(spec.name());
    }
    return JsonResponse.json(200, ConsoleJson.object().put("ok", true));
  }

  JsonResponse create(Request request, Caller caller) throws IOException {
    ObjectNode body = request.body();
    DeploymentSpec spec = spec(() -> SpecJson.read(body));
    if (autoDeploy.find(spec.name()).isPresent()) {
      throw ProblemException.nameTaken(spec.name());
    }
    policy.check(spec, null);
    Deployment made = provided(() -> autoDeploy.deploy(spec));
    note(caller, "create", spec.name(), fields(body), "done");
    return JsonResponse.json(201, deploymentJson.detail(made))
        .with("Location", "deployments/" + spec.name());
  }

  JsonResponse update(Deployment deployment, Request request, Caller caller) throws IOException {
    refuseDeclared(deployment);
    ObjectNode body = request.body();
    if (body.has("name") && !body.path("name").asText().equals(deployment.name())) {
      throw ProblemException.invalid("name", "a deployment cannot be renamed; make another one");
    }
    DeploymentSpec spec = spec(() -> SpecJson.merge(deployment.spec(), body));
    policy.check(spec, deployment.spec());
    provided(() -> autoDeploy.update(spec));
    note(caller, "update", spec.name(), fields(body), "done");
    return JsonResponse.json(200, deploymentJson.detail(deployment));
  }

  /** A change would last until the file is read the next time. */
  private void refuseDeclared(Deployment deployment) {
    Path file = deploymentJson.declaredIn(deployment);
    if (file != null) {
      throw ProblemException.declared(deployment.name(), file);
    }
  }

  private static DeploymentSpec spec(Supplier<DeploymentSpec> read) {
    try {
      return read.get();
    } catch (InvalidSpecException e) {
      throw ProblemException.invalid(e.errors());
    }
  }

  private static Deployment provided(Supplier<Deployment> change) {
    try {
      return change.get();
    } catch (IllegalArgumentException e) {
      throw ProblemException.invalid("", String.valueOf(e.getMessage()));
    }
  }

  JsonResponse remove(Deployment deployment, Caller caller) {
    refuseDeclared(deployment);
    CompletableFuture<Void> removed = autoDeploy.remove(deployment.name());
    if (removed.isDone() && !removed.isCompletedExceptionally()) {
      note(caller, "remove", deployment.name(), "", "done");
      return JsonResponse.empty(204);
    }
    return accepted(deployment, caller, "remove", "", removed);
  }

  JsonResponse start(Deployment deployment, Caller caller) {
    return accepted(deployment, caller, "start", "", deployment.warmUp());
  }

  /** Fetches ahead what instances need, or gives that up. */
  JsonResponse prepare(Deployment deployment, Request request, Caller caller) throws IOException {
    ObjectNode body = request.body();
    if (body.has("cancel") && !body.get("cancel").isBoolean()) {
      throw ProblemException.invalid("cancel", "cancel must be true or false");
    }
    if (!body.path("cancel").asBoolean(false)) {
      return accepted(deployment, caller, "prepare", "", deployment.prepare().result());
    }
    if (deployment.status().preparation() != null) {
      deployment.prepare().cancel();
    }
    note(caller, "prepare", deployment.name(), "cancelled", "done");
    return JsonResponse.empty(204);
  }

  JsonResponse release(Deployment deployment, Request request, Caller caller) throws IOException {
    return forced(request)
        ? accepted(deployment, caller, "release", "forced", deployment.releaseNow())
        : accepted(deployment, caller, "release", "", deployment.release());
  }

  private static boolean forced(Request request) throws IOException {
    return flag(request.body(), "forced");
  }

  private static boolean flag(ObjectNode body, String field) {
    if (body.has(field) && !body.get(field).isBoolean()) {
      throw ProblemException.invalid(field, field + " must be true or false");
    }
    return body.path(field).asBoolean(false);
  }

  JsonResponse snapshot(Deployment deployment, Request request, Caller caller) throws IOException {
    ObjectNode body = request.body();
    String name = body.path("name").asText("").trim();
    if (name.isEmpty() || name.length() > 128) {
      throw ProblemException.invalid("name", "a snapshot needs a name of 1 to 128 characters");
    }
    SnapshotRequest wanted = new SnapshotRequest(name, flag(body, "includeVolumes"));
    return accepted(deployment, caller, "snapshot", name, deployment.snapshot(wanted));
  }

  /** Answers that an action continues: it may take minutes. The event stream reports its end. */
  private JsonResponse accepted(
      Deployment deployment,
      Caller caller,
      String action,
      String detail,
      CompletableFuture<?> done) {
    DeploymentSpec spec = deployment.spec();
    if (!done.isDone()) {
      note(caller, action, deployment.name(), detail, "accepted");
    }
    done.whenComplete(
        (result, error) -> {
          note(caller, action, deployment.name(), detail, outcome(spec, error));
          ObjectNode json = ConsoleJson.object();
          json.put("deployment", deployment.name());
          json.put("action", action);
          json.put("ok", error == null);
          json.put("cancelled", isCancelled(error));
          json.put("result", result instanceof String text ? text : null);
          json.put("message", error == null ? null : spec.redact(describe(error)));
          hub.publish(ChangePublisher.TOPIC, SseHub.message("action", ConsoleJson.text(json)));
        });
    if (done.isCompletedExceptionally()) {
      await(done);
    }
    ObjectNode json = ConsoleJson.object();
    json.put("deployment", deployment.name());
    json.put("action", action);
    json.put("done", done.isDone());
    return JsonResponse.json(202, json);
  }

  /** Waits a few seconds for the provider. */
  static <T> T await(CompletableFuture<T> future) {
    try {
      return future.get(PROVIDER_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AutoDeployException known) {
        throw known;
      }
      throw new ProblemException(ProblemType.PROVIDER_FAILED, describe(e));
    } catch (TimeoutException e) {
      throw new ProblemException(
          ProblemType.PROVIDER_TIMEOUT,
          "the provider did not answer within " + PROVIDER_SECONDS + " s");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ProblemException(ProblemType.SHUTTING_DOWN, "the console is being closed");
    }
  }

  /** Returns whether somebody wanted the action to end early; who did is told by its answer. */
  private static boolean isCancelled(@Nullable Throwable error) {
    return error instanceof CancellationException
        || (error != null && error.getCause() instanceof CancellationException);
  }

  static String describe(Throwable error) {
    if (isCancelled(error)) {
      return "it was cancelled";
    }
    Throwable cause = error;
    while (cause.getCause() != null
        && (cause instanceof ExecutionException || cause instanceof CompletionException)) {
      cause = cause.getCause();
    }
    String message =
        cause instanceof StartFailedException start ? start.summary() : cause.getMessage();
    return message == null ? cause.getClass().getSimpleName() : PlainText.line(message);
  }
}
