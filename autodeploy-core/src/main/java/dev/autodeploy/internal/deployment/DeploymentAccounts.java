package dev.autodeploy.internal.deployment;

import dev.autodeploy.Cost;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.decision.DeploymentMachine;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.internal.ledger.DeploymentLedger;
import dev.autodeploy.internal.ledger.GotGpus;
import dev.autodeploy.internal.ledger.OpenEntry;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.LedgerEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The accounts of one deployment, read and changed under its lock. */
public final class DeploymentAccounts {
  private final EngineServices services;
  private final DeploymentController controller;
  private final DeploymentMachine machine;
  private final DeploymentLedger ledger;

  DeploymentAccounts(
      EngineServices services,
      DeploymentController controller,
      DeploymentMachine machine,
      DeploymentLedger ledger) {
    this.services = services;
    this.controller = controller;
    this.machine = machine;
    this.ledger = ledger;
  }

  Cost cost() {
    return controller.read(() -> ledger.cost(machine.spec().gpu(), controller.now()));
  }

  /** Returns the meter by which it is charged now. */
  public CostMeter meter() {
    return controller.read(ledger::meter);
  }

  Money cost(UsageInterval usage) {
    CostMeter meter = meter();
    return usage.billing().charges().isEmpty()
        ? meter.cost(usage)
        : usage.charged(meter.currency());
  }

  /** Returns the intervals that a period touches; reads older ones without the lock. */
  List<UsageInterval> usage(Instant from, Instant to) {
    List<UsageInterval> found = new ArrayList<>();
    List<UsageInterval> open =
        services.costs().closed(controller.name(), open(), from, to, found::add);
    List<UsageInterval> all =
        new ArrayList<>(controller.read(() -> found.stream().filter(ledger::isOwn).toList()));
    all.addAll(open);
    return List.copyOf(all);
  }

  /** Returns the intervals of the instances that exist, up to now. */
  public List<UsageInterval> open() {
    return controller.read(() -> ledger.open(controller.now()));
  }

  /** Adds the usage of earlier processes. */
  public void addClosed(List<UsageInterval> usage) {
    controller.read(
        () -> {
          ledger.addClosed(usage);
          return true;
        });
  }

  /** Takes over the costs that the books have of it. */
  public void addEarlier() {
    controller.read(
        () -> {
          ledger.addEarlier();
          return true;
        });
  }

  /** Puts a closed interval with other charges in place of the one that it was. */
  public void recharge(UsageInterval before, UsageInterval after) {
    controller.read(
        () -> {
          ledger.recharge(before, after);
          return true;
        });
  }

  /** Returns the line of the start of an instance, by the price that counts for it. */
  LedgerEntry.Started started(RunningInstance running) {
    Instance instance = running.instance();
    return controller.read(
        () ->
            new LedgerEntry.Started(
                controller.name(),
                instance.id(),
                instance.gpu(),
                running.startRequestedAt(),
                ledger.rate(instance),
                instance.caller()));
  }

  LedgerEntry.@Nullable Used checkpoint(RunningInstance used) {
    return controller.read(() -> ledger.checkpoint(used.instance(), controller.now()));
  }

  void notCheckpointed(RunningInstance used) {
    controller.read(
        () -> {
          ledger.notCheckpointed(used.instance());
          return true;
        });
  }

  /** Goes on with the account of an instance of an earlier process; under the lock. */
  void reopen(RunningInstance running, OpenEntry entry, @Nullable Instant foundEndedAt, long now) {
    ledger.reopen(running.instance(), entry, foundEndedAt, now);
  }

  /** Bills an instance as one with the GPUs that it got; writes that once its start is written. */
  void gotGpus(RunningInstance running, GotGpus gpus, boolean startWritten) {
    controller.read(
        () -> {
          ledger.got(running.instance(), gpus, startWritten, controller.now());
          return true;
        });
    if (startWritten) {
      writePrices();
    }
  }

  /** Writes, after a decision, which prices have changed by it. */
  void writePrices() {
    List<LedgerEntry> lines = controller.read(ledger::takeLines);
    lines.forEach(services.ledger()::appendReliably);
  }
}
