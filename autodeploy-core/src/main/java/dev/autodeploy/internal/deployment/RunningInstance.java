package dev.autodeploy.internal.deployment;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.internal.ledger.DeploymentLedger;
import dev.autodeploy.internal.runtime.OverdueCalls;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.ProviderInstance;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * An instance as the provider, the ledger and the holders of its leases see it. No decision depends
 * on anything here. Thread-safe.
 */
final class RunningInstance {
  private static final long MIN_LOG_PAUSE = Duration.ofMillis(500).toNanos();
  private static final long MAX_LOG_PAUSE = Duration.ofSeconds(5).toNanos();

  private final Instance instance;
  private final Instant startRequestedAt;
  private final Set<DefaultLease> watchers = ConcurrentHashMap.newKeySet();
  private final CompletableFuture<Void> gone = new CompletableFuture<>();
  private volatile @Nullable ProviderInstance up;
  private volatile List<String> lastLog = List.of();
  private volatile long nextLog;
  private volatile int probesPassed;
  private final AtomicBoolean checking = new AtomicBoolean();
  private volatile OverdueCalls.@Nullable Call starting;
  private volatile @Nullable InstanceExit lostExit;
  private volatile @Nullable InstanceExit asleepExit;
  private volatile DeploymentLedger.@Nullable Closed closedAccount;

  RunningInstance(Instance instance, Instant startRequestedAt, @Nullable ProviderInstance up) {
    this.instance = instance;
    this.startRequestedAt = startRequestedAt;
    this.up = up;
  }

  /** Returns the part that decisions depend on, which the deployment's lock guards. */
  Instance instance() {
    return instance;
  }

  String id() {
    return instance.id();
  }

  /** Returns the moment of its start request, as the ledger has it. */
  Instant startRequestedAt() {
    return startRequestedAt;
  }

  void isUp(ProviderInstance found) {
    up = found;
  }

  /** Returns the instance as the provider described it last; it must be up. */
  ProviderInstance up() {
    return requireNonNull(up, "up");
  }

  /**
   * Returns whether the log of an instance that is not ready is to be read again: after an eighth
   * of the time so far. Asked by its probe alone.
   *
   * @param elapsed for how long it has been probed, in nanoseconds
   */
  boolean isLogDue(long elapsed) {
    if (elapsed < nextLog) {
      return false;
    }
    nextLog = elapsed + Math.min(MAX_LOG_PAUSE, Math.max(MIN_LOG_PAUSE, elapsed / 8));
    return true;
  }

  /** Counts the probes in a row that said yes. Called by its probe alone. */
  void probed(boolean yes) {
    probesPassed = yes ? probesPassed + 1 : 0;
  }

  /** Notes the call that starts it. */
  void startedBy(OverdueCalls.Call call) {
    starting = call;
  }

  /** Notes that nobody waits for its start any longer. */
  void giveUpStart() {
    OverdueCalls.Call call = starting;
    if (call != null) {
      call.giveUp();
    }
  }

  /** Returns whether the provider may be asked to check it: not while it still does. */
  boolean beginCheck() {
    return checking.compareAndSet(false, true);
  }

  void endCheck() {
    checking.set(false);
  }

  int probesPassed() {
    return probesPassed;
  }

  void noteLog(List<String> lines) {
    lastLog = List.copyOf(lines);
  }

  /** Returns the last lines that it wrote while it started, as far as they were read. */
  List<String> lastLog() {
    return lastLog;
  }

  @Nullable URI endpoint() {
    ProviderInstance current = up;
    return current == null ? null : current.endpoint();
  }

  /** Adds a lease that is told when the instance is lost; at once, if it is lost already. */
  void watch(DefaultLease lease) {
    watchers.add(lease);
    InstanceExit exit = lostExit != null ? lostExit : asleepExit;
    if (exit != null) {
      lease.tellLost(exit);
    }
  }

  void unwatch(DefaultLease lease) {
    watchers.remove(lease);
  }

  /** Returns whether the holders of its leases were told. */
  boolean isLost() {
    return lostExit != null;
  }

  /** Notes how the instance was lost; returns the leases that are to be told. */
  Set<DefaultLease> lost(InstanceExit exit) {
    lostExit = exit;
    return watchers;
  }

  /**
   * Notes that it is put to sleep; returns the leases that are to be told, which do not keep it.
   */
  Set<DefaultLease> sleeps(InstanceExit exit) {
    asleepExit = exit;
    return watchers;
  }

  /** Notes that it is woken. */
  void wakes() {
    asleepExit = null;
  }

  /** Keeps the account, which was closed with the decision, until it is written. */
  void accountClosed(DeploymentLedger.Closed account) {
    closedAccount = account;
  }

  DeploymentLedger.Closed closedAccount() {
    return requireNonNull(closedAccount, "closedAccount");
  }

  /** Returns the future that completes when it is verified gone and its account written. */
  CompletableFuture<Void> gone() {
    return gone;
  }
}
