package dev.autodeploy.docker;

import java.time.Duration;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends instances their heartbeats, each on a worker of its own and at most one at a time: where
 * the daemon hangs over one container, the others still get theirs.
 */
final class Heartbeats {
  private static final Logger LOG = LoggerFactory.getLogger(Heartbeats.class);

  private final Executor workers;
  private final Consumer<TrackedInstance> beat;
  private final Set<TrackedInstance> underWay = ConcurrentHashMap.newKeySet();

  /**
   * Makes them.
   *
   * @param workers where they are sent; may block
   * @param beat sends one
   */
  Heartbeats(Executor workers, Consumer<TrackedInstance> beat) {
    this.workers = workers;
    this.beat = beat;
  }

  /** Sends heartbeats periodically. */
  void start(
      ScheduledExecutorService timers, Duration pause, Collection<TrackedInstance> instances) {
    timers.scheduleWithFixedDelay(
        () -> instances.stream().filter(TrackedInstance::needsHeartbeat).forEach(this::send),
        pause.toNanos(),
        pause.toNanos(),
        TimeUnit.NANOSECONDS);
  }

  /**
   * Sends one, unless one to the same instance is still under way. Never throws, whatever happens:
   * a timer that met an error would not go off again.
   */
  void send(TrackedInstance instance) {
    if (!underWay.add(instance)) {
      return;
    }
    try {
      workers.execute(() -> sendNow(instance));
    } catch (RejectedExecutionException e) {
      underWay.remove(instance);
      LOG.debug("The provider is closed");
    } catch (Throwable e) {
      underWay.remove(instance);
      LOG.error("Heartbeat of {} could not be sent, trying again", instance.instanceId(), e);
    }
  }

  private void sendNow(TrackedInstance instance) {
    try {
      beat.accept(instance);
    } finally {
      underWay.remove(instance);
    }
  }
}
