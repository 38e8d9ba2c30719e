package dev.autodeploy.internal.deployment;

import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.decision.Effect;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.internal.decision.Room;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.util.Errors;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.StartProgress;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries one effect out. What can block is handed to the provider executor, what belongs to others
 * to the callback executor.
 */
final class EffectHandler {
  private static final Logger LOG = LoggerFactory.getLogger(EffectHandler.class);

  private final EngineServices services;
  private final DeploymentController controller;
  private final InstanceReports reports;
  private final Rooms rooms;
  private final InstanceStarter starter;
  private final InstanceReleaser releaser;
  private final InstanceChecker checker;
  private final InstanceSleeper sleeper;
  private final AccountWriter accounts;
  private final DeploymentTimer timer;

  /** True once the instances are another replica's. */
  private volatile boolean left;

  /** Completes when all accounts so far are written: a deployment ends only then. */
  private CompletableFuture<Void> accountsWritten = CompletableFuture.completedFuture(null);

  EffectHandler(
      EngineServices services,
      DeploymentController controller,
      InstanceReports reports,
      UnknownInstances unknown,
      Rooms rooms) {
    this.services = services;
    this.rooms = rooms;
    this.controller = controller;
    this.reports = reports;
    this.accounts = new AccountWriter(services, controller, reports);
    this.sleeper = new InstanceSleeper(services, reports, accounts);
    this.starter = new InstanceStarter(services, reports, unknown, accounts, rooms, sleeper);
    this.checker = new InstanceChecker(services, reports);
    this.releaser = new InstanceReleaser(services, reports, unknown);
    this.timer = new DeploymentTimer(services, controller::timerFires, controller::timerFailed);
  }

  InstanceReports reports() {
    return reports;
  }

  AccountWriter accounts() {
    return accounts;
  }

  /** Carries out nothing any longer but what callers wait for. */
  void leave() {
    left = true;
    timer.cancel();
  }

  void handle(Effect effect) {
    if (left && !(effect instanceof Effect.Grant || effect instanceof Effect.Reject)) {
      return;
    }
    if (effect instanceof Effect.Start e) {
      starter.start(running(e.instance()));
    } else if (effect instanceof Effect.Probe e) {
      RunningInstance running = running(e.instance());
      services.providerExecutor().execute(() -> starter.probe(running));
    } else if (effect instanceof Effect.Check e) {
      checker.check(running(e.instance()), e);
    } else if (effect instanceof Effect.Sleep e) {
      endBorrowed(running(e.instance()), true);
      sleeper.sleep(running(e.instance()), e);
    } else if (effect instanceof Effect.Wake e) {
      running(e.instance()).wakes();
      services.provider().wakes(e.instance().id());
      sleeper.wake(running(e.instance()), e);
    } else if (effect instanceof Effect.Release e) {
      endBorrowed(running(e.instance()), false);
      releaser.release(running(e.instance()), e);
    } else if (effect instanceof Effect.Detach e) {
      endBorrowed(running(e.instance()), false);
      detach(running(e.instance()));
    } else if (effect instanceof Effect.Grant e) {
      e.waiter().granted(e.instance(), e.arrival(), e.waitedNanos());
    } else if (effect instanceof Effect.Reject e) {
      e.waiter().rejected(e.error());
    } else if (effect instanceof Effect.LeasesLost e) {
      leasesLost(running(e.instance()), e.exit());
    } else if (effect instanceof Effect.Gone e) {
      gone(running(e.instance()));
    } else if (effect instanceof Effect.SetTimer e) {
      timer.set(e.at(), controller.delayUntil(e.at()));
    } else if (effect instanceof Effect.Publish e) {
      services.events().publish(e.event().apply(services.clock().instant()));
    } else if (effect instanceof Effect.Want e) {
      rooms.want(controller, e);
    } else if (effect instanceof Effect.RoomBack e) {
      rooms.freed(e.room());
    } else if (effect instanceof Effect.Slumber e) {
      services.provider().sleeps(e.instance().id(), e.keptBytes());
      rooms.slumbers(e.room(), e.keptBytes());
      if (e.late()) { // it is no longer paid for
        writeSleep(running(e.instance()));
      }
    } else if (effect instanceof Effect.KeepsRoom e) { // it is paid for again
      writeSleep(running(e.instance()));
    } else if (effect instanceof Effect.NoRoom e) {
      rooms.noRoom(e.room(), e.message());
    } else if (effect instanceof Effect.Look) {
      rooms.look();
    } else if (effect instanceof Effect.Terminated) {
      timer.cancel();
      rooms.forget(controller);
      accountsWritten.whenComplete((written, error) -> controller.terminated());
    }
  }

  private void writeSleep(RunningInstance running) {
    services.providerExecutor().execute(() -> accounts.slept(running));
  }

  /** Publishes how far a start is, and has its preparation written when that begins or ends. */
  void progress(RunningInstance running, StartProgress progress) {
    StartProgress masked = SecretMask.progress(progress, running.instance().spec());
    services
        .events()
        .publish(
            new DeploymentEvent.InstanceProgress(
                services.clock().instant(), controller.name(), running.id(), masked));
    if (reports.progress(running, masked)) {
      accounts.prepared(running);
    }
  }

  private RunningInstance running(Instance instance) {
    return controller.running(instance);
  }

  private void leasesLost(RunningInstance running, InstanceExit exit) {
    for (DefaultLease lease : running.lost(exit)) {
      services.callbackExecutor().execute(() -> lease.tellLost(exit));
    }
  }

  /** Tells those who hold leases that do not keep the instance; there are no others any longer. */
  private void endBorrowed(RunningInstance running, boolean sleeps) {
    if (sleeps) {
      InstanceExit exit = InstanceExit.unknown("the instance is put to sleep");
      for (DefaultLease lease : running.sleeps(exit)) {
        services.callbackExecutor().execute(() -> lease.tellLost(exit));
      }
    } else if (!running.isLost()) {
      leasesLost(running, InstanceExit.unknown("the instance is released"));
    }
  }

  private void gone(RunningInstance running) {
    accountsWritten = CompletableFuture.allOf(accountsWritten, running.gone());
    services.providerExecutor().execute(() -> accounts.released(running));
    freeRoom(running.instance());
  }

  private void freeRoom(Instance instance) {
    Room room = instance.room();
    if (room != null) {
      rooms.freed(room);
    }
  }

  private void detach(RunningInstance running) {
    services
        .calls()
        .call(() -> services.provider().detach(running.id()))
        .whenComplete(
            (done, error) -> {
              if (error != null) {
                LOG.warn(
                    "{}: instance '{}' may not outlive this process: {}",
                    controller.name(),
                    running.id(),
                    SecretMask.line(Errors.describe(error), running.instance().spec()));
              }
              accounts.checkpoint(running);
              reports.detached(running);
              freeRoom(running.instance());
            });
  }
}
