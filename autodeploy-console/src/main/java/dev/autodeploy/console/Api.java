package dev.autodeploy.console;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Deployment;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.document.DeploymentQuery;
import dev.autodeploy.internal.document.ProblemType;
import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.spi.ProviderCatalog;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The JSON API of the page. A GET request never starts an instance. */
final class Api {
  /** The usage that is shown unless a period is asked for. */
  private static final Duration USAGE = Duration.ofDays(31);

  /** The logs that are asked for at a time: a provider that hangs takes no other threads. */
  static final int LOG_PLACES = 8;

  /** The lists of what a provider has that are asked for at a time. */
  static final int CATALOG_PLACES = 4;

  /** The time for which the logs of an instance are asked for once it is gone. */
  private static final Duration LOGS = Duration.ofDays(7);

  private final AutoDeploy autoDeploy;
  private final InstantSource clock;
  private final ZoneId zone;
  private final CostsApi costs;
  private final BudgetApi budget;
  private final WhatIf whatIf = new WhatIf();
  private final Places ledgerQuestions = new Places(WhatIf.PLACES);
  private final Places logQuestions = new Places(LOG_PLACES);
  private final Places catalogQuestions = new Places(CATALOG_PLACES);
  private final RequestGuard guard;
  private final DeploymentJson deploymentJson;
  private final HistoryJson history;
  private final EventHistory eventHistory;
  private final ChangePublisher publisher;
  private final SseHub hub;
  private final LogTails logs;
  private final Actions actions;
  private final AuditLog audit;
  private final @Nullable SignInApi signIn;

  Api(
      AutoDeploy autoDeploy,
      InstantSource clock,
      ZoneId zone,
      RequestGuard guard,
      DeploymentJson deploymentJson,
      EventHistory eventHistory,
      ChangePublisher publisher,
      SseHub hub,
      LogTails logs,
      Actions actions,
      AuditLog audit,
      @Nullable SignInApi signIn) {
    this.autoDeploy = autoDeploy;
    this.clock = clock;
    this.zone = zone;
    this.costs = new CostsApi(autoDeploy, clock, zone);
    this.budget = new BudgetApi(autoDeploy, audit);
    this.guard = guard;
    this.deploymentJson = deploymentJson;
    this.history = new HistoryJson(eventHistory);
    this.eventHistory = eventHistory;
    this.publisher = publisher;
    this.hub = hub;
    this.logs = logs;
    this.actions = actions;
    this.audit = audit;
    this.signIn = signIn;
  }

  /**
   * Answers a request of somebody who is known, as far as the console asks who they are.
   *
   * @return the response, or null if the exchange has become an event stream
   */
  @Nullable JsonResponse answer(Request request, Caller caller) throws IOException {
    if (request.method().equals("GET")) {
      return route(request, caller);
    }
    try {
      guard.admitChange(request.exchange(), caller);
      return route(request, caller);
    } catch (ProblemException e) {
      actions.refused(request, caller, e.slug());
      throw e;
    } catch (AutoDeployException e) {
      actions.refused(request, caller, e.code().name().toLowerCase(Locale.ROOT));
      throw e;
    }
  }

  /**
   * Answers a request of somebody who has not signed in.
   *
   * @param address where the request came from
   */
  JsonResponse answerUnknown(Request request, String address) throws IOException {
    List<String> path = request.path();
    if (path.equals(List.of("session"))) {
      allow(request, "GET");
      return JsonResponse.json(200, unknownSession());
    }
    if (signIn != null && path.equals(List.of("sign-in"))) {
      allow(request, "POST");
      return signIn.signIn(request, address);
    }
    request.exchange().getResponseHeaders().set("WWW-Authenticate", "Bearer realm=\"autodeploy\"");
    throw new ProblemException(ProblemType.NOT_AUTHENTICATED, "sign in with POST -/api/sign-in");
  }

  private @Nullable JsonResponse route(Request request, Caller caller) throws IOException {
    boolean reads = request.method().equals("GET");
    List<String> path = request.path();
    String first = path.get(0);
    if (path.size() == 1) {
      switch (first) {
        case "session" -> {
          allow(request, "GET");
          return JsonResponse.json(200, session(caller));
        }
        case "sign-out" -> {
          allow(request, "POST");
          return signOut(caller);
        }
        case "provider" -> {
          allow(request, "GET");
          return catalogQuestions.answer(() -> JsonResponse.json(200, provider()));
        }
        case "gpus" -> {
          allow(request, "GET");
          return JsonResponse.json(200, GpusJson.of(autoDeploy.gpus()));
        }
        case "check" -> {
          allow(request, "POST");
          return actions.check(request);
        }
        case "costs" -> {
          allow(request, CostsApi.PARAMETERS, "GET");
          return ledgerQuestions.answer(() -> costs.answer(request));
        }
        case "budget" -> {
          allow(request, "GET", "PATCH");
          return reads ? budget.read() : budget.change(request, caller);
        }
        case "events" -> {
          allow(request, Set.of("deployment", "limit"), "GET");
          return JsonResponse.json(200, events(request));
        }
        case "audit" -> {
          allow(request, Set.of("limit"), "GET");
          guard.admitActor(caller);
          return JsonResponse.json(200, audit.json(limit(request, AuditLog.MAX_ENTRIES)));
        }
        case "deployments" -> {
          allow(request, reads ? DeploymentQuery.PARAMETERS : Set.of(), "GET", "POST");
          return reads ? JsonResponse.json(200, list(request)) : actions.create(request, caller);
        }
        default -> {
          // Longer paths are handled below.
        }
      }
    }
    if (path.size() == 2 && first.equals("events") && path.get(1).equals("stream")) {
      allow(request, "GET");
      return stream(request, caller);
    }
    if (path.size() >= 2 && first.equals("deployments")) {
      Deployment deployment = find(path.get(1));
      return about(deployment, request, caller, path.subList(2, path.size()));
    }
    throw ProblemException.notFound("the API has no such address");
  }

  private static int limit(Request request, int max) {
    return request.number("limit", 200, 1, max);
  }

  private JsonResponse signOut(Caller caller) {
    if (signIn == null || caller.session() == null) {
      throw ProblemException.notFound("this console has no sessions to sign out of");
    }
    JsonResponse response = signIn.signOut(caller);
    hub.endWhere(session -> session.equals(caller.session()));
    return response;
  }

  private @Nullable JsonResponse about(
      Deployment deployment, Request request, Caller caller, List<String> rest) throws IOException {
    if (rest.isEmpty()) {
      allow(request, "GET", "PATCH", "DELETE");
      return switch (request.method()) {
        case "GET" -> JsonResponse.json(200, deploymentJson.detail(deployment));
        case "PATCH" -> actions.update(deployment, request, caller);
        default -> actions.remove(deployment, caller);
      };
    }
    if (rest.size() == 1) {
      switch (rest.get(0)) {
        case "instances" -> {
          allow(request, "GET");
          return JsonResponse.json(200, instances(deployment));
        }
        case "usage" -> {
          allow(request, Set.of("from", "to", "limit"), "GET");
          return ledgerQuestions.answer(() -> JsonResponse.json(200, usage(deployment, request)));
        }
        case "history" -> {
          allow(request, Set.of("window"), "GET");
          HistoryJson.Window window = window(request);
          return ledgerQuestions.answer(
              () -> JsonResponse.json(200, history.of(deployment, window, clock.instant())));
        }
        case "what-if" -> {
          allow(request, "GET");
          return JsonResponse.json(200, whatIf.of(deployment, clock.instant()));
        }
        case "start" -> {
          allow(request, "POST");
          return actions.start(deployment, caller);
        }
        case "prepare" -> {
          allow(request, "POST");
          return actions.prepare(deployment, request, caller);
        }
        case "release" -> {
          allow(request, "POST");
          return actions.release(deployment, request, caller);
        }
        case "snapshot" -> {
          allow(request, "POST");
          return actions.snapshot(deployment, request, caller);
        }
        default -> {
          // Longer paths are handled below.
        }
      }
    }
    if (rest.size() >= 3 && rest.get(0).equals("instances") && rest.get(2).equals("logs")) {
      if (rest.size() == 3) {
        allow(request, Set.of("lines"), "GET");
        return logQuestions.answer(
            () -> JsonResponse.json(200, logs(deployment, rest.get(1), request)));
      }
      if (rest.size() == 4 && rest.get(3).equals("stream")) {
        allow(request, "GET");
        return logStream(deployment, rest.get(1), request, caller);
      }
    }
    throw ProblemException.notFound("the API has no such address");
  }

  private static void allow(Request request, String... methods) {
    allow(request, Set.of(), methods);
  }

  /** Refuses other methods, and parameters that would be ignored. */
  private static void allow(Request request, Set<String> parameters, String... methods) {
    if (!List.of(methods).contains(request.method())) {
      request.exchange().getResponseHeaders().set("Allow", String.join(", ", methods));
      throw new ProblemException(
          ProblemType.METHOD_NOT_ALLOWED, "this address takes " + String.join(", ", methods));
    }
    for (String name : new TreeSet<>(request.query().keySet())) {
      if (!parameters.contains(name)) {
        throw ProblemException.badRequest(
            "there is no parameter '"
                + PlainText.line(name)
                + "' here; "
                + (parameters.isEmpty()
                    ? "this address takes none"
                    : "there are " + String.join(", ", new TreeSet<>(parameters))));
      }
    }
  }

  private Deployment find(String name) {
    return autoDeploy.find(name).orElseThrow(() -> ProblemException.noDeployment(name));
  }

  private ObjectNode session(Caller caller) {
    boolean acts = guard.actions() && caller.mayAct();
    ObjectNode json = ConsoleJson.object();
    json.put("signIn", signIn != null);
    json.put("actions", acts);
    json.put("token", acts || signIn != null ? guard.token(caller.user()) : null);
    json.put("user", caller.user().isEmpty() ? null : caller.user());
    json.put("provider", autoDeploy.providerName());
    json.put("owner", autoDeploy.owner());
    ConsoleJson.put(json, "now", clock.instant());
    return json;
  }

  /** Tells somebody unknown nothing but that they have to sign in. */
  private ObjectNode unknownSession() {
    ObjectNode json = ConsoleJson.object();
    json.put("signIn", true);
    json.put("actions", false);
    json.putNull("token");
    json.putNull("user");
    json.putNull("provider");
    json.putNull("owner");
    ConsoleJson.put(json, "now", clock.instant());
    return json;
  }

  private ObjectNode list(Request request) {
    DeploymentQuery.Page page;
    try {
      page = DeploymentQuery.of(request.query()).page(autoDeploy.deployments(), any -> true);
    } catch (IllegalArgumentException e) {
      throw ProblemException.badRequest(String.valueOf(e.getMessage()));
    }
    ObjectNode json = ConsoleJson.object();
    ConsoleJson.put(json, "now", clock.instant());
    ArrayNode list = json.putArray("deployments");
    page.deployments().forEach(d -> list.add(deploymentJson.summary(d)));
    json.put("next", page.next());
    return json;
  }

  private ObjectNode instances(Deployment deployment) {
    ObjectNode json = ConsoleJson.object();
    json.set("instances", deploymentJson.instances(deployment));
    return json;
  }

  private ObjectNode provider() {
    ObjectNode json = ConsoleJson.object();
    json.put("name", autoDeploy.providerName());
    ProviderCatalog catalog = Actions.await(autoDeploy.catalog());
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
              ConsoleJson.put(snapshot, "createdAt", s.createdAt());
              snapshot.put("bytes", s.bytes());
              s.leftOut().forEach(snapshot.putArray("leftOut")::add);
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
    int limit = limit(request, EventHistory.MAX_EVENTS);
    ObjectNode json = ConsoleJson.object();
    ArrayNode list = json.putArray("events");
    eventHistory
        .events(request.query().get("deployment"), limit)
        .forEach(e -> list.add(EventJson.of(e)));
    return json;
  }

  private ObjectNode usage(Deployment deployment, Request request) {
    Instant now = clock.instant();
    Instant from = CostsApi.moment(request, "from", now.minus(USAGE), zone);
    Instant to = CostsApi.moment(request, "to", now.plusSeconds(1), zone);
    int limit = request.number("limit", 1000, 1, 10_000);
    List<UsageInterval> all = deployment.usage(from, to);
    ObjectNode json = ConsoleJson.object();
    json.put("leftOut", Math.max(0, all.size() - limit));
    ArrayNode list = json.putArray("intervals");
    for (UsageInterval usage : all.subList(Math.max(0, all.size() - limit), all.size())) {
      ObjectNode interval = list.addObject();
      interval.put("instanceId", usage.instanceId());
      ConsoleJson.put(interval, "startRequestedAt", usage.startRequestedAt());
      ConsoleJson.put(interval, "readyAt", usage.readyAt());
      ConsoleJson.put(interval, "releaseRequestedAt", usage.releaseRequestedAt());
      ConsoleJson.put(interval, "endedAt", usage.endedAt());
      interval.put("open", usage.open());
      interval.put("startingSeconds", ConsoleJson.seconds(usage.starting()));
      interval.put("busySeconds", ConsoleJson.seconds(usage.busy()));
      interval.put("idleSeconds", ConsoleJson.seconds(usage.idle()));
      interval.put("asleepSeconds", ConsoleJson.seconds(usage.asleep()));
      interval.put("releasingSeconds", ConsoleJson.seconds(usage.releasing()));
      interval.set("cost", ConsoleJson.money(deployment.costOf(usage)));
    }
    return json;
  }

  private static HistoryJson.Window window(Request request) {
    String value = request.query().getOrDefault("window", "hour");
    for (HistoryJson.Window window : HistoryJson.Window.values()) {
      if (window.name().toLowerCase(Locale.ROOT).equals(value)) {
        return window;
      }
    }
    throw ProblemException.invalid("window", "window must be hour, day or week");
  }

  /**
   * Refuses what is no instance of this deployment, as the provider would answer for any. May read
   * the ledger of days.
   */
  private void refuseUnknown(Deployment deployment, String instanceId) {
    boolean lives =
        deployment.status().instances().stream().anyMatch(i -> i.id().equals(instanceId));
    boolean lived =
        lives
            || deployment.usage(clock.instant().minus(LOGS), Instant.MAX).stream()
                .anyMatch(u -> u.instanceId().equals(instanceId));
    if (!lived) {
      throw ProblemException.notFound(
          "deployment '" + deployment.name() + "' has had no instance '" + instanceId + "'");
    }
  }

  /** Returns the last lines of an instance; blocks. */
  private List<String> lines(Deployment deployment, String instanceId, int lines) {
    refuseUnknown(deployment, instanceId);
    return Actions.await(deployment.logs(instanceId, lines));
  }

  private ObjectNode logs(Deployment deployment, String instanceId, Request request) {
    int lines = request.number("lines", 200, 1, 2000);
    ObjectNode json = ConsoleJson.object();
    json.put("instanceId", instanceId);
    ArrayNode list = json.putArray("lines");
    lines(deployment, instanceId, lines).forEach(list::add);
    return json;
  }

  private @Nullable JsonResponse stream(Request request, Caller caller) throws IOException {
    guard.admitStream(request.exchange());
    publisher.prime();
    ObjectNode hello = ConsoleJson.object();
    ConsoleJson.put(hello, "now", clock.instant());
    hub.open(
        request.exchange(),
        caller,
        ChangePublisher.TOPIC,
        SseHub.message("hello", ConsoleJson.text(hello)));
    return null;
  }

  private @Nullable JsonResponse logStream(
      Deployment deployment, String instanceId, Request request, Caller caller) throws IOException {
    guard.admitStream(request.exchange());
    List<String> lines = logQuestions.answer(() -> lines(deployment, instanceId, 500));
    String first = ConsoleJson.text(LogTails.lines(lines, true));
    hub.open(
        request.exchange(), caller, LogTails.topic(instanceId), SseHub.message("lines", first));
    logs.follow(deployment, instanceId);
    return null;
  }
}
