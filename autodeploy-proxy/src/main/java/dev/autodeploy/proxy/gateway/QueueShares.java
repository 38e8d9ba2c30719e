package dev.autodeploy.proxy.gateway;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The callers that wait in a queue, and how many places each has; all requests that wait are in one
 * queue more. Where a queue is full, a caller with fewer places takes one from the caller with the
 * most, who loses the latest request; so one caller may fill a queue for as long as nobody else
 * wants a place. Thread-safe.
 */
final class QueueShares {
  /** The queue of all requests that wait; no deployment has such a name. */
  static final String ALL = "";

  /** Some of the latest may have lost their places to others in this moment. */
  private static final int MAX_ASKED = 8;

  private final ReentrantLock lock = new ReentrantLock();

  /** The places of each caller in each queue, in the order in which they were taken. */
  private final Map<String, Map<String, ArrivalOrder<QueuePlace>>> queues = new HashMap<>();

  /** Adds a place that was taken, as the latest of its caller. */
  void add(QueuePlace place) {
    String queue = place.queue();
    String caller = place.caller();
    lock.lock();
    try {
      place.inQueue = share(queue, caller).add(place);
      place.inAll = share(ALL, caller).add(place);
    } finally {
      lock.unlock();
    }
  }

  private ArrivalOrder<QueuePlace> share(String queue, String caller) {
    return queues
        .computeIfAbsent(queue, name -> new HashMap<>())
        .computeIfAbsent(caller, name -> new ArrivalOrder<>());
  }

  /** Removes a place that is left. */
  void remove(QueuePlace place) {
    String queue = place.queue();
    String caller = place.caller();
    lock.lock();
    try {
      remove(queue, caller, place.inQueue);
      remove(ALL, caller, place.inAll);
      place.inQueue = null;
      place.inAll = null;
    } finally {
      lock.unlock();
    }
  }

  private void remove(String queue, String caller, ArrivalOrder.@Nullable Entry<QueuePlace> entry) {
    Map<String, ArrivalOrder<QueuePlace>> callers = queues.get(queue);
    ArrivalOrder<QueuePlace> share = callers == null ? null : callers.get(caller);
    if (callers == null || share == null || entry == null) {
      return;
    }
    share.remove(entry);
    if (share.size() == 0) {
      callers.remove(caller);
      if (callers.isEmpty()) {
        queues.remove(queue);
      }
    }
  }

  /**
   * Takes a place from the caller with the most, if that leaves it no fewer than the other gets.
   *
   * @param queue the queue, or {@link #ALL}
   * @param caller who wants the place
   * @return whether a place is free
   */
  boolean makeRoom(String queue, String caller) {
    for (QueuePlace place : latestOfLargest(queue, caller)) {
      if (place.giveUp()) {
        return true;
      }
    }
    return false;
  }

  private List<QueuePlace> latestOfLargest(String queue, String caller) {
    lock.lock();
    try {
      Map<String, ArrivalOrder<QueuePlace>> callers = queues.getOrDefault(queue, Map.of());
      ArrivalOrder<QueuePlace> own = callers.get(caller);
      int atLeast = (own == null ? 0 : own.size()) + 2;
      return callers.values().stream()
          .max(Comparator.comparingInt(ArrivalOrder::size))
          .filter(largest -> largest.size() >= atLeast)
          .map(largest -> largest.latest(MAX_ASKED))
          .orElse(List.of());
    } finally {
      lock.unlock();
    }
  }
}
