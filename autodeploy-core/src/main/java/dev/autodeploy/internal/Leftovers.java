package dev.autodeploy.internal;

import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.ProviderInstance;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What earlier processes have left and nobody has taken over yet: instances whose deployment is not
 * declared, and accounts that the ledger has as open. Guarded by the engine's lock, except where
 * marked.
 */
final class Leftovers {
  private static final Logger LOG = LoggerFactory.getLogger(Leftovers.class);

  /** How long what was found is kept for a deployment that the host has not declared yet. */
  private static final Duration CLAIM_TIME = Duration.ofMinutes(1);

  private static final Duration ORPHAN_GRACE = Duration.ofSeconds(10);

  private final EngineContext context;
  private final LedgerReplay replay;
  private final long startedAt;
  private final Map<String, ProviderInstance> unclaimed = new LinkedHashMap<>();

  Leftovers(EngineContext context, List<LedgerEntry> ledger) {
    this.context = context;
    this.replay = new LedgerReplay(ledger);
    this.startedAt = context.ticker().read();
  }

  /** Returns what a deployment's earlier instances were used for. */
  List<UsageInterval> closed(String deployment) {
    return replay.closed(deployment);
  }

  /** Takes note of the instances that were found. */
  void found(List<ProviderInstance> found) {
    found.forEach(instance -> unclaimed.put(instance.instanceId(), instance));
  }

  /** Hands a deployment what is its own. */
  void claim(DeploymentController controller) {
    for (Iterator<ProviderInstance> i = unclaimed.values().iterator(); i.hasNext(); ) {
      ProviderInstance instance = i.next();
      if (instance.deployment().equals(controller.name())) {
        i.remove();
        controller.takeOver(instance, replay.open().remove(instance.instanceId()));
      }
    }
  }

  /**
   * Closes the accounts of instances that were not found: up to now, as no earlier end is known.
   */
  List<UsageInterval> settleGone() {
    Instant now = context.clock().instant();
    List<UsageInterval> settled = new ArrayList<>();
    for (OpenUsage open : List.copyOf(replay.open().values())) {
      if (!unclaimed.containsKey(open.started().instanceId())) {
        settled.add(settle(open, now));
      }
    }
    return settled;
  }

  private UsageInterval settle(OpenUsage open, Instant end) {
    LedgerEntry.Started started = open.started();
    LedgerEntry.Used used = open.used();
    Instant known = used == null ? started.at() : used.lastUsedAt();
    UsageInterval usage =
        new UsageInterval(
            started.deployment(),
            started.instanceId(),
            started.gpu(),
            started.at(),
            used == null ? null : used.readyAt(),
            null,
            latest(started.at(), known, end),
            false,
            used == null ? Duration.ZERO : used.busy());
    replay.close(usage);
    context.ledger().appendSurely(new LedgerEntry.Released(usage));
    LOG.warn(
        "{}: instance {} of an earlier process is gone; it is counted until {}",
        started.deployment(),
        started.instanceId(),
        usage.endedAt());
    return usage;
  }

  private static Instant latest(Instant a, Instant b, Instant c) {
    Instant later = a.isAfter(b) ? a : b;
    return later.isAfter(c) ? later : c;
  }

  /** Returns whether an instance that no deployment knows is nobody's, now that time has passed. */
  boolean isOrphan(ProviderInstance instance) {
    if (unclaimed.containsKey(instance.instanceId())
        && context.ticker().read() - startedAt < CLAIM_TIME.toNanos()) {
      return false;
    }
    unclaimed.remove(instance.instanceId());
    return true;
  }

  /** Returns the instances that are still to be claimed, which cannot be any more then. */
  List<ProviderInstance> giveUp() {
    List<ProviderInstance> rest = List.copyOf(unclaimed.values());
    unclaimed.clear();
    return rest;
  }

  /**
   * Releases an instance that is nobody's. To be called without the lock.
   *
   * @return completes with whether it is gone
   */
  CompletableFuture<Boolean> release(ProviderInstance orphan) {
    LOG.warn(
        "{}: instance {} belongs to no deployment and is released",
        orphan.deployment(),
        orphan.instanceId());
    InstanceProvider provider = context.provider();
    return context
        .call(() -> provider.release(orphan.instanceId(), ORPHAN_GRACE))
        .handle(
            (done, error) -> {
              if (error != null) {
                LOG.error(
                    "{}: orphan {} could not be released: {}",
                    orphan.deployment(),
                    orphan.instanceId(),
                    EngineContext.describe(error));
              }
              return error == null;
            });
  }

  /** Closes the account of an orphan that is gone, if it has one. */
  List<UsageInterval> settle(ProviderInstance orphan) {
    OpenUsage open = replay.open().get(orphan.instanceId());
    if (open == null) {
      return List.of();
    }
    InstanceExit exit = orphan.exit();
    Instant end = exit == null ? null : exit.at();
    return List.of(settle(open, end == null ? context.clock().instant() : end));
  }
}
