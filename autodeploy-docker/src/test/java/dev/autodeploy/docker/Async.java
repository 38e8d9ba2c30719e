package dev.autodeploy.docker;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Does things at the same time, each on a thread of its own: the common pool may have a single one,
 * on which the second would wait for the first.
 */
final class Async {
  private static final Executor THREADS =
      task -> {
        Thread thread = new Thread(task, "test-async");
        thread.setDaemon(true);
        thread.start();
      };

  private Async() {}

  static CompletableFuture<Void> run(Runnable task) {
    return CompletableFuture.runAsync(task, THREADS);
  }

  static <T> CompletableFuture<T> supply(Supplier<T> task) {
    return CompletableFuture.supplyAsync(task, THREADS);
  }
}
