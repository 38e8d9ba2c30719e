package dev.autodeploy.internal.cluster;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.Budget;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.Cost;
import dev.autodeploy.CostChange;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.Lease;
import dev.autodeploy.Money;
import dev.autodeploy.RouteRule;
import dev.autodeploy.Schedule;
import dev.autodeploy.SharedGpus;
import dev.autodeploy.SnapshotRequest;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.engine.Engine;
import dev.autodeploy.internal.ledger.CostChunk;
import dev.autodeploy.internal.wire.WireJson;
import dev.autodeploy.spi.ProviderCatalog;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All operations that a follower has the leader carry out, but for leases. */
final class RemoteCalls {
  private static final Map<String, RemoteCall<?>> ALL = new LinkedHashMap<>();
  private static final TypeReference<Void> NOTHING = new TypeReference<>() {};

  static final RemoteCall<DeploymentStatus> STATUS =
      known(
          RemoteCall.of(
              "status", new TypeReference<>() {}, (engine, args) -> at(engine, args).status()));

  static final RemoteCall<Schedule.@Nullable State> SCHEDULE_STATE =
      known(
          RemoteCall.<Schedule.@Nullable State>of(
              "scheduleState",
              new TypeReference<Schedule.@Nullable State>() {},
              (engine, args) -> at(engine, args).scheduleState()));

  static final RemoteCall<@Nullable BudgetStatus> BUDGET_STATUS =
      known(
          RemoteCall.<@Nullable BudgetStatus>of(
              "budgetStatus",
              new TypeReference<@Nullable BudgetStatus>() {},
              (engine, args) -> at(engine, args).budgetStatus()));

  static final RemoteCall<String> EXPLAIN_IDLE_TIMEOUT =
      known(
          RemoteCall.of(
              "explainIdleTimeout",
              new TypeReference<>() {},
              (engine, args) -> at(engine, args).explainIdleTimeout()));

  static final RemoteCall<Boolean> PREPARE =
      known(
          new RemoteCall<>(
              "prepare",
              new TypeReference<>() {},
              (engine, args) -> at(engine, args).prepare().result()));

  static final RemoteCall<Void> CANCEL_PREPARATION =
      known(
          RemoteCall.doing(
              "cancelPreparation",
              (engine, args) -> {
                if (at(engine, args).status().preparation() != null) {
                  at(engine, args).prepare().cancel(); // joins the one under way
                }
              }));

  static final RemoteCall<Void> RELEASE =
      known(new RemoteCall<Void>("release", NOTHING, (engine, args) -> at(engine, args).release()));

  static final RemoteCall<Void> RELEASE_NOW =
      known(
          new RemoteCall<Void>(
              "releaseNow", NOTHING, (engine, args) -> at(engine, args).releaseNow()));

  static final RemoteCall<Cost> COST =
      known(
          RemoteCall.of(
              "cost", new TypeReference<>() {}, (engine, args) -> at(engine, args).cost()));

  static final RemoteCall<List<UsageInterval>> USAGE =
      known(
          RemoteCall.of(
              "usage",
              new TypeReference<>() {},
              (engine, args) -> at(engine, args).usage(moment(args, "from"), moment(args, "to"))));

  static final RemoteCall<Money> COST_OF =
      known(
          RemoteCall.of(
              "costOf",
              new TypeReference<>() {},
              (engine, args) ->
                  at(engine, args).costOf(WireJson.read(args.path("usage"), UsageInterval.class))));

  static final RemoteCall<List<String>> LOGS =
      known(
          new RemoteCall<>(
              "logs",
              new TypeReference<>() {},
              (engine, args) ->
                  at(engine, args).logs(text(args, "instance"), args.path("lines").asInt())));

  static final RemoteCall<String> SNAPSHOT =
      known(
          new RemoteCall<>(
              "snapshot",
              new TypeReference<>() {},
              (engine, args) ->
                  at(engine, args)
                      .snapshot(
                          new SnapshotRequest(
                              text(args, "name"), args.path("includesVolumes").asBoolean()))));

  static final RemoteCall<JsonNode> REPLAY =
      known(
          RemoteCall.of(
              "replay",
              new TypeReference<>() {},
              (engine, args) -> RemoteReplay.write(at(engine, args).replay())));

  static final RemoteCall<JsonNode> BORROW =
      known(
          RemoteCall.of(
              "borrow",
              new TypeReference<>() {},
              (engine, args) ->
                  at(engine, args)
                      .borrow(WireJson.read(args.path("route"), RouteRule.class))
                      .<JsonNode>map(RemoteCalls::borrowed)
                      .orElseGet(NullNode::getInstance)));

  static final RemoteCall<Void> ABANDON =
      known(
          RemoteCall.doing(
              "abandon",
              (engine, args) -> {
                engine.abandoned(
                    text(args, "deployment"), text(args, "instance"), text(args, "why"));
              }));

  static final RemoteCall<Void> DEPLOY =
      known(
          RemoteCall.doing(
              "deploy",
              (engine, args) -> {
                engine.deployAll(
                    WireJson.read(
                        args.path("specs"), new TypeReference<List<DeploymentSpec>>() {}));
              }));

  static final RemoteCall<Void> UPDATE =
      known(
          RemoteCall.doing(
              "update",
              (engine, args) -> {
                engine.update(WireJson.read(args.path("spec"), DeploymentSpec.class));
              }));

  static final RemoteCall<Void> LINK_PORT =
      known(
          RemoteCall.doing(
              "linkPort",
              (engine, args) -> {
                engine.linkPort(text(args, "deployment"), args.path("port").asInt());
              }));

  static final RemoteCall<Void> REMOVE =
      known(
          new RemoteCall<Void>(
              "remove", NOTHING, (engine, args) -> engine.remove(text(args, "deployment"))));

  static final RemoteCall<SharedGpus> GPUS =
      known(RemoteCall.of("gpus", new TypeReference<>() {}, (engine, args) -> engine.gpus()));

  static final RemoteCall<@Nullable BudgetStatus> ENGINE_BUDGET_STATUS =
      known(
          RemoteCall.<@Nullable BudgetStatus>of(
              "engineBudgetStatus",
              new TypeReference<@Nullable BudgetStatus>() {},
              (engine, args) -> engine.budgetStatus()));

  static final RemoteCall<Void> ENGINE_BUDGET =
      known(
          RemoteCall.doing(
              "engineBudget",
              (engine, args) -> {
                engine.budget(
                    args.hasNonNull("budget")
                        ? WireJson.read(args.get("budget"), Budget.class)
                        : null);
              }));

  static final RemoteCall<Void> DECLARE_BUDGET =
      known(
          RemoteCall.doing(
              "declareBudget",
              (engine, args) ->
                  engine.declareBudget(WireJson.read(args.path("budget"), Budget.class))));

  static final RemoteCall<List<UsageInterval>> COSTS =
      known(
          RemoteCall.of(
              "costs",
              new TypeReference<>() {},
              (engine, args) -> usage(engine, moment(args, "from"), moment(args, "to"))));

  static final RemoteCall<List<CostChange>> RECOMPUTE =
      known(
          RemoteCall.of(
              "recomputeCosts",
              new TypeReference<>() {},
              (engine, args) ->
                  engine.recomputeCosts(
                      moment(args, "from"), moment(args, "to"), args.path("apply").asBoolean())));

  static final RemoteCall<ProviderCatalog> CATALOG =
      known(
          new RemoteCall<>(
              "catalog", new TypeReference<>() {}, (engine, args) -> engine.catalog()));

  static final RemoteCall<Void> DELETE_SNAPSHOT =
      known(
          new RemoteCall<Void>(
              "deleteSnapshot",
              NOTHING,
              (engine, args) -> engine.deleteSnapshot(text(args, "reference"))));

  private RemoteCalls() {}

  private static JsonNode borrowed(Lease lease) {
    return WireJson.object()
        .put("instance", lease.instanceId())
        .put("endpoint", lease.endpoint().toString());
  }

  /** Returns the operation of a name, or null if this version has none. */
  static @Nullable RemoteCall<?> find(String name) {
    return ALL.get(name);
  }

  /** Returns the arguments of an operation on a deployment. */
  static ObjectNode on(String deployment) {
    return WireJson.object().put("deployment", deployment);
  }

  /** Returns the arguments of an operation on a period. */
  static ObjectNode period(Instant from, Instant to) {
    ObjectNode args = WireJson.object();
    args.set("from", WireJson.write(from));
    args.set("to", WireJson.write(to));
    return args;
  }

  private static <T extends @Nullable Object> RemoteCall<T> known(RemoteCall<T> call) {
    ALL.put(call.name(), call);
    return call;
  }

  private static List<UsageInterval> usage(Engine engine, Instant from, Instant to) {
    List<UsageInterval> usage = new ArrayList<>();
    for (CostChunk chunk : engine.costs(from, to)) {
      chunk.usage((begin, end) -> begin.isBefore(to) && end.isAfter(from), usage::add);
    }
    return usage;
  }

  private static Deployment at(Engine engine, JsonNode args) {
    return engine.deployment(text(args, "deployment"));
  }

  private static String text(JsonNode args, String name) {
    return args.path(name).asText();
  }

  private static Instant moment(JsonNode args, String name) {
    return WireJson.read(args.path(name), Instant.class);
  }
}
