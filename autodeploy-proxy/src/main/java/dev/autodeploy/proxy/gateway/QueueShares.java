package dev.autodeploy.proxy.gateway;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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
  private final Map<String, Map<String, TreeMap<Long, InstanceWait>>> queues = new HashMap<>();
  private long last;

  /**
   * Adds a request.
   *
   * @param queue the queue that it waits in
   * @param caller who sent it
   * @param request the request
   * @return its number
   */
  Long add(String queue, String caller, InstanceWait request) {
    lock.lock();
    try {
      Long number = ++last; // one object for all that keep it
      for (String each : List.of(queue, ALL)) {
        queues
            .computeIfAbsent(each, name -> new HashMap<>())
            .computeIfAbsent(caller, name -> new TreeMap<>())
            .put(number, request);
      }
      return number;
    } finally {
      lock.unlock();
    }
  }

  void remove(String queue, String caller, Long number) {
    lock.lock();
    try {
      removeFrom(queue, caller, number);
      removeFrom(ALL, caller, number);
    } finally {
      lock.unlock();
    }
  }

  private void removeFrom(String queue, String caller, Long number) {
    Map<String, TreeMap<Long, InstanceWait>> callers = queues.get(queue);
    if (callers == null) {
      return;
    }
    TreeMap<Long, InstanceWait> places = callers.get(caller);
    if (places != null && places.remove(number) != null && places.isEmpty()) {
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
    for (InstanceWait request : latestOfLargest(queue, caller)) {
      if (request.giveUpPlace()) {
        return true;
      }
    }
    return false;
  }

  private List<InstanceWait> latestOfLargest(String queue, String caller) {
    lock.lock();
    try {
      Map<String, TreeMap<Long, InstanceWait>> callers = queues.getOrDefault(queue, Map.of());
      int own = placesOf(callers.get(caller));
      @Nullable TreeMap<Long, InstanceWait> largest =
          callers.values().stream()
              .max(Comparator.comparingInt(QueueShares::placesOf))
              .orElse(null);
      return largest == null || largest.size() < own + 2
          ? List.of()
          : largest.descendingMap().values().stream().limit(MAX_ASKED).toList();
    } finally {
      lock.unlock();
    }
  }

  private static int placesOf(@Nullable Map<Long, InstanceWait> places) {
    return places == null ? 0 : places.size();
  }
}
