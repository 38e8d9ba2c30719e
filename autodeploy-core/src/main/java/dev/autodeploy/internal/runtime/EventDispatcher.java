package dev.autodeploy.internal.runtime;

import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.event.DeploymentListener;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands events to the listeners: one at a time, in order, on the callback executor. If listeners
 * are so slow that {@value #LIMIT} events wait, further ones are dropped.
 */
public final class EventDispatcher {
  static final int LIMIT = 100_000;

  private static final Logger LOG = LoggerFactory.getLogger(EventDispatcher.class);

  private final Executor executor;
  private final List<DeploymentListener> listeners = new CopyOnWriteArrayList<>();
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final Queue<DeploymentEvent> queue = new ArrayDeque<>();
  private final List<CompletableFuture<Void>> waitForAll = new ArrayList<>();
  private boolean delivering;
  private long dropped;

  private volatile @Nullable Thread deliverer;

  public EventDispatcher(Executor executor, List<DeploymentListener> listeners) {
    this.executor = executor;
    this.listeners.addAll(listeners);
  }

  public void add(DeploymentListener listener) {
    listeners.add(listener);
  }

  public void remove(DeploymentListener listener) {
    listeners.remove(listener);
  }

  public void publish(DeploymentEvent event) {
    lock.lock();
    try {
      if (queue.size() >= LIMIT) {
        if (dropped++ == 0) {
          LOG.warn("Listeners are too slow: {} events wait, further ones are dropped", LIMIT);
        }
        return;
      }
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

  /**
   * Returns what completes when everything published so far is delivered: at once for a listener
   * that asks, since it would wait for itself.
   */
  public CompletableFuture<Void> allDelivered() {
    lock.lock();
    try {
      CompletableFuture<Void> all = new CompletableFuture<>();
      if (!delivering || Thread.currentThread().equals(deliverer)) {
        all.complete(null);
      } else {
        waitForAll.add(all);
      }
      return all;
    } finally {
      lock.unlock();
    }
  }

  private void deliver() {
    deliverer = Thread.currentThread();
    for (DeploymentEvent event = next(); event != null; event = next()) {
      for (DeploymentListener listener : listeners) {
        try {
          listener.onEvent(event);
        } catch (Throwable e) { // some languages throw checked exceptions from anywhere
          report(event, e);
        }
      }
    }
  }

  private static void report(DeploymentEvent event, Throwable failure) {
    try {
      LOG.warn("A listener failed on {}", event.getClass().getSimpleName(), failure);
    } catch (RuntimeException | Error e) {
      // The log itself failed; the other listeners still get the event.
    }
  }

  private @Nullable DeploymentEvent next() {
    List<CompletableFuture<Void>> done;
    lock.lock();
    try {
      DeploymentEvent event = queue.poll();
      if (event != null) {
        return event;
      }
      if (dropped > 0) {
        LOG.warn("{} events were dropped", dropped);
        dropped = 0;
      }
      delivering = false;
      deliverer = null;
      done = List.copyOf(waitForAll);
      waitForAll.clear();
    } finally {
      lock.unlock();
    }
    done.forEach(all -> all.complete(null));
    return null;
  }
}
