package dev.autodeploy.internal.deployment;

import dev.autodeploy.internal.decision.Effect;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The effects of a deployment that are still to be carried out: in order, outside of its lock, by
 * one thread at a time, whichever left the lock when none was at it.
 */
final class EffectRunner {
  private static final Logger LOG = LoggerFactory.getLogger(EffectRunner.class);

  private final DeploymentController deployment;
  private final ReentrantLock lock;

  /** Made for the first effect: most deployments of a host with many are on standby. */
  private volatile @Nullable EffectHandler handler;

  // Guarded by the deployment's lock.
  private @Nullable Queue<Effect> pending; // made for the first effect, too
  private boolean running;

  /**
   * Makes one without effects.
   *
   * @param lock the deployment's
   */
  EffectRunner(DeploymentController deployment, ReentrantLock lock) {
    this.deployment = deployment;
    this.lock = lock;
  }

  /** Takes an effect over; to be called under the lock. */
  void add(Effect effect) {
    if (pending == null) {
      pending = new ArrayDeque<>();
    }
    pending.add(effect);
  }

  /** Returns whether {@link #run} has nothing to do; to be called under the lock. */
  boolean isEmpty() {
    return pending == null || pending.isEmpty();
  }

  /**
   * Carries out what is to be done, unless another thread is at it. Not to be called with a lock,
   * since what comes of it may run anything.
   */
  void run() {
    for (Effect effect = first(); effect != null; effect = next()) {
      try {
        handler().handle(effect);
      } catch (RuntimeException | Error e) {
        report(effect, e);
      }
    }
  }

  EffectHandler handler() {
    EffectHandler current = handler;
    if (current == null) {
      lock.lock();
      try {
        current = handler == null ? deployment.newEffectHandler() : handler;
        handler = current;
      } finally {
        lock.unlock();
      }
    }
    return current;
  }

  private @Nullable Effect first() {
    lock.lock();
    try {
      if (running || pending == null) {
        return null;
      }
      Effect effect = pending.poll();
      running = effect != null;
      return effect;
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Effect next() {
    lock.lock();
    try {
      Effect effect = pending == null ? null : pending.poll();
      if (effect == null) {
        running = false;
      }
      return effect;
    } finally {
      lock.unlock();
    }
  }

  private void report(Effect effect, Throwable failure) {
    try {
      LOG.error("{}: {} could not be carried out", deployment.name(), effect, failure);
    } catch (RuntimeException | Error e) {
      // The log itself failed; the other effects are still carried out.
    }
  }
}
