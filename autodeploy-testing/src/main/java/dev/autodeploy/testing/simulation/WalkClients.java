package dev.autodeploy.testing.simulation;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.InstanceInfo;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.Lease;
import dev.autodeploy.RouteRule;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The clients of one deployment in a walk: they ask, cancel, and close the leases they got. */
final class WalkClients {
  /** More than all releases that are lost, starts that hang and turns of others take together. */
  static final Duration PATIENT = Duration.ofMinutes(25);

  private final Walk walk;
  private final WalkBook book;
  private final WalkAnswers answers;

  WalkClients(WalkBook book, WalkAnswers answers) {
    this.walk = book.walk;
    this.book = book;
    this.answers = answers;
  }

  void acquire(WalkDraw draw) {
    acquire(RouteRule.defaultRule(), draw.patience());
  }

  void acquireByRoute(WalkDraw draw) {
    acquire(route(draw), draw.patience());
  }

  private RouteRule route(WalkDraw draw) {
    return switch (draw.below(6)) {
      case 0 -> RouteRule.scaleOut();
      case 1 -> RouteRule.random();
      case 2 -> RouteRule.roundRobin();
      case 3 -> RouteRule.running();
      case 4 -> RouteRule.preferred(someInstance(draw));
      default -> RouteRule.instance(someInstance(draw));
    };
  }

  private String someInstance(WalkDraw draw) {
    List<InstanceInfo> infos = book.deployment().status().instances();
    return infos.isEmpty() ? "nobody" : draw.any(infos).id();
  }

  /** Takes a lease that keeps nothing: all that is expected of the instance stays as it is. */
  void borrow() {
    Lease lease = book.deployment().borrow().orElse(null);
    walk.check(
        lease != null || book.deployment().status().count(InstancePhase.READY) == 0,
        () -> book.id() + ": an instance that is ready can be borrowed");
    if (lease == null) {
      return;
    }
    walk.trace.add(() -> book.id() + ": borrow " + lease.instanceId());
    walk.check(
        book.deployment().status().instances().stream()
            .anyMatch(
                info ->
                    info.id().equals(lease.instanceId()) && info.phase() == InstancePhase.READY),
        () -> book.id() + ": what is borrowed is ready, but not " + lease.instanceId());
    book.borrowed.add(new WalkLease(lease, book.instance(lease.instanceId()), lease.lost()));
    if (book.borrowed.size() > 5) {
      book.borrowed.remove(0).lease().close();
    }
  }

  private void acquire(RouteRule route, Duration patience) {
    WalkWaiter waiter = ask(route, patience);
    if (route instanceof RouteRule.ScaleOut) {
      book.scaleOutsAsked++;
    }
    CompletableFuture<Lease> future =
        book.deployment().acquireAsync(new AcquireRequest(route, patience, name(waiter)));
    waiter.future = future;
    future.whenComplete(
        (lease, error) -> {
          if (answers.answered(waiter, error)) {
            answers.granted(waiter, lease);
          }
        });
  }

  /** Returns the name of a caller: one of six, or none. */
  private static @Nullable String name(WalkWaiter waiter) {
    int number = waiter.number % 7;
    return number == 0 ? null : "caller-" + number;
  }

  void askPatiently() {
    acquire(RouteRule.defaultRule(), PATIENT);
  }

  void start() {
    WalkWaiter waiter = ask(RouteRule.defaultRule(), AcquireRequest.DEFAULT_TIMEOUT);
    CompletableFuture<Void> future = book.deployment().warmUp();
    waiter.future = future;
    waiter.canGiveUp = false;
    future.whenComplete(
        (done, error) -> {
          if (answers.answered(waiter, error)) {
            book.unseenLease();
          }
        });
  }

  private WalkWaiter ask(RouteRule route, Duration patience) {
    long now = walk.time.read();
    WalkWaiter waiter =
        new WalkWaiter(
            walk.requests++,
            route,
            now,
            now + patience.toNanos(),
            book.waiters.size(),
            book.spec,
            route instanceof RouteRule.Default ? null : book.deployment().status());
    walk.trace.add(
        () -> book.id() + ": " + waiter + " asks for " + route + " within " + Walk.text(patience));
    waiter.askedInVain = book.isClosedByNow();
    book.waiters.add(waiter);
    book.asked++;
    book.bounds.waiting(book.waiters.size());
    book.turns.asked(waiter.deadline);
    return waiter;
  }

  void giveUp(WalkDraw draw) {
    List<WalkWaiter> able = able();
    if (!able.isEmpty()) {
      giveUp(draw.any(able));
    }
  }

  void giveUpAll() {
    able().forEach(this::giveUp);
  }

  private List<WalkWaiter> able() {
    return book.waiters.stream().filter(waiter -> waiter.canGiveUp).toList();
  }

  private void giveUp(WalkWaiter waiter) {
    walk.trace.add(() -> book.id() + ": " + waiter + " gives up");
    if (waiter.future.cancel(false)) {
      walk.cancelled++;
      walk.check(waiter.cancelled, () -> "who gives up is told so: " + waiter);
    }
    book.unseenLease();
  }

  void close(WalkDraw draw) {
    if (book.leases.isEmpty()) {
      return;
    }
    WalkLease held = book.leases.remove(draw.below(book.leases.size()));
    walk.trace.add(() -> book.id() + ": close a lease of " + held.instance().id);
    if (draw.chance(3)) {
      walk.trace.add(() -> book.id() + ": as its request hangs");
      held.instance().abandoned = true;
      book.abandon(held);
    } else {
      book.close(held);
    }
    if (draw.chance(10)) {
      held.lease().close();
    }
  }

  void closeAll() {
    walk.trace.add(() -> book.id() + ": close all " + book.leases.size() + " leases");
    List<WalkLease> all = List.copyOf(book.leases);
    book.leases.clear();
    all.forEach(book::close);
  }
}
