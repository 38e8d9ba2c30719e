package dev.autodeploy.kubernetes;

import io.fabric8.kubernetes.api.model.Pod;
import java.net.URI;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** An instance that this process tracks: the last that was heard of its pod. Thread-safe. */
final class TrackedPod {
  private final PodLabels labels;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private @Nullable Pod pod;
  private String podName;
  private long version;
  private boolean told;
  private volatile @Nullable URI endpoint;
  private volatile boolean up;
  private volatile boolean releasing;
  private volatile boolean left;
  private volatile boolean own;
  private volatile PodReading reading = PodReading.OWN;
  private @Nullable PodLog log;

  TrackedPod(PodLabels labels) {
    this.labels = labels;
    this.podName = labels.name();
  }

  PodLabels labels() {
    return labels;
  }

  String instanceId() {
    return labels.instanceId();
  }

  /** Notes what was heard; null for: it is gone. */
  void heard(@Nullable Pod now) {
    lock.lock();
    try {
      pod = now;
      podName = now == null ? podName : now.getMetadata().getName();
      version++;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Wakes who waits for a change. */
  void wake() {
    lock.lock();
    try {
      version++;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Nullable Pod pod() {
    lock.lock();
    try {
      return pod;
    } finally {
      lock.unlock();
    }
  }

  /** The name of its pod: the last that was heard of, or that of its labels. */
  String podName() {
    lock.lock();
    try {
      return podName;
    } finally {
      lock.unlock();
    }
  }

  /** Says how its pod is read, where that is not one that this library has made. */
  void read(PodReading by) {
    reading = by;
  }

  PodState state(Pod of) {
    return new PodState(of, reading);
  }

  long version() {
    lock.lock();
    try {
      return version;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until something is heard after a version, or the time is over. */
  void awaitAfter(long seen, long nanos) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = nanos;
      while (version == seen && left > 0) {
        left = changed.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  static long millis(long value) {
    return TimeUnit.MILLISECONDS.toNanos(value);
  }

  /** Notes that the instance is up. From here on its end is told. */
  void up(@Nullable URI at) {
    endpoint = at;
    up = true;
  }

  boolean isUp() {
    return up;
  }

  @Nullable URI endpoint() {
    return endpoint;
  }

  void releasing() {
    releasing = true;
  }

  boolean isReleasing() {
    return releasing;
  }

  /** Notes that this process starts it: it may not survive this process. */
  void own() {
    own = true;
  }

  /** Returns whether it ends with this process: it was started here, or its release was asked. */
  boolean endsWithProcess() {
    return !left && (own || releasing);
  }

  void detach() {
    left = true;
  }

  /** Returns whether this is the first time that its end is told. */
  boolean tell() {
    lock.lock();
    try {
      boolean first = !told;
      told = true;
      return first;
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether its end was told: what may answer in its place is not it. */
  boolean isTold() {
    lock.lock();
    try {
      return told;
    } finally {
      lock.unlock();
    }
  }

  /** Returns the search in what its container has written; the same one each time. */
  PodLog log(Cluster cluster, KubernetesThreads threads) {
    lock.lock();
    try {
      if (log == null) {
        log = new PodLog(cluster, threads, podName, reading.container());
      }
      return log;
    } finally {
      lock.unlock();
    }
  }

  /** Ends the search in its log. */
  void closeLog() {
    lock.lock();
    try {
      if (log != null) {
        log.close();
        log = null;
      }
    } finally {
      lock.unlock();
    }
  }
}
