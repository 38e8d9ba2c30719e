package dev.autodeploy.testing.simulation;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Lease;
import dev.autodeploy.RouteRule;
import dev.autodeploy.testing.world.SimulatedMachine;
import dev.autodeploy.testing.world.Unwrap;
import org.jspecify.annotations.Nullable;

/** The answers to the clients of one deployment: the book is kept of it, and it is checked. */
final class WalkAnswers {
  private final Walk walk;
  private final WalkBook book;
  private final WalkRefusals refusals;

  WalkAnswers(WalkBook book, WalkRefusals refusals) {
    this.walk = book.walk;
    this.book = book;
    this.refusals = refusals;
  }

  /** Notes an answer; returns whether it is what the client asked for and still wants. */
  boolean answered(WalkWaiter waiter, @Nullable Throwable error) {
    if (!book.isAlive() || !book.removes(waiter)) {
      return false;
    }
    if (error == null) {
      return true;
    }
    if (waiter.future.isCancelled()) {
      waiter.cancelled = true;
    } else {
      refused(waiter, Unwrap.cause(error));
    }
    return false;
  }

  /** Notes a lease with which the client was answered. */
  void granted(WalkWaiter waiter, Lease lease) {
    walk.leases++;
    long now = walk.time.read();
    String id = lease.instanceId();
    WalkInstance instance = book.instance(id);
    walk.trace.add(() -> book.id() + ": " + waiter + " gets " + id);
    SimulatedMachine machine = walk.world.machines.get(id);
    if (machine == null || !machine.request.deployment().equals(book.name)) {
      walk.broken("a lease is of an instance of its deployment, but " + waiter + " got " + id);
      return;
    }
    boolean dead =
        machine.exitedAt <= now
            || instance.forced
            || book.mayCut()
            || book.engine.process.isClosing();
    walk.check(
        dead || (machine.wasReady() && !instance.releaseAsked),
        () -> "a lease is of an instance that is ready and stays, but " + waiter + " got " + id);
    walk.check(
        dead || !machine.isAsleep(),
        () -> "nobody has a lease of a sleeper, but " + waiter + " got " + id);
    walk.check(!waiter.askedInVain, () -> "a closed deployment serves nobody, but " + waiter);
    instance.open++;
    instance.used = true;
    instance.idleSince = WalkInstance.NEVER;
    instance.idleAtLast = WalkInstance.NEVER;
    int concurrency = book.bounds.mostConcurrency;
    walk.check(
        instance.open <= concurrency,
        () -> id + " serves " + concurrency + " at once, but got " + instance.open);
    walk.check(
        now <= waiter.deadline, () -> "an answer comes by the deadline, but that of " + waiter);
    walk.check(
        lease.waited().toNanos() == now - waiter.askedAt,
        () -> "a lease says how long it was waited for: " + lease.waited() + " of " + waiter);
    if (waiter.route instanceof RouteRule.Instance named) {
      walk.check(named.instanceId().equals(id), () -> waiter + " named an instance, but got " + id);
    }
    WalkLease held = new WalkLease(lease, instance, waiter.number % 2 == 0 ? lease.lost() : null);
    if (book.quiet) {
      book.close(held);
    } else {
      book.leases.add(held);
    }
  }

  private void refused(WalkWaiter waiter, Throwable error) {
    walk.refusals++;
    walk.trace.add(() -> book.id() + ": " + waiter + " is refused: " + error.getMessage());
    if (!(error instanceof AutoDeployException refusal)) {
      walk.broken("a refusal is an AutoDeployException, but " + waiter + " got " + error);
      return;
    }
    walk.check(
        refusals.isJustified(waiter, refusal),
        () -> "a refusal is justified, but " + waiter + " got " + error.getMessage());
  }
}
