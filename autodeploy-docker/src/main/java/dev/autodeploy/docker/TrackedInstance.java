package dev.autodeploy.docker;

import dev.autodeploy.spi.InstanceExit;
import java.net.URI;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** An instance that this process tracks: it sends heartbeats and reports the end. */
final class TrackedInstance {
  private final Labels labels;
  private final String containerId;
  private final AtomicBoolean told = new AtomicBoolean();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private volatile @Nullable URI endpoint;
  private volatile @Nullable URI direct;
  private volatile boolean running;
  private volatile String advice = "";
  private long nextLook;
  private @Nullable ContainerLog log;
  private volatile boolean releasing;
  private volatile boolean left;
  private volatile boolean own;

  TrackedInstance(Labels labels, String containerId) {
    this.labels = labels;
    this.containerId = containerId;
  }

  Labels labels() {
    return labels;
  }

  String instanceId() {
    return labels.instanceId();
  }

  String containerId() {
    return containerId;
  }

  /** Notes that the instance is up. */
  void up(@Nullable URI at, @Nullable URI within) {
    endpoint = at;
    direct = within;
    running = true;
  }

  @Nullable URI endpoint() {
    return endpoint;
  }

  /** The address without any forwarder, if that can be reached from here. */
  @Nullable URI direct() {
    return direct;
  }

  boolean needsHeartbeat() {
    return running && !ended.isDone();
  }

  boolean isWatched() {
    return running && !releasing;
  }

  void releasing() {
    releasing = true;
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

  /**
   * Returns whether it is time to look into the container, which is not ready; then not for a
   * while.
   */
  synchronized boolean isLookDue(long now, long first, long pause) {
    if (nextLook == 0) {
      nextLook = now + first;
    }
    if (now - nextLook < 0) {
      return false;
    }
    nextLook = now + pause;
    return true;
  }

  /** The findings of the last look into the container. */
  String advice() {
    return advice;
  }

  void setAdvice(String text) {
    advice = text;
  }

  /** Returns the search in what its container has written; the same one each time. */
  synchronized ContainerLog log(DaemonClient client, DockerThreads threads) {
    if (log == null) {
      log = new ContainerLog(client, threads, containerId);
    }
    return log;
  }

  /** Ends the search in its log. */
  synchronized void closeLog() {
    if (log != null) {
      log.close();
      log = null;
    }
  }

  /** Completes when it is noticed that it has ended. */
  CompletableFuture<Void> ended() {
    return ended;
  }

  /** Returns whether this is the first time that its end is told. */
  boolean tell(@Nullable InstanceExit exit) {
    ended.complete(null);
    return exit != null && told.compareAndSet(false, true);
  }
}
