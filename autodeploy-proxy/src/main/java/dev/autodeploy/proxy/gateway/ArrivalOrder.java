package dev.autodeploy.proxy.gateway;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Values in the order in which they came. Each is removed without a search, and takes no more than
 * the links to its neighbours. Not thread-safe.
 *
 * @param <T> the type of the values
 */
final class ArrivalOrder<T> {
  private @Nullable Entry<T> latest;
  private int size;

  /** A value, between the one that came before it and the one that came after it. */
  static final class Entry<T> {
    private final T value;
    private @Nullable Entry<T> earlier;
    private @Nullable Entry<T> later;

    private Entry(T value, @Nullable Entry<T> earlier) {
      this.value = value;
      this.earlier = earlier;
    }
  }

  int size() {
    return size;
  }

  /** Adds a value as the latest; returns what removes it. */
  Entry<T> add(T value) {
    Entry<T> before = latest;
    Entry<T> added = new Entry<>(value, before);
    if (before != null) {
      before.later = added;
    }
    latest = added;
    size++;
    return added;
  }

  /** Removes an entry of this order, once. */
  void remove(Entry<T> entry) {
    Entry<T> before = entry.earlier;
    Entry<T> after = entry.later;
    if (before != null) {
      before.later = after;
    }
    if (after != null) {
      after.earlier = before;
    } else {
      latest = before;
    }
    size--;
  }

  /** Returns the latest values, of which the very latest comes first. */
  List<T> latest(int most) {
    List<T> found = new ArrayList<>(most);
    for (Entry<T> next = latest; next != null && found.size() < most; next = next.earlier) {
      found.add(next.value);
    }
    return found;
  }
}
