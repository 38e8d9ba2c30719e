package dev.autodeploy.console;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.ProviderCatalog;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The JSON API of the page. A GET request never starts an instance. */
final class Api {
  private static final Logger LOG = LoggerFactory.getLogger(Api.class);
  private static final int PROVIDER_SECONDS = 10;

  private final AutoDeploy autoDeploy;
  private final InstantSource clock;
  private final RequestGuard guard;
  private final DeploymentJson deploymentJson;
  private final HistoryJson history;
  private final EventHistory eventHistory;
  private final ChangePublisher publisher;
  private final SseHub hub;
  private final LogTails logs;

  Api(
      AutoDeploy autoDeploy,
      InstantSource clock,
      RequestGuard guard,
      DeploymentJson deploymentJson,
      EventHistory eventHistory,
      ChangePublisher publisher,
      SseHub hub,
      LogTails logs) {
    this.autoDeploy = autoDeploy;
    this.clock = clock;
    this.guard = guard;
    this.deploymentJson = deploymentJson;
    this.history = new HistoryJson(eventHistory);
    this.eventHistory = eventHistory;
    this.publisher = publisher;
    this.hub = hub;
    this.logs = logs;
  }

  /**
   * Answers a request.
   *
   * @param user who asks
   * @return the answer, or null if the exchange has become an event stream
   */
  @Nullable JsonResponse answer(Request request, String user) throws IOException {
    boolean reads = request.method().equals("GET");
    if (!reads) {
      guard.admitChange(request.exchange(), user);
    }
    List<String> path = request.path();
    String first = path.get(0);
    if (path.size() == 1) {
      switch (first) {
        case "session" -> {
          allow(request, "GET");
          return JsonResponse.json(200, session(user));
        }
        case "provider" -> {
          allow(request, "GET");
          return JsonResponse.json(200, provider());
        }
        case "check" -> {
          allow(request, "POST");
          return check(request);
        }
        case "events" -> {
          allow(request, "GET");
          return JsonResponse.json(200, events(request));
        }
        case "deployments" -> {
          allow(request, "GET", "POST");
          return reads ? JsonResponse.json(200, list()) : create(request);
        }
        default -> {
          // Longer paths are handled below.
        }
      }
    }
    if (path.size() == 2 && first.equals("events") && path.get(1).equals("stream")) {
      allow(request, "GET");
      return stream(request);
    }
    if (path.size() >= 2 && first.equals("deployments")) {
      Deployment deployment = find(path.get(1));
      return about(deployment, request, path.subList(2, path.size()));
    }
    throw Problem.notFound("the API has no such address");
  }

  private @Nullable JsonResponse about(Deployment deployment, Request request, List<String> rest)
      throws IOException {
    if (rest.isEmpty()) {
      allow(request, "GET", "PATCH", "DELETE");
      return switch (request.method()) {
        case "GET" -> JsonResponse.json(200, deploymentJson.detail(deployment));
        case "PATCH" -> update(deployment, request);
        default -> remove(deployment);
      };
    }
    if (rest.size() == 1) {
      switch (rest.get(0)) {
        case "instances" -> {
          allow(request, "GET");
          return JsonResponse.json(200, instances(deployment));
        }
        case "usage" -> {
          allow(request, "GET");
          return JsonResponse.json(200, usage(deployment, request));
        }
        case "history" -> {
          allow(request, "GET");
          return JsonResponse.json(200, history.of(deployment, window(request), clock.instant()));
        }
        case "start" -> {
          allow(request, "POST");
          return accepted(deployment, "start", deployment.warmUp());
        }
        case "release" -> {
          allow(request, "POST");
          return accepted(
              deployment,
              "release",
              forced(request) ? deployment.releaseNow() : deployment.release());
        }
        case "snapshot" -> {
          allow(request, "POST");
          return snapshot(deployment, request);
        }
        default -> {
          // Longer paths are handled below.
        }
      }
    }
    if (rest.size() >= 3 && rest.get(0).equals("instances") && rest.get(2).equals("logs")) {
      String instanceId = knownInstance(deployment, rest.get(1));
      if (rest.size() == 3) {
        allow(request, "GET");
        return JsonResponse.json(200, logs(deployment, instanceId, request));
      }
      if (rest.size() == 4 && rest.get(3).equals("stream")) {
        allow(request, "GET");
        return logStream(deployment, instanceId, request);
      }
    }
    throw Problem.notFound("the API has no such address");
  }

  private static void allow(Request request, String... methods) {
    if (!List.of(methods).contains(request.method())) {
      request.exchange().getResponseHeaders().set("Allow", String.join(", ", methods));
      throw new Problem(
          405,
          "method-not-allowed",
          "The method is not allowed here",
          "this address takes " + String.join(", ", methods));
    }
  }

  private Deployment find(String name) {
    return autoDeploy.find(name).orElseThrow(() -> Problem.noDeployment(name));
  }

  // Requests that read.

  private ObjectNode session(String user) {
    ObjectNode json = Json.object();
    json.put("actions", guard.actions());
    json.put("token", guard.actions() ? guard.token(user) : null);
    json.put("user", user.isEmpty() ? null : user);
    json.put("provider", autoDeploy.providerName());
    json.put("owner", autoDeploy.owner());
    Json.put(json, "now", clock.instant());
    return json;
  }

  private ObjectNode list() {
    ObjectNode json = Json.object();
    Json.put(json, "now", clock.instant());
    ArrayNode list = json.putArray("deployments");
    autoDeploy.deployments().forEach(d -> list.add(deploymentJson.summary(d)));
    return json;
  }

  private ObjectNode instances(Deployment deployment) {
    ObjectNode json = Json.object();
    json.set("instances", deploymentJson.instances(deployment));
    return json;
  }

  private ObjectNode provider() {
    ObjectNode json = Json.object();
    json.put("name", autoDeploy.providerName());
    ProviderCatalog catalog = await(autoDeploy.catalog());
    ArrayNode images = json.putArray("images");
    catalog.images().forEach(images::add);
    ArrayNode snapshots = json.putArray("snapshots");
    catalog
        .snapshots()
        .forEach(
            s -> {
              ObjectNode snapshot = snapshots.addObject();
              snapshot.put("reference", s.reference());
              snapshot.put("deployment", s.deployment());
              Json.put(snapshot, "createdAt", s.createdAt());
              snapshot.put("bytes", s.bytes());
            });
    ArrayNode gpus = json.putArray("gpus");
    catalog
        .gpus()
        .forEach(
            g ->
                gpus.addObject()
                    .put("id", g.id())
                    .put("model", g.model())
                    .put("heldBy", g.heldBy()));
    return json;
  }

  private ObjectNode events(Request request) {
    int limit = request.number("limit", 200, 1, EventHistory.MAX_EVENTS);
    ObjectNode json = Json.object();
    ArrayNode list = json.putArray("events");
    eventHistory
        .events(request.query().get("deployment"), limit)
        .forEach(e -> list.add(EventJson.of(e)));
    return json;
  }

  private ObjectNode usage(Deployment deployment, Request request) {
    Instant now = clock.instant();
    Instant from = moment(request, "from", deployment.createdAt());
    Instant to = moment(request, "to", now.plusSeconds(1));
    int limit = request.number("limit", 1000, 1, 10_000);
    List<UsageInterval> all = deployment.usage(from, to);
    ObjectNode json = Json.object();
    json.put("leftOut", Math.max(0, all.size() - limit));
    ArrayNode list = json.putArray("intervals");
    for (UsageInterval usage : all.subList(Math.max(0, all.size() - limit), all.size())) {
      ObjectNode interval = list.addObject();
      interval.put("instanceId", usage.instanceId());
      Json.put(interval, "startRequestedAt", usage.startRequestedAt());
      Json.put(interval, "readyAt", usage.readyAt());
      Json.put(interval, "releaseRequestedAt", usage.releaseRequestedAt());
      Json.put(interval, "endedAt", usage.endedAt());
      interval.put("open", usage.open());
      interval.put("startingSeconds", Json.seconds(usage.starting()));
      interval.put("busySeconds", Json.seconds(usage.busy()));
      interval.put("idleSeconds", Json.seconds(usage.idle()));
      interval.put("releasingSeconds", Json.seconds(usage.releasing()));
      interval.set("cost", Json.money(deployment.costOf(usage)));
    }
    return json;
  }

  private static Instant moment(Request request, String parameter, Instant otherwise) {
    String value = request.query().get(parameter);
    try {
      return value == null ? otherwise : Instant.parse(value);
    } catch (DateTimeParseException e) {
      throw Problem.invalid(
          parameter, parameter + " must be a moment such as 2026-01-31T12:00:00Z");
    }
  }

  private static HistoryJson.Window window(Request request) {
    String value = request.query().getOrDefault("window", "hour");
    for (HistoryJson.Window window : HistoryJson.Window.values()) {
      if (window.name().toLowerCase(Locale.ROOT).equals(value)) {
        return window;
      }
    }
    throw Problem.invalid("window", "window must be hour, day or week");
  }

  /** Only instances of this deployment: the provider would answer for anybody's. */
  private static String knownInstance(Deployment deployment, String instanceId) {
    boolean lives =
        deployment.status().instances().stream().anyMatch(i -> i.id().equals(instanceId));
    boolean lived =
        lives
            || deployment.usage(deployment.createdAt(), Instant.MAX).stream()
                .anyMatch(u -> u.instanceId().equals(instanceId));
    if (!lived) {
      throw Problem.notFound(
          "deployment '" + deployment.name() + "' has had no instance '" + instanceId + "'");
    }
    return instanceId;
  }

  private ObjectNode logs(Deployment deployment, String instanceId, Request request) {
    int lines = request.number("lines", 200, 1, 2000);
    ObjectNode json = Json.object();
    json.put("instanceId", instanceId);
    ArrayNode list = json.putArray("lines");
    await(deployment.logs(instanceId, lines)).forEach(list::add);
    return json;
  }

  private @Nullable JsonResponse stream(Request request) throws IOException {
    publisher.prime();
    ObjectNode hello = Json.object();
    Json.put(hello, "now", clock.instant());
    hub.open(request.exchange(), ChangePublisher.TOPIC, SseHub.message("hello", Json.text(hello)));
    return null;
  }

  private @Nullable JsonResponse logStream(
      Deployment deployment, String instanceId, Request request) throws IOException {
    List<String> lines = await(deployment.logs(instanceId, 500));
    String first = Json.text(LogTails.lines(lines, true));
    hub.open(request.exchange(), LogTails.topic(instanceId), SseHub.message("lines", first));
    logs.follow(deployment, instanceId);
    return null;
  }

  // Requests that change something.

  private JsonResponse check(Request request) throws IOException {
    ObjectNode body = request.body();
    DeploymentSpec spec = spec(() -> SpecJson.read(body));
    if (autoDeploy.find(spec.name()).isPresent()) {
      throw Problem.nameTaken(spec.name());
    }
    return JsonResponse.json(200, Json.object().put("ok", true));
  }

  private JsonResponse create(Request request) throws IOException {
    ObjectNode body = request.body();
    DeploymentSpec spec = spec(() -> SpecJson.read(body));
    if (autoDeploy.find(spec.name()).isPresent()) {
      throw Problem.nameTaken(spec.name());
    }
    Deployment made = provided(() -> autoDeploy.deploy(spec));
    LOG.info("{}: made from the console", spec.name());
    return JsonResponse.json(201, deploymentJson.detail(made))
        .with("Location", "deployments/" + spec.name());
  }

  private JsonResponse update(Deployment deployment, Request request) throws IOException {
    ObjectNode body = request.body();
    if (body.has("name") && !body.path("name").asText().equals(deployment.name())) {
      throw Problem.invalid("name", "a deployment cannot be renamed; make another one");
    }
    DeploymentSpec spec = spec(() -> SpecJson.merge(deployment.spec(), body));
    provided(() -> autoDeploy.update(spec));
    LOG.info("{}: changed from the console", spec.name());
    return JsonResponse.json(200, deploymentJson.detail(deployment));
  }

  private static DeploymentSpec spec(java.util.function.Supplier<DeploymentSpec> read) {
    try {
      return read.get();
    } catch (InvalidSpecException e) {
      throw Problem.invalid(e.errors());
    }
  }

  private static Deployment provided(java.util.function.Supplier<Deployment> change) {
    try {
      return change.get();
    } catch (IllegalArgumentException e) {
      throw Problem.invalid("", String.valueOf(e.getMessage()));
    }
  }

  private JsonResponse remove(Deployment deployment) {
    CompletableFuture<Void> removed = autoDeploy.remove(deployment.name());
    LOG.info("{}: removed from the console", deployment.name());
    return removed.isDone() ? JsonResponse.empty(204) : accepted(deployment, "remove", removed);
  }

  private static boolean forced(Request request) throws IOException {
    ObjectNode body = request.body();
    if (body.has("forced") && !body.get("forced").isBoolean()) {
      throw Problem.invalid("forced", "forced must be true or false");
    }
    return body.path("forced").asBoolean(false);
  }

  private JsonResponse snapshot(Deployment deployment, Request request) throws IOException {
    ObjectNode body = request.body();
    String name = body.path("name").asText("").trim();
    if (name.isEmpty() || name.length() > 128) {
      throw Problem.invalid("name", "a snapshot needs a name of 1 to 128 characters");
    }
    return accepted(deployment, "snapshot", deployment.snapshot(name));
  }

  /**
   * Answers that an action goes on: it may take minutes. How it ended is told on the event stream.
   */
  private JsonResponse accepted(Deployment deployment, String action, CompletableFuture<?> done) {
    DeploymentSpec spec = deployment.spec();
    done.whenComplete(
        (result, error) -> {
          ObjectNode json = Json.object();
          json.put("deployment", deployment.name());
          json.put("action", action);
          json.put("ok", error == null);
          json.put("result", result instanceof String text ? text : null);
          json.put("message", error == null ? null : spec.redact(describe(error)));
          hub.publish(ChangePublisher.TOPIC, SseHub.message("action", Json.text(json)));
        });
    if (done.isCompletedExceptionally()) {
      await(done);
    }
    ObjectNode json = Json.object();
    json.put("deployment", deployment.name());
    json.put("action", action);
    json.put("done", done.isDone());
    return JsonResponse.json(202, json);
  }

  // Waiting for the provider.

  private static <T> T await(CompletableFuture<T> future) {
    try {
      return future.get(PROVIDER_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AutoDeployException known) {
        throw known;
      }
      throw new Problem(502, "provider-failed", "The provider could not do it", describe(e));
    } catch (TimeoutException e) {
      throw new Problem(
          504,
          "provider-timeout",
          "The provider does not answer",
          "the provider did not answer within " + PROVIDER_SECONDS + " s");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Problem(503, "closed", "The console is closed", "the console is being closed");
    }
  }

  private static String describe(Throwable error) {
    Throwable cause = error;
    while (cause.getCause() != null
        && (cause instanceof ExecutionException
            || cause instanceof java.util.concurrent.CompletionException)) {
      cause = cause.getCause();
    }
    return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
  }
}
