package dev.autodeploy.testing;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** The tasks that can run now, in the order in which they came or in a random one. */
final class ReadyTasks {
  private final Collection<Runnable> tasks;
  private final @Nullable ArrayDeque<Runnable> queue;
  private final List<Runnable> bag;
  private final @Nullable SplittableRandom random;

  private ReadyTasks(@Nullable SplittableRandom random) {
    this.random = random;
    this.queue = random == null ? new ArrayDeque<>() : null;
    this.bag = new ArrayList<>();
    this.tasks = queue != null ? queue : bag;
  }

  static ReadyTasks inOrder() {
    return new ReadyTasks(null);
  }

  static ReadyTasks shuffled(SplittableRandom random) {
    return new ReadyTasks(random);
  }

  boolean isShuffled() {
    return random != null;
  }

  boolean isEmpty() {
    return tasks.isEmpty();
  }

  void add(Runnable task) {
    tasks.add(task);
  }

  /** Takes the next task, or returns null if there is none. */
  @Nullable Runnable poll() {
    if (queue != null) {
      return queue.poll();
    }
    if (random == null || bag.isEmpty()) {
      return null;
    }
    int chosen = random.nextInt(bag.size());
    Runnable last = bag.remove(bag.size() - 1);
    return chosen == bag.size() ? last : bag.set(chosen, last);
  }
}
