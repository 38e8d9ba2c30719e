package dev.autodeploy.internal.engine;

import dev.autodeploy.CostChange;
import dev.autodeploy.Costs;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.deployment.DeploymentController;
import dev.autodeploy.internal.deployment.PriceCheck;
import dev.autodeploy.internal.ledger.Charging;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.LedgerEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
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

  /** Returns what a period cost, with the instances that exist. */
  public Costs of(Instant from, Instant to) {
    List<UsageInterval> open = new ArrayList<>();
    for (DeploymentController controller : registry.all()) {
      open.addAll(controller.accounts().open());
    }
    // Read after the open ones: what is closed in between is in both, and counts once.
    return Costs.of(services.costs().with(open, from, to), from, to);
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
    for (UsageInterval before : services.costs().closed(Instant.MIN, Instant.MAX)) {
      if (before.endedAt().isBefore(from) || !before.endedAt().isBefore(to)) {
        continue;
      }
      DeploymentController controller = registry.find(before.deployment());
      CostMeter meter = controller == null ? services.costMeter() : controller.accounts().meter();
      UsageInterval after = Charging.charged(before, meter);
      if (after.billing().charges().isEmpty() || !CostChange.differ(before, after)) {
        continue;
      }
      changes.add(new CostChange(before, after));
      if (apply) {
        services.ledger().append(new LedgerEntry.Recharged(after));
        services.costs().add(after);
        if (controller != null) {
          controller.accounts().recharge(after);
        }
      }
    }
    return List.copyOf(changes);
  }
}
