package dev.autodeploy.testing.simulation;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.DeploymentState;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.InstanceInfo;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.Lease;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.testing.world.Unwrap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Compares one deployment's status with the book of it: whenever nothing more happens at a moment,
 * and when the walk or the engine ends.
 */
final class WalkChecks {
  private final Walk walk;
  private final WalkBook book;
  private final WalkRefusals refusals;

  WalkChecks(WalkBook book, WalkRefusals refusals) {
    this.walk = book.walk;
    this.book = book;
    this.refusals = refusals;
  }

  void check() {
    book.bounds.atRest(book.waiters.size(), book.spec);
    book.turns.atRest();
    DeploymentStatus status = book.deployment().status();
    checkWaiters(status);
    checkStarts(status);
    checkBudget(status);
    refusals.checkAtRest(status);
    checkInstances(status);
    checkLeases();
    book.instances.values().removeIf(i -> i.told == WalkInstance.Told.GONE && i.open == 0);
    book.borrowed.removeIf(held -> held.instance().told == WalkInstance.Told.GONE);
  }

  private void checkWaiters(DeploymentStatus status) {
    long now = walk.time.read();
    boolean anyWaits = false;
    for (WalkWaiter waiter : book.waiters) {
      anyWaits |= waiter.takesAny();
      walk.check(
          now < waiter.deadline, () -> book.id() + ": " + waiter + " waits beyond the deadline");
    }
    walk.check(
        status.pending() == book.waiters.size(),
        () -> book.id() + ": " + status.pending() + " wait, but asked have " + book.waiters);
    walk.check(
        status.requests() == book.asked,
        () -> book.id() + ": " + book.asked + " asked, not " + status.requests());
    boolean waits = anyWaits;
    for (InstanceInfo info : status.instances()) {
      walk.check(
          !waits
              || info.phase() != InstancePhase.READY
              || info.inFlight() >= book.spec.concurrency(),
          () -> book.id() + ": somebody waits although " + info.id() + " has room");
    }
  }

  /** Checks that the instances that waiting callers and the minimum need exist or start. */
  private void checkStarts(DeploymentStatus status) {
    boolean mayStart =
        !book.isRemoving()
            && (status.count(InstancePhase.ASLEEP) > 0
                || (status.instances().size() < book.spec.maxInstances()
                    && status.backoffUntil() == null));
    BudgetStatus budget = book.deployment().budgetStatus();
    if (book.engine.budget.mayBeUnaffordable()) {
      return;
    }
    if (!mayStart || status.waitsFor() != null || (budget != null && !budget.startable())) {
      return;
    }
    int ready = status.count(InstancePhase.READY);
    // One that falls asleep is woken as soon as it sleeps.
    int starting =
        status.count(InstancePhase.STARTING)
            + status.count(InstancePhase.WAKING)
            + status.count(InstancePhase.FALLING_ASLEEP);
    int waiting = 0;
    for (WalkWaiter waiter : book.waiters) {
      waiting += waiter.takesAny() ? 1 : 0;
    }
    // A wake starts one, for as many as wait; beside a ready one each has room for so many.
    long served =
        ready > 0 ? (long) starting * book.spec.concurrency() : starting > 0 ? Long.MAX_VALUE : 0;
    int any = waiting;
    walk.check(
        waiting <= served,
        () -> book.id() + ": " + any + " wait, and nothing is started for them: " + status);
    walk.check(
        ready + starting >= book.leastKept() || walk.time.read() < book.minimumHeldUntil,
        () -> book.id() + ": at least " + book.leastKept() + " are to be there: " + status);
  }

  /** Checks that nothing runs once the budget is spent but, where it drains, what is in flight. */
  private void checkBudget(DeploymentStatus status) {
    if (book.isRemoving() || !book.isSpent()) {
      return;
    }
    for (InstanceInfo info : status.instances()) {
      boolean drains = info.phase() == InstancePhase.DRAINING && info.inFlight() > 0;
      walk.check(
          info.phase() == InstancePhase.RELEASING || (drains && !book.cuts()),
          () ->
              info.id()
                  + " runs on although the budget is spent, "
                  + book.deployment().budgetStatus()
                  + ": "
                  + status);
    }
    walk.check(
        book.waiters.isEmpty(), () -> book.id() + ": somebody waits although the budget is spent");
  }

  private void checkInstances(DeploymentStatus status) {
    long now = walk.time.read();
    int ready = status.count(InstancePhase.READY);
    int inFlight = 0;
    for (InstanceInfo info : status.instances()) {
      WalkInstance instance = book.instance(info.id());
      book.health.check(info, instance);
      inFlight += info.inFlight();
      boolean counts =
          info.phase() == InstancePhase.READY
              || info.phase() == InstancePhase.FALLING_ASLEEP
              || info.phase() == InstancePhase.DRAINING;
      int expected = counts ? instance.open : 0;
      walk.check(
          info.inFlight() == expected,
          () -> info.id() + " has " + expected + " leases open, not " + info.inFlight());
      boolean spare =
          info.phase() == InstancePhase.READY
              && instance.open == 0
              && ready > WalkBounds.mostKept(book.spec);
      boolean sleeps = info.phase() == InstancePhase.ASLEEP && book.waiters.isEmpty();
      if (spare || sleeps) {
        walk.check(now < instance.idleDueAtLast(), () -> info.id() + " is idle beyond its time");
      }
      Duration sleepAfter = book.spec.sleepAfter();
      if (spare && sleepAfter != null && instance.idleAtLast != WalkInstance.NEVER) {
        walk.check(
            now < Math.max(instance.idleAtLast, book.declaredAt) + sleepAfter.toNanos(),
            () -> info.id() + " is awake beyond its time");
      }
      walk.check(
          (info.phase() != InstancePhase.ASLEEP && info.phase() != InstancePhase.WAKING)
              || instance.open == 0,
          () -> "nobody has a lease of a sleeper, but of " + info.id() + ": " + instance.open);
    }
    int sum = inFlight;
    walk.check(
        status.inFlight() == sum,
        () ->
            book.id()
                + ": "
                + sum
                + " in flight on instances, but "
                + status.inFlight()
                + " in all");
    DeploymentState expected =
        status.instances().isEmpty()
            ? DeploymentState.STANDBY
            : ready > 0 ? DeploymentState.RUNNING : DeploymentState.IDLE;
    walk.check(
        status.state() == expected,
        () -> book.id() + " is " + expected + ", not " + status.state());
  }

  private void checkLeases() {
    List<WalkLease> all = new ArrayList<>(book.leases);
    all.addAll(book.borrowed);
    for (WalkLease held : all) {
      WalkInstance instance = held.instance();
      CompletionStage<InstanceExit> lost = held.lost();
      walk.check(
          (instance.told != WalkInstance.Told.RELEASING
                  && instance.told != WalkInstance.Told.ASLEEP
                  && instance.told != WalkInstance.Told.GONE)
              || lost == null
              || lost.toCompletableFuture().isDone(),
          () -> "a lease tells that its instance is lost, but not that of " + instance.id);
    }
  }

  // When the walk or the engine ends.

  void checkAtRest() {
    walk.check(
        book.waiters.isEmpty(),
        () -> book.id() + ": in the end nobody waits, but " + book.waiters + " do");
    walk.check(
        book.deployment().status().inFlight() == 0,
        () -> book.id() + ": in the end nothing is in flight");
    walk.check(
        !book.isRemoving() || book.isRemoved(),
        () -> book.id() + ": in the end a removal is complete");
  }

  void checkClosed() {
    walk.check(
        book.waiters.isEmpty(),
        () -> book.id() + ": after close() nobody waits, but " + book.waiters + " do");
  }

  void checkRefusedAfterClose() {
    CompletableFuture<Lease> late = book.deployment().acquireAsync();
    walk.time.runReady();
    late.whenComplete(
        (lease, error) ->
            walk.check(
                error != null
                    && Unwrap.cause(error) instanceof AutoDeployException e
                    && (e.code() == ErrorCode.CLOSED || e.code() == ErrorCode.DEPLOYMENT_NOT_FOUND),
                () -> book.id() + ": after close() a request is refused"));
    walk.check(late.isDone(), () -> book.id() + ": after close() a request is refused at once");
  }
}
