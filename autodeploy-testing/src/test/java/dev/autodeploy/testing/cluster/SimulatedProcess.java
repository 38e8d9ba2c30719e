package dev.autodeploy.testing.cluster;

import dev.autodeploy.spi.Scheduler;
import dev.autodeploy.testing.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;

/** The process of one replica: it can be killed, and frozen, after which it goes on. */
final class SimulatedProcess implements Scheduler, Executor {
  final SimulatedClock clock;
  private final ManualTime time;
  private volatile boolean alive = true;
  private volatile long frozenUntil;

  /** The tasks that were due while it was frozen. */
  private final List<Runnable> waiting = new ArrayList<>();

  SimulatedProcess(ManualTime time, SimulatedClock clock) {
    this.time = time;
    this.clock = clock;
  }

  boolean isAlive() {
    return alive;
  }

  boolean runs() {
    return alive && time.read() >= frozenUntil;
  }

  void kill() {
    alive = false;
  }

  void freeze(Duration duration) {
    frozenUntil =
        Math.max(frozenUntil, time.read() + duration.toNanos()); // all of it thaws at once
    Cancellable unused = time.schedule(duration, this::goOn);
  }

  /** Ends a freeze before its time, with something that comes before all that was due meanwhile. */
  void thaw(Runnable first) {
    frozenUntil = time.read();
    first.run();
    goOn();
  }

  private void goOn() {
    if (runs()) {
      List<Runnable> due = List.copyOf(waiting);
      waiting.clear();
      due.forEach(this::run);
    }
  }

  long frozenUntil() {
    return frozenUntil;
  }

  @Override
  public void execute(Runnable task) {
    if (alive) {
      time.execute(() -> run(task));
    }
  }

  @Override
  public Cancellable schedule(Duration delay, Runnable task) {
    return alive
        ? time.schedule(Duration.ofNanos(clock.takes(delay.toNanos())), () -> run(task))
        : () -> {};
  }

  /** Runs a task unless this process has ended since; when it is frozen, once it thaws. */
  private void run(Runnable task) {
    if (!alive) {
      return;
    }
    if (runs()) {
      task.run();
    } else {
      waiting.add(task);
    }
  }
}
