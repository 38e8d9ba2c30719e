package dev.autodeploy.internal.engine;

import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.spi.Scheduler.Cancellable;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The regular work of an engine: writes use to the ledger, makes up for timers that could not be
 * set, and looks for orphans.
 */
final class Maintenance {
  private static final Logger LOG = LoggerFactory.getLogger(Maintenance.class);

  private static final Duration INTERVAL = Duration.ofSeconds(30);

  private final EngineServices services;
  private final EngineLifecycle lifecycle;
  private final DeploymentRegistry registry;
  private final OrphanDetector orphans;
  private final Housekeeping housekeeping;
  private final BudgetKeeper budget;

  /** The next run; guarded by the engine's lock. */
  private @Nullable Cancellable next;

  Maintenance(
      EngineServices services,
      EngineLifecycle lifecycle,
      DeploymentRegistry registry,
      OrphanDetector orphans,
      Housekeeping housekeeping,
      BudgetKeeper budget) {
    this.services = services;
    this.lifecycle = lifecycle;
    this.registry = registry;
    this.orphans = orphans;
    this.housekeeping = housekeeping;
    this.budget = budget;
  }

  /** Schedules the next run, unless the engine is being closed. */
  void schedule() {
    services
        .lock()
        .locked(
            () -> {
              if (!lifecycle.isClosing()) {
                next = services.timers().schedule(INTERVAL, this::start);
              }
            });
  }

  private void start() {
    services.providerExecutor().execute(this::run);
  }

  private void run() {
    if (services.lock().locked(lifecycle::isClosing)) {
      return; // it was queued before
    }
    try {
      step("the ledger", services.ledger()::retry);
      step("the ledger", services.ledger()::archive);
      step("the engine's budget", budget::maintain);
      registry.busy().forEach(deployment -> step(deployment.name(), deployment::maintain));
      step("the record of requests", services.records()::write);
      step("the search for orphans", orphans::detect);
      step("housekeeping", housekeeping::changed);
    } finally {
      schedule();
    }
  }

  /** Does a part of the work; one that fails keeps no other from being done. */
  private static void step(String what, Runnable work) {
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      LOG.error("The regular work on '{}' has failed and is done again in a while", what, e);
    }
  }

  void end() {
    services
        .lock()
        .locked(
            () -> {
              if (next != null) {
                next.cancel();
              }
            });
  }
}
