package dev.autodeploy.proxy.jdk;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Bounds how long a client may take for the head of a request, or for its TLS handshake: the server
 * reads both on a worker, without any limit of its own. Thread-safe.
 */
final class HeadDeadline {
  private final long limitNanos;
  private final Map<Thread, Reading> reading = new ConcurrentHashMap<>();

  private record Reading(Transfers transfers, Transfers.@Nullable Owner owner) {}

  HeadDeadline(Duration limit) {
    limitNanos = limit.toNanos();
  }

  /** Runs a task of the server's, which reads a head first. */
  void run(Runnable task) {
    Transfers transfers = new Transfers();
    try {
      reading.put(Thread.currentThread(), new Reading(transfers, transfers.begin()));
    } catch (IOException e) {
      throw new IllegalStateException("a new transfer cannot have been broken off", e);
    }
    try {
      task.run();
    } finally {
      complete();
    }
  }

  /** The head was read by this thread; called more than once. */
  void complete() {
    Reading head = reading.remove(Thread.currentThread());
    if (head != null) {
      head.transfers.end(head.owner);
    }
  }

  /** Disconnects who takes too long. */
  void watch() {
    long now = System.nanoTime();
    for (Reading head : reading.values()) {
      long since = head.transfers.since();
      if (since != 0 && now - since > limitNanos) {
        head.transfers.breakOff();
      }
    }
  }
}
