package dev.autodeploy.testing.simulation;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.InstanceInfo;
import dev.autodeploy.Schedule;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One deployment in a walk, in one life of its engine: does to it what clients and host
 * applications do.
 */
final class WalkDeployment {
  final WalkBook book;
  final WalkEvents events;
  final WalkChecks checks;

  private final Walk walk;
  private final WalkEngine engine;
  private final WalkRefusals refusals;
  private final WalkClients clients;

  WalkDeployment(WalkEngine engine, DeploymentSpec spec) {
    this.walk = engine.walk;
    this.engine = engine;
    this.book = new WalkBook(engine, spec);
    this.refusals = new WalkRefusals(book);
    this.clients = new WalkClients(book, new WalkAnswers(book, refusals));
    this.events = new WalkEvents(book, refusals);
    this.checks = new WalkChecks(book, refusals);
  }

  void act(WalkDraw draw) {
    int kind = draw.below(100);
    if (kind < 46) {
      for (int i = draw.any(1, 1, 1, 1, 1, 2, 3, 8); i > 0; i--) {
        clients.acquire(draw);
      }
    } else if (kind < 54) {
      if (draw.chance(10)) {
        clients.borrow();
      } else {
        clients.acquireByRoute(draw);
      }
    } else if (kind < 62) {
      clients.giveUp(draw);
    } else if (kind < 92) {
      for (int i = draw.any(1, 1, 2, 8); i > 0; i--) {
        clients.close(draw);
      }
    } else if (kind < 94) {
      clients.start();
    } else if (kind < 96) {
      release();
    } else if (kind < 97) {
      releaseNow();
    } else if (kind < 99) {
      update(draw);
    } else {
      clients.closeAll();
    }
  }

  /** Asks for a lease. */
  void ask(WalkDraw draw) {
    clients.acquire(draw);
  }

  /** Lets everybody give up who waits, and closes all leases. */
  void calm() {
    clients.giveUpAll();
    clients.closeAll();
  }

  private void release() {
    walk.trace.add(() -> book.id() + ": release");
    book.deployment().release();
  }

  private void releaseNow() {
    walk.trace.add(() -> book.id() + ": release by force");
    refusals.releasedByForce();
    book.instances.values().forEach(instance -> instance.forced = true);
    for (InstanceInfo info : book.deployment().status().instances()) {
      book.instance(info.id()).forced = true;
    }
    book.deployment().releaseNow();
  }

  private void update(WalkDraw draw) {
    if (book.isRemoving()) {
      return;
    }
    DeploymentSpec drawn = draw.spec(book.name, engine.nextRevision(), walk.gpus());
    String command = book.spec.startCommand();
    update(
        draw.chance(60) && command != null
            ? drawn.toBuilder().startCommand(command).gpu(book.spec.gpu()).build()
            : drawn);
  }

  private void update(DeploymentSpec newSpec) {
    walk.trace.add(() -> book.id() + ": update to " + describe(newSpec));
    DeploymentSpec before = book.spec;
    book.declare(newSpec);
    book.bounds.updated(newSpec);
    book.instances
        .values()
        .forEach(
            instance -> instance.timeoutChanged(book.shortestIdleTimeout(), book.idleTimeout()));
    if (!engine.process.mayFail(() -> engine.process.autoDeploy().update(newSpec))) {
      book.spec = before;
    }
  }

  void remove() {
    if (!book.isRemoving()) {
      walk.trace.add(() -> book.id() + ": remove");
      engine.process.mayFail(() -> book.removal = engine.process.autoDeploy().remove(book.name));
    }
  }

  /** Asks for nothing more and lets everything go. */
  void quiet() {
    book.quiet = true;
    clients.closeAll();
    if (!book.isRemoving()) {
      update(
          book.spec.toBuilder()
              .minInstances(0)
              .budget(null)
              .schedule(Schedule.weekly(ZoneOffset.UTC))
              .pinned(false)
              .idleTimeout(Duration.ofSeconds(1))
              .sleepAfter(null)
              .build());
    }
  }

  /** Asks once more, with more patience than anybody has to have who waits for a GPU. */
  void askPatiently() {
    if (!book.isRemoving()) {
      clients.askPatiently();
    }
  }

  /** Returns how long it is until a waiter's deadline or the end of an idle time. */
  Optional<Duration> deadline(WalkDraw draw) {
    List<Long> moments = new ArrayList<>();
    book.waiters.forEach(waiter -> moments.add(waiter.deadline));
    for (WalkInstance instance : book.instances.values()) {
      if (instance.told == WalkInstance.Told.READY && instance.open == 0) {
        moments.add(instance.idleDueAtFirst());
      }
    }
    long now = walk.time.read();
    moments.removeIf(moment -> moment == WalkInstance.NEVER || moment < now);
    moments.sort(null);
    return moments.isEmpty()
        ? Optional.empty()
        : Optional.of(Duration.ofNanos(draw.any(moments) - now));
  }

  static String describe(DeploymentSpec spec) {
    return spec.name()
        + " "
        + spec.startCommand()
        + " instances "
        + spec.minInstances()
        + ".."
        + spec.maxInstances()
        + (spec.gpu().isNone() ? "" : " gpu " + spec.gpu() + (spec.pinned() ? " pinned" : ""))
        + " concurrency "
        + spec.concurrency()
        + " maxPending "
        + spec.maxPending()
        + " idle "
        + spec.idlePolicy()
        + (spec.budget() == null ? "" : " budget " + spec.budget())
        + (spec.schedule() == null ? "" : " schedule " + spec.schedule())
        + " startTimeout "
        + Walk.text(spec.startTimeout())
        + " backoff "
        + Walk.text(spec.startBackoff());
  }
}
