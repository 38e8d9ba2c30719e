package dev.autodeploy.internal.decision;

import static java.util.Comparator.comparingLong;

import dev.autodeploy.RouteRule;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The callers that wait for a lease: for any instance, or bound to one. They are served in the
 * order in which they asked, whatever happens to the instances meanwhile, and each has a deadline.
 */
final class WaitQueue {
  static final Comparator<Waiter> BY_ARRIVAL = comparingLong(waiter -> waiter.number);

  private static final Comparator<Waiter> BY_DEADLINE =
      Comparator.<Waiter>comparingLong(w -> w.deadline).thenComparing(BY_ARRIVAL);

  /** The callers that wait for any instance; made for the first, as on standby nobody waits. */
  private NavigableSet<Waiter> forAny = Collections.emptyNavigableSet();

  /** The callers that wait for room in which an instance of their own is started. */
  private NavigableSet<Waiter> forOwn = Collections.emptyNavigableSet();

  private NavigableSet<Waiter> byDeadline = Collections.emptyNavigableSet();

  /** Returns how many wait. */
  int size() {
    return byDeadline.size();
  }

  /** Returns how many wait for any instance. */
  int sizeForAny() {
    return forAny.size();
  }

  /** Returns how many wait for room in which an instance of their own is started. */
  int sizeForOwn() {
    return forOwn.size();
  }

  /** Returns the newest that waits for any instance, or null. */
  @Nullable Waiter newestForAny() {
    return forAny.isEmpty() ? null : forAny.last();
  }

  /** Returns the first of those, or null. */
  @Nullable Waiter firstForOwn() {
    return first(forOwn);
  }

  /** Adds one that waits for room in which an instance of its own is started. */
  void addForOwn(Waiter waiter) {
    waiter.waitsForOwn = true;
    add(waiter, null);
  }

  /** Binds one of those to the instance that was started for it. */
  void bindOwn(Waiter waiter, Instance own) {
    forOwn.remove(waiter);
    waiter.waitsForOwn = false;
    waiter.target = own;
    own.bound.add(waiter);
  }

  void add(Waiter waiter, @Nullable Instance target) {
    if (!(byDeadline instanceof TreeSet)) {
      forAny = new TreeSet<>(BY_ARRIVAL);
      forOwn = new TreeSet<>(BY_ARRIVAL);
      byDeadline = new TreeSet<>(BY_DEADLINE);
    }
    waiter.target = target;
    place(waiter).add(waiter);
    byDeadline.add(waiter);
  }

  /** Returns whether the waiter did wait. */
  boolean remove(Waiter waiter) {
    if (byDeadline.isEmpty()) {
      return false;
    }
    place(waiter).remove(waiter);
    return byDeadline.remove(waiter);
  }

  /** Lets a waiter that was bound to an instance have any, at the place that it had all along. */
  void unbind(Waiter waiter) {
    place(waiter).remove(waiter);
    waiter.target = null;
    forAny.add(waiter);
  }

  /** Returns who gets the next room of an instance, or null if nobody wants it. */
  @Nullable Waiter next(Instance instance) {
    Waiter bound = first(instance.bound);
    if (bound != null && bound.route() instanceof RouteRule.ScaleOut) {
      return bound; // the instance was started for it
    }
    Waiter any = first(forAny);
    if (bound == null || any == null) {
      return bound == null ? any : bound;
    }
    return BY_ARRIVAL.compare(bound, any) < 0 ? bound : any;
  }

  /** Returns those who wait for any instance, in order. */
  List<Waiter> forAny() {
    return List.copyOf(forAny);
  }

  /** Returns all who wait, by deadline. */
  List<Waiter> all() {
    return List.copyOf(byDeadline);
  }

  /** Returns those whose deadline has come. */
  List<Waiter> expired(long now) {
    List<Waiter> expired = new ArrayList<>();
    for (Waiter waiter : byDeadline) {
      if (waiter.deadline > now) {
        break;
      }
      expired.add(waiter);
    }
    return expired;
  }

  /** Returns the earliest deadline, or {@link Instance#NEVER}. */
  long earliestDeadline() {
    return byDeadline.isEmpty() ? Instance.NEVER : byDeadline.first().deadline;
  }

  private NavigableSet<Waiter> place(Waiter waiter) {
    Instance target = waiter.target;
    if (waiter.waitsForOwn) {
      return forOwn;
    }
    return target == null ? forAny : target.bound;
  }

  private static @Nullable Waiter first(NavigableSet<Waiter> waiters) {
    return waiters.isEmpty() ? null : waiters.first();
  }
}
