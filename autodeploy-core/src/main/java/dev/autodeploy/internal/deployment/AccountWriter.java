package dev.autodeploy.internal.deployment;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.ledger.DeploymentLedger;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.spi.LedgerEntry;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the use of instances to the ledger: now and then while they run, and when they are gone.
 */
final class AccountWriter {
  private static final Logger LOG = LoggerFactory.getLogger(AccountWriter.class);

  private final EngineServices services;
  private final DeploymentController controller;
  private final InstanceReports reports;
  private final ReentrantLock lines = new ReentrantLock();

  AccountWriter(EngineServices services, DeploymentController controller, InstanceReports reports) {
    this.services = services;
    this.controller = controller;
    this.reports = reports;
  }

  /** Writes how far an instance was used, if that has changed. */
  void checkpoint(RunningInstance running) {
    LedgerEntry.Used used = controller.accounts().checkpoint(running);
    if (used == null) {
      return;
    }
    try {
      services.ledger().append(used);
    } catch (RuntimeException e) {
      LOG.warn(
          "{}: the use of instance '{}' could not be written", controller.name(), running.id(), e);
      controller.accounts().notCheckpointed(running);
    }
  }

  /** Writes, without waiting for it, that the preparation of a start has begun or ended. */
  void prepared(RunningInstance running) {
    services.providerExecutor().execute(() -> writePreparation(running));
  }

  /**
   * Writes that an instance is about to be told to sleep.
   *
   * @throws RuntimeException if it is not written: the next process would take it for awake
   */
  void fallsAsleep(RunningInstance running) {
    lines.lock(); // or a line could be overtaken by the next one
    try {
      services.ledger().append(reports.fallsAsleep(running));
    } finally {
      lines.unlock();
    }
  }

  /** Writes that an instance is awake, or since when it sleeps: now, or as soon as possible. */
  void slept(RunningInstance running) {
    lines.lock(); // or a line could be overtaken by the next one
    try {
      services.ledger().appendReliably(reports.sleep(running));
    } finally {
      lines.unlock();
    }
  }

  private void writePreparation(RunningInstance running) {
    lines.lock(); // or a line could be overtaken by the next one
    try {
      services.ledger().append(reports.preparation(running));
    } catch (RuntimeException e) {
      LOG.warn(
          "{}: the preparation of instance '{}' could not be written",
          controller.name(),
          running.id(),
          e);
    } finally {
      lines.unlock();
    }
  }

  /** Writes the end of an instance whose account is closed, and publishes it. */
  void released(RunningInstance running) {
    try {
      DeploymentLedger.Closed account = running.closedAccount();
      if (account.paid()) {
        services.ledger().appendReliably(new LedgerEntry.Released(account.usage()));
      }
      services
          .events()
          .publish(
              new DeploymentEvent.InstanceReleased(
                  services.clock().instant(),
                  controller.name(),
                  running.id(),
                  requireNonNull(running.instance().releaseReason(), "releaseReason"),
                  account.usage().duration(),
                  account.usage().busy(),
                  account.cost(),
                  account.total()));
    } finally {
      controller.forget(running);
    }
  }
}
