package dev.autodeploy.reliability;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;

/** Counts how requests ended. Thread-safe. */
final class Tally {
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Outcome.Kind, Integer> counts = new EnumMap<>(Outcome.Kind.class);
  private final Map<String, Integer> details = new TreeMap<>();
  private Duration longest = Duration.ZERO;

  void add(Outcome outcome) {
    lock.lock();
    try {
      counts.merge(outcome.kind(), 1, Integer::sum);
      if (!outcome.detail().isEmpty()) {
        details.merge(shortened(outcome.detail()), 1, Integer::sum);
      }
      longest = outcome.took().compareTo(longest) > 0 ? outcome.took() : longest;
    } finally {
      lock.unlock();
    }
  }

  private static String shortened(String detail) {
    String line = detail.replaceAll("\\s+", " ").replaceAll("faults-\\w{8}|\\d+", "#");
    return line.substring(0, Math.min(300, line.length()));
  }

  int count(Outcome.Kind kind) {
    lock.lock();
    try {
      return counts.getOrDefault(kind, 0);
    } finally {
      lock.unlock();
    }
  }

  /** Returns those who got all they waited for, be it the whole answer or a part of it. */
  int answered() {
    return count(Outcome.Kind.ANSWERED) + count(Outcome.Kind.ABORTED);
  }

  int requests() {
    lock.lock();
    try {
      return counts.values().stream().mapToInt(Integer::intValue).sum();
    } finally {
      lock.unlock();
    }
  }

  Duration longest() {
    lock.lock();
    try {
      return longest;
    } finally {
      lock.unlock();
    }
  }

  /** The different things that clients were told, and how often. */
  Map<String, Integer> details() {
    lock.lock();
    try {
      return new TreeMap<>(details);
    } finally {
      lock.unlock();
    }
  }
}
