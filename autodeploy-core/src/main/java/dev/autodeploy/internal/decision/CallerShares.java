package dev.autodeploy.internal.decision;

import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The busy time of an instance by caller: at every moment it is shared equally among the leases
 * that are open. The shares sum up to the busy time to the nanosecond. While no caller has a name
 * nothing is counted.
 */
final class CallerShares {
  /** The number of callers that are told apart; those beyond it count as callers without a name. */
  static final int LIMIT = 64;

  /** The callers; the first one stands for all without a name. Made for the first with a name. */
  private @Nullable String @Nullable [] names;

  private int[] open = new int[0];
  private long[] nanos = new long[0];
  private int size;
  private int total;
  private long since;

  /** A lease is taken. */
  void taken(long now, @Nullable String caller) {
    if (names == null) {
      if (caller == null) {
        total++;
        return;
      }
      begin(now);
    }
    settle(now);
    int slot = slot(caller); // first, as it may make the arrays longer
    open[slot]++;
    total++;
  }

  /** A lease is given back. */
  void givenBack(long now, @Nullable String caller) {
    if (names != null) {
      settle(now);
      int slot = slot(caller);
      open[slot]--;
    }
    total--;
  }

  /** Takes up what an earlier process has counted. */
  void restore(Map<String, Duration> earlier) {
    if (!earlier.isEmpty()) {
      begin(0);
      earlier.forEach(
          (name, time) -> {
            int slot = slot(name);
            nanos[slot] += time.toNanos();
          });
    }
  }

  /** Returns the time of callers that have a name. */
  Map<String, Duration> named(long now) {
    @Nullable String[] known = names;
    if (known == null) {
      return Map.of();
    }
    settle(now);
    Map<String, Duration> shares = new TreeMap<>();
    for (int i = 1; i < size; i++) {
      if (nanos[i] > 0) {
        shares.put(Objects.requireNonNull(known[i]), Duration.ofNanos(nanos[i]));
      }
    }
    return shares;
  }

  private void begin(long now) {
    names = new String[4];
    open = new int[4];
    nanos = new long[4];
    size = 1;
    open[0] = total;
    since = now;
  }

  private void settle(long now) {
    long passed = now - since;
    since = now;
    if (total == 0 || passed <= 0) {
      return;
    }
    long rest = passed;
    int last = 0;
    for (int i = 0; i < size; i++) {
      if (open[i] > 0) {
        long share = passed / total * open[i] + passed % total * open[i] / total;
        nanos[i] += share;
        rest -= share;
        last = i;
      }
    }
    nanos[last] += rest;
  }

  private int slot(@Nullable String caller) {
    @Nullable String[] known = Objects.requireNonNull(names);
    if (caller == null) {
      return 0;
    }
    for (int i = 1; i < size; i++) {
      if (caller.equals(known[i])) {
        return i;
      }
    }
    if (size > LIMIT) {
      return 0;
    }
    if (size == known.length) {
      names = Arrays.copyOf(known, size * 2);
      open = Arrays.copyOf(open, size * 2);
      nanos = Arrays.copyOf(nanos, size * 2);
    }
    Objects.requireNonNull(names)[size] = caller;
    return size++;
  }
}
