package dev.autodeploy.testing;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.spi.Scheduler;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The process that an engine runs in, on a {@link ManualTime}: it can be killed, and then nothing
 * of the engine runs, as after {@code kill -9}.
 *
 * <pre>{@code
 * ManualProcess process = time.newProcess();
 * AutoDeploy first = process.build(AutoDeploy.builder().provider(provider).stateStore(store));
 * process.kill();
 * AutoDeploy second = time.build(
 *     AutoDeploy.builder().provider(provider.reconnect()).stateStore(store));
 * }</pre>
 *
 * <p>A {@link SimulatedProvider} notices no death by itself: {@link SimulatedProvider#reconnect()}
 * cuts the old engine off.
 */
public final class ManualProcess implements Scheduler, Executor {
  private final ManualTime time;
  private volatile boolean alive = true;

  /** The limits that calls which block in this process have set to their waiting. */
  private final Queue<Runnable> limits = new ConcurrentLinkedQueue<>();

  ManualProcess(ManualTime time) {
    this.time = time;
  }

  /**
   * Builds an engine that runs in this process; see {@link ManualTime#applyTo}.
   *
   * @param builder the engine's builder
   * @return the engine
   */
  public AutoDeploy build(AutoDeploy.Builder builder) {
    return build(builder, time.nextSeed());
  }

  /**
   * Builds an engine that runs in this process; see {@link ManualTime#applyTo}.
   *
   * @param builder the engine's builder
   * @param seed what ids and random routes are drawn from
   * @return the engine
   */
  public AutoDeploy build(AutoDeploy.Builder builder, long seed) {
    time.applyTo(requireNonNull(builder, "builder"), this, this, seed);
    return time.call(builder::build, this);
  }

  /**
   * Closes an engine that runs in this process; returns as well if that is killed meanwhile.
   *
   * @param autoDeploy the engine
   */
  public void close(AutoDeploy autoDeploy) {
    requireNonNull(autoDeploy, "autoDeploy");
    this.time.<@Nullable Void>call(
        () -> {
          autoDeploy.close();
          return null;
        },
        this);
  }

  /** Ends this process: nothing that was handed in runs afterwards, and nothing new. Idempotent. */
  public void kill() {
    alive = false;
  }

  /**
   * Returns whether this process has not been killed.
   *
   * @return true until {@link #kill()}
   */
  public boolean isAlive() {
    return alive;
  }

  @Override
  public void execute(Runnable task) {
    requireNonNull(task, "task");
    if (alive) {
      time.execute(() -> runIfAlive(task));
    }
  }

  @Override
  public Cancellable schedule(Duration delay, Runnable task) {
    requireNonNull(task, "task");
    if (time.isInCall()) {
      return scheduleLimit(delay, task);
    }
    return alive ? time.schedule(delay, () -> runIfAlive(task)) : () -> {};
  }

  private Cancellable scheduleLimit(Duration delay, Runnable task) {
    limits.add(task);
    Runnable unlessLetGo =
        () -> {
          if (limits.remove(task)) {
            runIfAlive(task);
          }
        };
    Cancellable timer = alive ? time.schedule(delay, unlessLetGo) : () -> {};
    return () -> {
      limits.remove(task);
      timer.cancel();
    };
  }

  /**
   * Lets a blocking call of this process, which was killed, run into the next of its limits: its
   * thread is the walk's and has to come to its end, and nothing that it still does has an effect.
   *
   * @return whether there was one
   */
  boolean letGoOnce() {
    Runnable limit = limits.poll();
    if (limit != null) {
      limit.run();
    }
    return limit != null;
  }

  private void runIfAlive(Runnable task) {
    if (alive) {
      task.run();
    }
  }
}
