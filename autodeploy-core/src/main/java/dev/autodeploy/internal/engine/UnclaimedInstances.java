package dev.autodeploy.internal.engine;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.deployment.DeploymentController;
import dev.autodeploy.internal.ledger.Charging;
import dev.autodeploy.internal.ledger.LedgerWriter;
import dev.autodeploy.internal.ledger.OpenEntry;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The remains of earlier processes that nobody has taken over yet: instances whose deployment is
 * not declared, and accounts that the ledger has as open. Guarded by the engine's lock, except
 * where marked.
 */
final class UnclaimedInstances {
  private static final Logger LOG = LoggerFactory.getLogger(UnclaimedInstances.class);

  /** The time for which an instance is kept for a deployment that the host has not declared yet. */
  private static final Duration CLAIM_TIME = Duration.ofMinutes(1);

  private final EngineServices services;
  private final long startedAt;
  private final Duration hold;

  /** The meters of the deployments that are stored. */
  private final Map<String, CostMeter> meters = new HashMap<>();

  /** The accounts that the ledger has as open; those that are settled are taken out. */
  private final Map<String, OpenEntry> open;

  private final Map<String, ProviderInstance> unclaimed = new LinkedHashMap<>();

  /**
   * Makes it from what the ledger says, without instances yet.
   *
   * @param hold for how long instances that are claimed are not released as idle
   * @param state the deployments that are stored
   */
  UnclaimedInstances(EngineServices services, Duration hold, StoredState state) {
    this.hold = hold;
    this.services = services;
    this.startedAt = services.ticker().read();
    Map<String, Instant> createdAt = new HashMap<>();
    for (StoredDeployment stored : state.deployments()) {
      meters.put(stored.spec().name(), services.meter(stored.spec()));
      createdAt.put(stored.spec().name(), stored.createdAt());
    }
    LedgerWriter.Opened ledger = services.ledger().read(this::takenOver, createdAt);
    this.open = ledger.open();
    if (!ledger.charged().isEmpty()) {
      LOG.info(
          "{} intervals of a ledger that kept no prices are taken over at the prices of today",
          ledger.charged().size());
      services
          .providerExecutor()
          .execute(() -> ledger.charged().forEach(services.ledger()::appendReliably));
    }
  }

  /** Charges what an earlier version has left without a price, once and for all. */
  private UsageInterval takenOver(UsageInterval usage) {
    if (!Charging.isDue(usage)) {
      return usage;
    }
    UsageInterval charged = Charging.charged(usage, meter(usage.deployment()));
    return charged.with(charged.billing().asTakenOver());
  }

  /** Returns the meter of a deployment, or the engine's if it is not stored. */
  private CostMeter meter(String deployment) {
    return meters.getOrDefault(deployment, services.costMeter());
  }

  /** Takes note of the instances that were found. */
  void found(List<ProviderInstance> found) {
    found.forEach(instance -> unclaimed.put(instance.instanceId(), instance));
  }

  /** Returns since when a deployment has instances that it may claim, or a moment before that. */
  Instant since(String deployment, Instant atLatest) {
    return unclaimed.values().stream()
        .filter(instance -> instance.deployment().equals(deployment))
        .map(this::accountOpenedAt)
        .filter(opened -> opened.isBefore(atLatest))
        .min(Comparator.naturalOrder())
        .orElse(atLatest);
  }

  /**
   * Hands a deployment what is its own. Those with an open account come first, which the engine
   * before had: one that was started late, after its account was closed, serves nobody yet, and
   * must not take the place of one that does.
   */
  void claim(DeploymentController controller) {
    List<ProviderInstance> own =
        unclaimed.values().stream()
            .filter(instance -> instance.deployment().equals(controller.name()))
            .sorted(
                Comparator.comparing((ProviderInstance it) -> !open.containsKey(it.instanceId()))
                    .thenComparing(ProviderInstance::startedAt)
                    .thenComparing(ProviderInstance::instanceId))
            .toList();
    for (ProviderInstance instance : own) {
      unclaimed.remove(instance.instanceId());
      controller.adopt(instance, account(instance, controller.spec().gpu()), hold);
    }
  }

  /**
   * Closes the accounts of instances that were not found: up to now, as no earlier end is known.
   */
  List<UsageInterval> settleGone() {
    Instant now = services.clock().instant();
    List<UsageInterval> settled = new ArrayList<>();
    for (OpenEntry entry : List.copyOf(open.values())) {
      if (!unclaimed.containsKey(entry.started().instanceId())) {
        settled.add(settle(entry, now));
      }
    }
    return settled;
  }

  private UsageInterval settle(OpenEntry entry, Instant end) {
    LedgerEntry.Started started = entry.started();
    LedgerEntry.Used used = entry.used();
    Instant known = used == null ? started.at() : used.lastUsedAt();
    Instant until = latest(started.at(), known, end);
    UsageInterval usage =
        UsageInterval.builder(started.deployment(), started.instanceId(), started.at())
            .gpu(started.gpu())
            .readyAt(used == null ? null : used.readyAt())
            .endedAt(until)
            .busy(used == null ? Duration.ZERO : used.busy())
            .preparing(entry.preparingUntil(until))
            .sleeps(entry.sleepsUntil(until))
            .build();
    usage = entry.charged(usage, meter(started.deployment()));
    open.remove(usage.instanceId());
    services.costs().add(usage);
    services.ledger().appendReliably(new LedgerEntry.Released(usage));
    LOG.warn(
        "{}: instance '{}' of an earlier process is gone; it is counted until {}",
        started.deployment(),
        started.instanceId(),
        usage.endedAt());
    return usage;
  }

  private static Instant latest(Instant a, Instant b, Instant c) {
    Instant later = a.isAfter(b) ? a : b;
    return later.isAfter(c) ? later : c;
  }

  /** Returns whether an instance may still be claimed by a deployment that is declared late. */
  boolean isClaimable(ProviderInstance instance) {
    if (unclaimed.containsKey(instance.instanceId())
        && services.ticker().read() - startedAt < CLAIM_TIME.toNanos()) {
      return true;
    }
    unclaimed.remove(instance.instanceId());
    return false;
  }

  /** Returns the instances that are still to be claimed, which no longer can be. */
  List<ProviderInstance> takeAll() {
    List<ProviderInstance> rest = List.copyOf(unclaimed.values());
    unclaimed.clear();
    return rest;
  }

  /**
   * Opens the account of an instance: the one that it has, or one from where its last one was
   * closed, here or in an earlier process, for then it was given up too early.
   *
   * @param gpu what it was given, where the ledger does not know that
   */
  OpenEntry account(ProviderInstance found, GpuRequest gpu) {
    OpenEntry entry = open.remove(found.instanceId());
    if (entry != null) {
      return entry;
    }
    UsageInterval counted = counted(found);
    LedgerEntry.Started started =
        new LedgerEntry.Started(
            found.deployment(),
            found.instanceId(),
            counted == null ? gpu : counted.gpu(),
            counted == null ? found.startedAt() : counted.endedAt());
    services.ledger().appendReliably(started);
    return OpenEntry.of(started);
  }

  private Instant accountOpenedAt(ProviderInstance found) {
    OpenEntry entry = open.get(found.instanceId());
    if (entry != null) {
      return entry.started().at();
    }
    UsageInterval counted = counted(found);
    return counted == null ? found.startedAt() : counted.endedAt();
  }

  private @Nullable UsageInterval counted(ProviderInstance found) {
    UsageInterval here = services.ledger().ended(found.instanceId());
    return here != null
        ? here
        : services.costs().ended(found.deployment(), found.instanceId(), found.startedAt());
  }
}
