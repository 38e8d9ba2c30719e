package dev.autodeploy.internal.deployment;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.Budget;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.decision.Allowance;
import dev.autodeploy.internal.decision.DeploymentMachine;
import dev.autodeploy.internal.ledger.BudgetMeter;
import dev.autodeploy.internal.ledger.DeploymentLedger;
import dev.autodeploy.internal.ledger.SharedBudget;
import dev.autodeploy.internal.runtime.EngineServices;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The measuring of what a deployment may spend: of its own budget, and of the engine's. Nothing is
 * decided here: the machine is told what is allowed. Guarded by the deployment's lock.
 */
final class DeploymentBudget {
  private static final Logger LOG = LoggerFactory.getLogger(DeploymentBudget.class);

  /** The age up to which an allowance is used again: a warm request does not ask for another. */
  private static final long FRESH = Duration.ofMillis(100).toNanos();

  private final EngineServices services;
  private final DeploymentController controller;
  private final DeploymentMachine machine;
  private final DeploymentLedger ledger;
  private final SharedBudget shared;
  private final BudgetMeter own;
  private Allowance engine = Allowance.UNLIMITED;
  private long version;
  private long measuredAt = NEVER;

  DeploymentBudget(
      EngineServices services,
      DeploymentController controller,
      DeploymentMachine machine,
      DeploymentLedger ledger) {
    this.services = services;
    this.controller = controller;
    this.machine = machine;
    this.ledger = ledger;
    this.shared = services.budget();
    this.own = new BudgetMeter(ledger);
  }

  /** Returns whether a deployment has a budget, or the engine does. */
  static boolean isNeeded(EngineServices services, DeploymentSpec spec) {
    return spec.budget() != null || services.budget().isActive();
  }

  /** Makes what is allowed be measured again: an instance came or went, or its cost changed. */
  void changed() {
    measuredAt = NEVER;
    own.changed();
    if (shared.isActive()) {
      shared.changed();
    }
  }

  /** Returns whether an instance came or went since it was measured. */
  boolean hasChanged() {
    return measuredAt == NEVER;
  }

  /** Returns whether what was measured last still holds. */
  boolean isFresh() {
    long now = controller.now();
    return own.isFresh(now)
        && measuredAt != NEVER
        && (shared.isActive() ? isEngineFresh(now) : engine.equals(Allowance.UNLIMITED));
  }

  private boolean isEngineFresh(long now) {
    return now - measuredAt < FRESH
        && version == shared.version()
        && controller.ticker() < shared.lookAt();
  }

  /** Measures what is allowed with a specification, and tells the machine. */
  void measure(DeploymentSpec spec) {
    long now = controller.now();
    Instant wall = services.clock().instant();
    long start = machine.learnedStart();
    measuredAt = now;
    Allowance allowed = own.measure(spec, now, wall, start);
    engine = ofEngine(spec, now, wall, start);
    machine.allow(now, engine.equals(Allowance.UNLIMITED) ? allowed : allowed.within(engine));
  }

  private Allowance ofEngine(DeploymentSpec spec, long now, Instant wall, long start) {
    if (!shared.isActive()) {
      return Allowance.UNLIMITED;
    }
    try {
      long ticker = controller.ticker();
      version = shared.version();
      shared.tell(controller.number(), ledger.openUse(now, start), ticker);
      return shared.measure(ledger.nextUse(spec.gpu(), wall), start, ticker, wall);
    } catch (RuntimeException | Error e) {
      LOG.error(
          "{}: the engine's budget could not be measured; what it allowed last holds",
          controller.name(),
          e);
      return engine;
    }
  }

  /** Says what its instances use now, for other deployments. */
  void tell() {
    if (shared.isActive()) {
      measure(machine.spec());
    }
  }

  /** Returns the deployment's own budget and what was spent of it, without any effect. */
  static @Nullable BudgetStatus status(
      EngineServices services, DeploymentMachine machine, DeploymentLedger ledger, long now) {
    Budget budget = machine.spec().budget();
    return budget == null
        ? null
        : new BudgetMeter(ledger)
            .status(
                machine.spec(), budget, now, services.clock().instant(), machine.learnedStart());
  }
}
