package dev.autodeploy.proxy.gateway;

import dev.autodeploy.BudgetStatus;
import dev.autodeploy.Cost;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.InstanceInfo;
import dev.autodeploy.Money;
import dev.autodeploy.PlaceInLine;
import dev.autodeploy.StartFailure;
import dev.autodeploy.internal.document.DeploymentQuery;
import dev.autodeploy.spi.StartProgress;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The status of all deployments as JSON: no environment, no start command, no log lines. */
final class StatusDocument {
  private StatusDocument() {}

  static String of(DeploymentQuery.Page page, Function<String, URI> link) {
    List<Object> all = new ArrayList<>();
    for (Deployment deployment : page.deployments()) {
      all.add(deployment(deployment, link.apply(deployment.name())));
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("deployments", all);
    if (page.next() != null) {
      json.put("next", page.next());
    }
    return JsonText.write(json);
  }

  static Map<String, @Nullable Object> deployment(Deployment deployment, URI link) {
    DeploymentStatus status = deployment.status();
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("name", deployment.name());
    json.put("description", deployment.spec().description());
    json.put("status", status.state());
    json.put("link", link);
    int port = deployment.spec().linkPort();
    json.put("linkPort", port == 0 ? null : port);
    json.put("inFlight", status.inFlight());
    json.put("pending", status.pending());
    json.put("instances", status.instances().stream().map(StatusDocument::instance).toList());
    json.put("maxInstances", deployment.spec().maxInstances());
    json.put("requests", status.requests());
    json.put("coldStarts", status.coldStarts());
    json.put("starts", status.starts());
    json.put("startFailures", status.startFailures());
    StartFailure failure = status.lastFailure();
    json.put("lastFailure", failure == null ? null : failure(failure));
    json.put("lastFailureAt", text(status.lastFailureAt()));
    json.put("backoffUntil", text(status.backoffUntil()));
    json.put("degraded", status.degraded());
    json.put("unpriced", status.unpriced());
    PlaceInLine line = status.waitsFor();
    json.put("waitsFor", line == null ? null : line.describe());
    StartProgress preparation = status.preparation();
    json.put("preparation", preparation == null ? null : ProgressDocument.of(preparation));
    json.put("budget", budget(deployment.budgetStatus()));
    json.put("cost", cost(deployment.cost()));
    return json;
  }

  private static Map<String, @Nullable Object> instance(InstanceInfo instance) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("id", instance.id());
    json.put("phase", instance.phase());
    json.put("startReason", instance.startReason());
    json.put("inFlight", instance.inFlight());
    json.put("startRequestedAt", text(instance.startRequestedAt()));
    json.put("readyAt", text(instance.readyAt()));
    json.put("idleSince", text(instance.idleSince()));
    json.put("releaseAt", text(instance.releaseAt()));
    json.put("releaseReason", instance.releaseReason());
    json.put("busyMs", instance.busy().toMillis());
    json.put("preparingMs", instance.preparing().toMillis());
    StartProgress progress = instance.progress();
    json.put("asleepSince", text(instance.asleepSince()));
    json.put("asleepMs", instance.asleep().toMillis());
    json.put("progress", progress == null ? null : ProgressDocument.of(progress));
    return json;
  }

  private static Map<String, @Nullable Object> failure(StartFailure failure) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("instance", failure.instanceId());
    json.put("kind", failure.kind());
    json.put("message", failure.message());
    json.put("exitCode", failure.exit() == null ? null : failure.exit().exitCode());
    json.put("cause", failure.cause() == null ? null : failure.cause().slug());
    json.put("lastProbe", failure.lastProbe());
    json.put("elapsedMs", failure.elapsed().toMillis());
    json.put("attempts", failure.attempts());
    return json;
  }

  private static Map<String, @Nullable Object> cost(Cost cost) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("currency", cost.total().currency().getCurrencyCode());
    json.put("total", amount(cost.total()));
    json.put("starting", amount(cost.starting()));
    json.put("busy", amount(cost.busy()));
    json.put("idle", amount(cost.idle()));
    json.put("asleep", amount(cost.asleep()));
    json.put("releasing", amount(cost.releasing()));
    json.put("alwaysOn", amount(cost.alwaysOn()));
    json.put("since", text(cost.since()));
    return json;
  }

  private static @Nullable Map<String, @Nullable Object> budget(@Nullable BudgetStatus status) {
    if (status == null) {
      return null;
    }
    Money money = status.budget().money();
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("currency", money == null ? null : money.currency().getCurrencyCode());
    json.put("limit", text(status.budget().limit()));
    json.put("spent", text(status.spent()));
    json.put("left", text(status.left()));
    json.put("exhausted", status.exhausted());
    json.put("resetsAt", text(status.resetsAt()));
    return json;
  }

  /** Money as text: a JSON number would invite readers to binary fractions. */
  private static String amount(Money money) {
    return text(money.amount());
  }

  private static String text(BigDecimal number) {
    return number.stripTrailingZeros().toPlainString();
  }

  private static @Nullable String text(@Nullable Instant instant) {
    return instant == null ? null : instant.toString();
  }
}
