package dev.autodeploy.console;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.Cost;
import dev.autodeploy.DeclaredDeployments;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentState;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.InstanceInfo;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.Money;
import dev.autodeploy.PlaceInLine;
import dev.autodeploy.Schedule;
import dev.autodeploy.StartEstimate;
import dev.autodeploy.StartFailure;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.StartProgress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deployments and instances as JSON. Never shows the value of an environment variable. */
final class DeploymentJson {
  private static final Logger LOG = LoggerFactory.getLogger(DeploymentJson.class);

  private final Function<Deployment, @Nullable URI> linkOf;
  private final MonthlyCost monthlyCost;
  private final AutoDeploy autoDeploy;

  DeploymentJson(
      Function<Deployment, @Nullable URI> linkOf, MonthlyCost monthlyCost, AutoDeploy autoDeploy) {
    this.linkOf = linkOf;
    this.monthlyCost = monthlyCost;
    this.autoDeploy = autoDeploy;
  }

  /** Returns the file that declares a deployment, or null if none does. */
  @Nullable Path declaredIn(Deployment deployment) {
    return autoDeploy
        .declared()
        .filter(it -> it.names().contains(deployment.name()))
        .map(DeclaredDeployments::file)
        .orElse(null);
  }

  /** Returns what changes only when something happens. */
  ObjectNode state(Deployment deployment) {
    DeploymentStatus status = deployment.status();
    ObjectNode json = ConsoleJson.object();
    json.put("name", deployment.name());
    json.put("description", deployment.spec().description());
    json.put("link", link(deployment));
    json.put("status", word(status.state()));
    json.put("phase", phase(status));
    json.put("instances", status.instances().size());
    json.put("maxInstances", deployment.spec().maxInstances());
    json.put("inFlight", status.inFlight());
    json.put("pending", status.pending());
    json.put("requests", status.requests());
    json.put("coldStarts", status.coldStarts());
    json.put("starts", status.starts());
    json.put("startFailures", status.startFailures());
    ConsoleJson.put(json, "createdAt", deployment.createdAt());
    ConsoleJson.put(json, "releaseAt", releaseAt(status));
    ConsoleJson.put(json, "startingSince", startingSince(status));
    ConsoleJson.put(json, "backoffUntil", status.backoffUntil());
    PlaceInLine line = status.waitsFor();
    json.put("waitsFor", line == null ? null : line.describe());
    json.set("lastFailure", failure(status.lastFailure()));
    json.put("degraded", status.degraded());
    json.put("unpriced", status.unpriced());
    ConsoleJson.put(json, "lastFailureAt", status.lastFailureAt());
    json.set("preparation", progress(status.preparation()));
    json.set("schedule", schedule(deployment.scheduleState()));
    json.set("budget", budget(deployment.budgetStatus()));
    json.set("startEstimate", startEstimate(status.startEstimate()));
    return json;
  }

  private static @Nullable ObjectNode startEstimate(@Nullable StartEstimate estimate) {
    return estimate == null
        ? null
        : ConsoleJson.object()
            .put("medianSeconds", ConsoleJson.seconds(estimate.median()))
            .put("p95Seconds", ConsoleJson.seconds(estimate.p95()))
            .put("starts", estimate.starts());
  }

  /** Returns what was spent of a budget, or null without one. */
  static @Nullable ObjectNode budget(@Nullable BudgetStatus status) {
    if (status == null) {
      return null;
    }
    ObjectNode json = ConsoleJson.object();
    Money money = status.budget().money();
    json.put("limit", status.budget().limit().toPlainString());
    json.put("spent", status.spent().toPlainString());
    json.put("left", status.left().toPlainString());
    json.put("currency", money == null ? null : money.currency().getCurrencyCode());
    json.put("period", word(status.budget().period()));
    json.put("percent", Math.round(status.share() * 100));
    json.put("exhausted", status.exhausted());
    json.put("startable", status.startable());
    ConsoleJson.put(json, "resetsAt", status.resetsAt());
    return json;
  }

  /** Returns what a schedule has in force, or null without one. */
  static @Nullable ObjectNode schedule(Schedule.@Nullable State state) {
    if (state == null) {
      return null;
    }
    ObjectNode json = ConsoleJson.object();
    json.put("closed", state.closed());
    json.put("warm", state.warm());
    json.put("idleTimeout", state.idleTimeout() == null ? null : state.idleTimeout().toString());
    ConsoleJson.put(json, "until", state.until());
    return json;
  }

  /** Returns the state with its costs, which change with every moment that an instance exists. */
  ObjectNode summary(Deployment deployment) {
    return withCost(state(deployment), deployment);
  }

  ObjectNode withCost(ObjectNode state, Deployment deployment) {
    MonthlyCost.Month month = monthlyCost.month(deployment);
    Cost cost = deployment.cost();
    ObjectNode json = state.putObject("cost");
    json.put("currency", cost.total().currency().getCurrencyCode());
    json.put("total", ConsoleJson.amount(cost.total()));
    json.put("month", ConsoleJson.amount(month.money()));
    json.put("alwaysOn", ConsoleJson.amount(cost.alwaysOn()));
    json.put("starting", ConsoleJson.amount(cost.starting()));
    json.put("busy", ConsoleJson.amount(cost.busy()));
    json.put("idle", ConsoleJson.amount(cost.idle()));
    json.put("asleep", ConsoleJson.amount(cost.asleep()));
    json.put("releasing", ConsoleJson.amount(cost.releasing()));
    ConsoleJson.put(json, "since", cost.since());
    ConsoleJson.put(json, "monthSince", month.since());
    if (month.typicalStart() == null) {
      state.putNull("typicalStartSeconds");
    } else {
      state.put("typicalStartSeconds", ConsoleJson.seconds(month.typicalStart()));
    }
    return state;
  }

  ObjectNode detail(Deployment deployment) {
    ObjectNode json = summary(deployment);
    json.put("idleExplanation", deployment.explainIdleTimeout());
    Path file = declaredIn(deployment);
    json.put("declaredIn", file == null ? null : String.valueOf(file.getFileName()));
    json.set("spec", SpecJson.tree(deployment.spec()));
    json.set("instanceList", instances(deployment));
    return json;
  }

  ArrayNode instances(Deployment deployment) {
    ArrayNode list = ConsoleJson.object().arrayNode();
    deployment.status().instances().forEach(i -> list.add(instance(i)));
    return list;
  }

  private ObjectNode instance(InstanceInfo instance) {
    ObjectNode json = ConsoleJson.object();
    json.put("id", instance.id());
    json.put("slot", instance.slot());
    json.put("phase", word(instance.phase()));
    json.put("startReason", word(instance.startReason()));
    json.put("endpoint", instance.endpoint() == null ? null : instance.endpoint().toString());
    json.put("inFlight", instance.inFlight());
    ConsoleJson.put(json, "startRequestedAt", instance.startRequestedAt());
    ConsoleJson.put(json, "readyAt", instance.readyAt());
    ConsoleJson.put(json, "idleSince", instance.idleSince());
    ConsoleJson.put(json, "releaseAt", instance.releaseAt());
    json.put(
        "releaseReason", instance.releaseReason() == null ? null : word(instance.releaseReason()));
    json.put("busySeconds", ConsoleJson.seconds(instance.busy()));
    json.put("preparingSeconds", ConsoleJson.seconds(instance.preparing()));
    ConsoleJson.put(json, "asleepSince", instance.asleepSince());
    json.put("asleepSeconds", ConsoleJson.seconds(instance.asleep()));
    json.set("progress", progress(instance.progress()));
    return json;
  }

  static @Nullable ObjectNode progress(@Nullable StartProgress progress) {
    if (progress == null) {
      return null;
    }
    ObjectNode json = ConsoleJson.object();
    json.put("step", progress.step());
    json.put("detail", progress.detail());
    json.put("current", progress.current());
    json.put("total", progress.total());
    json.put("preparing", progress.preparing());
    ArrayNode parts = json.putArray("parts");
    for (StartProgress.Part part : progress.parts()) {
      parts
          .addObject()
          .put("name", part.name())
          .put("state", word(part.state()))
          .put("current", part.current())
          .put("total", part.total());
    }
    return json;
  }

  private @Nullable String link(Deployment deployment) {
    try {
      URI link = linkOf.apply(deployment);
      return link == null ? null : link.toString();
    } catch (RuntimeException e) {
      LOG.debug("{}: the link could not be had", deployment.name(), e);
      return null;
    }
  }

  /** Tells in one word what exactly the deployment does within its status. */
  private static String phase(DeploymentStatus status) {
    if (status.state() == DeploymentState.RUNNING) {
      return status.inFlight() > 0 ? "busy" : "waiting";
    }
    if (status.count(InstancePhase.STARTING) > 0) {
      return "starting";
    }
    if (status.count(InstancePhase.WAKING) > 0) {
      return "waking";
    }
    if (status.count(InstancePhase.FALLING_ASLEEP) > 0) {
      return "falling-asleep";
    }
    if (status.waitsFor() == null && status.count(InstancePhase.ASLEEP) > 0) {
      return "asleep";
    }
    if (status.count(InstancePhase.DRAINING) > 0) {
      return "draining";
    }
    if (status.count(InstancePhase.RELEASING) > 0) {
      return "releasing";
    }
    if (status.waitsFor() != null) {
      return "in-line";
    }
    if (status.backoffUntil() != null) {
      return "backing-off";
    }
    return status.lastFailure() != null ? "failed" : "none";
  }

  private static @Nullable Instant releaseAt(DeploymentStatus status) {
    return status.instances().stream()
        .map(InstanceInfo::releaseAt)
        .filter(Objects::nonNull)
        .max(Comparator.naturalOrder())
        .orElse(null);
  }

  private static @Nullable Instant startingSince(DeploymentStatus status) {
    return status.instances().stream()
        .filter(i -> i.phase() == InstancePhase.STARTING)
        .map(InstanceInfo::startRequestedAt)
        .min(Comparator.naturalOrder())
        .orElse(null);
  }

  static @Nullable ObjectNode failure(@Nullable StartFailure failure) {
    if (failure == null) {
      return null;
    }
    ObjectNode json = ConsoleJson.object();
    json.put("instanceId", failure.instanceId());
    json.put("kind", word(failure.kind()));
    json.put("message", failure.message());
    json.put("elapsedSeconds", ConsoleJson.seconds(failure.elapsed()));
    json.put("attempts", failure.attempts());
    json.put("cause", failure.cause() == null ? null : failure.cause().slug());
    json.put("lastProbe", failure.lastProbe());
    ArrayNode lines = json.putArray("logTail");
    failure.logTail().forEach(lines::add);
    json.set("exit", exit(failure.exit()));
    return json;
  }

  static @Nullable ObjectNode exit(@Nullable InstanceExit exit) {
    if (exit == null) {
      return null;
    }
    ObjectNode json = ConsoleJson.object();
    json.put("exitCode", exit.exitCode());
    json.put("outOfMemory", exit.outOfMemory());
    json.put("message", exit.message());
    ArrayNode lines = json.putArray("logTail");
    exit.logTail().forEach(lines::add);
    return json;
  }

  static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
