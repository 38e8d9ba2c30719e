package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The instances that were released last, for a provider whose {@link InstanceProvider#start} takes
 * time: the engine may release an instance that is still being started, and it must not come up
 * after that. {@code release} calls {@link #add} before anything else, {@code start} calls {@link
 * #refuse} after whatever makes the instance. Remembers the last 10,000. Thread-safe.
 */
public final class ReleasedInstances {
  private static final int REMEMBERED = 10_000;

  private final ReentrantLock lock = new ReentrantLock();
  private final Set<String> ids = new LinkedHashSet<>();

  /** Makes one that knows of no instance. */
  public ReleasedInstances() {}

  /**
   * Notes that an instance is released, before anything is done for it.
   *
   * @param instanceId the instance, known to the provider or not
   */
  public void add(String instanceId) {
    lock.lock();
    try {
      ids.remove(instanceId);
      ids.add(requireNonNull(instanceId, "instanceId"));
      if (ids.size() > REMEMBERED) {
        ids.remove(ids.iterator().next());
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Returns whether an instance was released.
   *
   * @param instanceId the instance
   * @return false also if that was long ago
   */
  public boolean contains(String instanceId) {
    lock.lock();
    try {
      return ids.contains(instanceId);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Ends a start whose instance was released meanwhile. Call it after whatever made the instance.
   *
   * @param instanceId the instance
   * @param undo removes what the start has made
   * @throws InstanceStartException if it was released, after {@code undo}
   */
  public void refuse(String instanceId, Runnable undo) {
    if (contains(instanceId)) {
      undo.run();
      throw new InstanceStartException("it was released while it was being started");
    }
  }
}
