package dev.autodeploy.internal.engine;

import dev.autodeploy.CostChange;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.deployment.DeploymentController;
import dev.autodeploy.internal.deployment.PriceCheck;
import dev.autodeploy.internal.ledger.Charging;
import dev.autodeploy.internal.ledger.CostChunk;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.spi.CostMeter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The books of an engine: what instances have cost, and that being computed anew. */
public final class EngineCosts {
  private static final Logger LOG = LoggerFactory.getLogger(EngineCosts.class);

  private final EngineServices services;
  private final DeploymentRegistry registry;

  EngineCosts(EngineServices services, DeploymentRegistry registry) {
    this.services = services;
    this.registry = registry;
  }

  /** Returns the intervals that a period touches, with those of the instances that exist. */
  public List<CostChunk> of(Instant from, Instant to) {
    List<UsageInterval> open = new ArrayList<>();
    for (DeploymentController controller : registry.all()) {
      open.addAll(controller.accounts().open());
    }
    // Read after the open ones: what is closed in between is in both, and counts once.
    return services.costs().with(open, from, to);
  }

  /** Warns of a deployment to whose instances no price applies. */
  void warnIfFree(DeploymentSpec spec) {
    String reason = PriceCheck.unpriced(services, spec);
    if (reason != null) {
      LOG.warn("{}: {}", spec.name(), reason);
    }
  }

  /** Charges what ended in a period by the prices of today. */
  public List<CostChange> recompute(Instant from, Instant to, boolean apply) {
    List<CostChange> changes = new ArrayList<>();
    if (!apply) {
      Instant justBefore = from.equals(Instant.MIN) ? from : from.minusNanos(1);
      services
          .costs()
          .closed(
              null,
              justBefore,
              to,
              before -> {
                UsageInterval after = recharged(before, from, to);
                if (!after.equals(before)) {
                  changes.add(new CostChange(before, after));
                }
              });
      return inOrder(changes);
    }
    Set<String> pagesRead = new HashSet<>();
    services
        .ledger()
        .recharge(
            from,
            to,
            usage -> recharged(usage, from, to),
            (before, after) -> {
              CostChange change = new CostChange(before, after);
              changes.add(change);
              recharge(change, pagesRead.add(after.deployment()));
            });
    return inOrder(changes);
  }

  private static List<CostChange> inOrder(List<CostChange> changes) {
    return changes.stream().sorted(Comparator.comparing(it -> it.after().endedAt())).toList();
  }

  private void recharge(CostChange change, boolean first) {
    DeploymentController controller = registry.find(change.after().deployment());
    if (controller != null) {
      if (first) {
        controller.readPages();
      }
      controller.accounts().recharge(change.before(), change.after());
    }
  }

  /** Returns an interval with charges by the prices of today, or the same one. */
  private UsageInterval recharged(UsageInterval before, Instant from, Instant to) {
    if (before.endedAt().isBefore(from) || !before.endedAt().isBefore(to)) {
      return before;
    }
    DeploymentController controller = registry.find(before.deployment());
    CostMeter meter = controller == null ? services.costMeter() : controller.accounts().meter();
    UsageInterval after = Charging.charged(before, meter);
    boolean changes = !after.billing().charges().isEmpty() && CostChange.differ(before, after);
    return changes ? after : before;
  }
}
