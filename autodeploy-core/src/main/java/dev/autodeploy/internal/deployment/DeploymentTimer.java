package dev.autodeploy.internal.deployment;

import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.runtime.Timers;
import dev.autodeploy.spi.Scheduler.Cancellable;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The one timer of a deployment, with the JDK's own for when the host's scheduler refuses. Used by
 * the thread that carries effects out.
 */
final class DeploymentTimer {
  private final EngineServices services;
  private final Runnable fires;
  private final Runnable failed;
  private @Nullable Cancellable timer;
  private @Nullable Cancellable fallback;

  /** The moment at which the fallback is due; also reset by it, on another thread. */
  private volatile long fallbackAt = Instance.NEVER;

  /**
   * Makes one that is not set.
   *
   * @param fires runs when the time has come, or earlier
   * @param failed runs when the host's scheduler refuses
   */
  DeploymentTimer(EngineServices services, Runnable fires, Runnable failed) {
    this.services = services;
    this.fires = fires;
    this.failed = failed;
  }

  /**
   * Sets the timer, instead of any set before.
   *
   * @param at the moment on the deployment's time line
   * @param delay how long it is until then
   */
  void set(long at, Duration delay) {
    cancel(timer);
    try {
      timer = services.scheduler().schedule(delay, fires);
    } catch (RuntimeException | Error e) {
      failed.run();
      setFallback(at, delay);
      throw e;
    }
  }

  /**
   * Uses the JDK's own timer, also when nothing else makes up for it, as while the engine is
   * closed. Firing early is harmless, so it is not cancelled when the scheduler recovers.
   */
  private void setFallback(long at, Duration delay) {
    if (at < fallbackAt) {
      cancel(fallback);
      fallbackAt = at;
      fallback = Timers.scheduleOnSystemTimer(delay, this::fallbackFires);
    }
  }

  private void fallbackFires() {
    fallbackAt = Instance.NEVER; // the next one may be set again, also for the same moment
    fires.run();
  }

  void cancel() {
    cancel(timer);
    cancel(fallback);
  }

  private static void cancel(@Nullable Cancellable timer) {
    if (timer != null) {
      timer.cancel();
    }
  }
}
