package dev.autodeploy.internal;

import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.event.DeploymentListener;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands events to the listeners: one at a time, in order, on the callback executor. */
final class EventBus {
  private static final Logger LOG = LoggerFactory.getLogger(EventBus.class);

  private final Executor executor;
  private final List<DeploymentListener> listeners = new CopyOnWriteArrayList<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Queue<DeploymentEvent> queue = new ArrayDeque<>();
  private boolean delivering;

  EventBus(Executor executor, List<DeploymentListener> listeners) {
    this.executor = executor;
    this.listeners.addAll(listeners);
  }

  void add(DeploymentListener listener) {
    listeners.add(listener);
  }

  void remove(DeploymentListener listener) {
    listeners.remove(listener);
  }

  void publish(DeploymentEvent event) {
    lock.lock();
    try {
      queue.add(event);
      if (delivering) {
        return;
      }
      delivering = true;
    } finally {
      lock.unlock();
    }
    executor.execute(this::deliver);
  }

  private void deliver() {
    for (DeploymentEvent event = next(); event != null; event = next()) {
      for (DeploymentListener listener : listeners) {
        try {
          listener.onEvent(event);
        } catch (RuntimeException | Error e) {
          LOG.warn("A listener failed on {}", event.getClass().getSimpleName(), e);
        }
      }
    }
  }

  private @org.jspecify.annotations.Nullable DeploymentEvent next() {
    lock.lock();
    try {
      DeploymentEvent event = queue.poll();
      if (event == null) {
        delivering = false;
      }
      return event;
    } finally {
      lock.unlock();
    }
  }
}
