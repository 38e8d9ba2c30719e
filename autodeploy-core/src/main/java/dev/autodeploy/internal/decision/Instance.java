package dev.autodeploy.internal.decision;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.StartReason;
import dev.autodeploy.internal.deployment.DefaultLease;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.ProviderInstance;
import java.time.Instant;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One instance of a deployment. All fields are guarded by the deployment's lock, apart from those
 * marked; times are nanoseconds of the deployment's time line, {@link #NEVER} for no such moment.
 */
public final class Instance {
  public static final long NEVER = Long.MAX_VALUE;

  public final String id;
  public final int slot;
  public final StartReason startReason;

  /** The newest specification that it fits; looked at without the lock too. */
  public volatile DeploymentSpec spec;

  public final String fingerprint;

  /** What it was given, which its deployment may not ask for any more. */
  public final GpuRequest gpu;

  public InstancePhase phase = InstancePhase.STARTING;
  public boolean gone;

  /** Its open leases are worthless and do not count any more. */
  public boolean leasesLost;

  public final long startRequestedAt;
  long startDeadline;
  public long readyAt = NEVER;

  /** How many requests there had been when it became ready: those who waited for the start. */
  long requestsAtReady;

  public int inFlight;
  public long busySince = NEVER;
  public long busyNanos;

  /** Up to when it was last in use: the later of ready and the last lease's close. */
  public long idleSince = NEVER;

  /** What the idle policy said when it became idle. */
  long idleTimeout = NEVER;

  /** Serves nothing for a while although it is ready, as for a snapshot. */
  boolean reserved;

  /** Is left to the next engine, instead of released, when it is drained. */
  boolean detaching;

  /** When a drain is cut short. */
  long drainDeadline = NEVER;

  public @Nullable ReleaseReason releaseReason;
  public long releaseRequestedAt = NEVER;
  int releaseAttempts;
  long releaseRetryAt = NEVER;

  /** Those who wait for this instance and no other, in order. */
  final NavigableSet<Waiter> bound = new TreeSet<>(WaitQueue.BY_ARRIVAL);

  // What the shell knows beside that.

  /** Whether the provider has been asked to start it, or never will be. */
  public final AtomicReference<StartCall> startCall = new AtomicReference<>(StartCall.DUE);

  /** As the provider gave it; set when it is up. */
  public volatile @Nullable ProviderInstance up;

  /** The anchor of its time line in the records; set before the lock is left for the first time. */
  public @Nullable Instant startRequestedInstant;

  /** When it ended, for one that was found ended after a restart. */
  public @Nullable Instant foundEndedAt;

  /** Up to when its use was last written to the ledger. */
  public long checkpointedUse = NEVER;

  /** Why the last probe failed, for the message of a timeout. */
  public volatile @Nullable String lastProbeError;

  /** How it ended, once that is known. */
  public volatile @Nullable InstanceExit lostExit;

  /** The leases that want to be told when it is lost. */
  public final Set<DefaultLease> watchers = ConcurrentHashMap.newKeySet();

  /** Completed when it is verified gone and its account closed. */
  public final CompletableFuture<Void> goneFuture = new CompletableFuture<>();

  /** How far the call that starts an instance is. */
  public enum StartCall {
    /** It is still to be made. */
    DUE,
    /** The ledger has its line, and the call is made; or an earlier process made it. */
    MADE,
    /** The release came first: it is not made any more. */
    SKIPPED
  }

  public Instance(
      String id,
      int slot,
      StartReason startReason,
      DeploymentSpec spec,
      String fingerprint,
      GpuRequest gpu,
      long startRequestedAt,
      long startDeadline) {
    this.id = id;
    this.slot = slot;
    this.startReason = startReason;
    this.spec = spec;
    this.fingerprint = fingerprint;
    this.gpu = gpu;
    this.startRequestedAt = startRequestedAt;
    this.startDeadline = startDeadline;
  }

  /** Returns whether the provider was asked to start it: then it is paid for, and in the ledger. */
  public boolean isPaid() {
    return startCall.get() == StartCall.MADE;
  }

  boolean hasRoom() {
    return phase == InstancePhase.READY && !reserved && inFlight < spec.concurrency();
  }

  /** Returns for how long it has been busy, an exchange under way included. */
  public long busyNanos(long now) {
    return busySince == NEVER ? busyNanos : busyNanos + (now - busySince);
  }

  /** Returns when the idle policy releases it, or {@link #NEVER}. */
  long idleDue() {
    return idleTimeout == NEVER || idleSince == NEVER ? NEVER : idleSince + idleTimeout;
  }
}
