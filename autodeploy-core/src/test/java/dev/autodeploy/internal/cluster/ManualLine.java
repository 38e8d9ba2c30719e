package dev.autodeploy.internal.cluster;

import dev.autodeploy.spi.Scheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;

/** A line of tasks that run when the test says so. */
final class ManualLine implements ReplicaRuntime.Line {
  private final List<Runnable> tasks = new ArrayList<>();
  private boolean over;

  @Override
  public Scheduler.Cancellable schedule(Runnable task, long nanos) {
    if (over) {
      throw new RejectedExecutionException("it is shut down");
    }
    tasks.add(task);
    return () -> tasks.remove(task);
  }

  @Override
  public void repeat(Runnable task, long nanos) {
    tasks.add(
        () -> {
          repeat(task, nanos);
          task.run();
        });
  }

  @Override
  public void shutdown() {
    over = true;
    tasks.clear();
  }

  /** Runs what is there, each task once. */
  void run() {
    List<Runnable> due = List.copyOf(tasks);
    tasks.clear();
    due.forEach(Runnable::run);
  }
}
