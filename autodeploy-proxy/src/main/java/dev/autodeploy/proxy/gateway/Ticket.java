package dev.autodeploy.proxy.gateway;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A request that goes on without its client's connection, and its answer. Thread-safe. */
final class Ticket {
  /** The requests that may wait for one answer. */
  private static final int MAX_WAITERS = 256;

  private final String id;
  private final String owner;
  private final String deployment;
  private final String fingerprint;
  private final long createdNanos;
  private final Spool body;
  private final CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
  private final AtomicInteger waiters = new AtomicInteger();
  private final AtomicBoolean begun = new AtomicBoolean();
  private volatile int status;
  private volatile HttpHeaders headers = new HttpHeaders();
  private volatile long doneNanos;
  private volatile @Nullable DetachedExchange exchange;

  Ticket(
      String id,
      String owner,
      String deployment,
      String fingerprint,
      long createdNanos,
      Spool body) {
    this.id = id;
    this.owner = owner;
    this.deployment = deployment;
    this.fingerprint = fingerprint;
    this.createdNanos = createdNanos;
    this.body = body;
  }

  String id() {
    return id;
  }

  /** Returns what stands for the caller who made it. */
  String owner() {
    return owner;
  }

  String deployment() {
    return deployment;
  }

  /** Returns what tells its request from others. */
  String fingerprint() {
    return fingerprint;
  }

  long createdNanos() {
    return createdNanos;
  }

  /** Returns the bytes of the answer. */
  Spool body() {
    return body;
  }

  CompletableFuture<@Nullable Void> done() {
    return done;
  }

  boolean isDone() {
    return done.isDone();
  }

  /** Returns whether the request is the first that asks, which is the one to be sent. */
  boolean begin() {
    return begun.compareAndSet(false, true);
  }

  /** Returns whether another request may wait for the answer. */
  boolean join() {
    return isDone() || waiters.incrementAndGet() <= MAX_WAITERS;
  }

  /** Returns when the answer was complete. */
  long doneNanos() {
    return doneNanos;
  }

  int status() {
    return status;
  }

  HttpHeaders headers() {
    return headers;
  }

  void exchange(DetachedExchange carried) {
    exchange = carried;
  }

  /** Stops the request, if it is under way. */
  void cancel() {
    DetachedExchange carried = exchange;
    if (carried != null && !isDone()) {
      carried.gone();
    }
  }

  void answered(int code, HttpHeaders fields) {
    status = code;
    headers = fields;
  }

  void complete(long nowNanos) {
    doneNanos = nowNanos;
    exchange = null;
    done.complete(null);
  }
}
