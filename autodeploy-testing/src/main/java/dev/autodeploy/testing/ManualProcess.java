package dev.autodeploy.testing;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.spi.Scheduler;
import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * The process that an engine runs in, on a {@link ManualTime}: it can be killed, and then nothing
 * of the engine runs any more, as after {@code kill -9}.
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

  AutoDeploy build(AutoDeploy.Builder builder, long seed) {
    time.applyTo(requireNonNull(builder, "builder"), this, this, seed);
    return time.call(builder::build);
  }

  /** Ends this process: nothing that was handed in runs any more, and nothing new. Idempotent. */
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
    return alive ? time.schedule(delay, () -> runIfAlive(task)) : () -> {};
  }

  private void runIfAlive(Runnable task) {
    if (alive) {
      task.run();
    }
  }
}
