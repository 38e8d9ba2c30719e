package dev.autodeploy.internal.decision;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.StartReason;
import dev.autodeploy.spi.StartProgress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One instance of a deployment, as far as decisions depend on it. It is changed in this package
 * only, and guarded by the deployment's lock, apart from what never changes and {@link #spec}.
 * Times are nanoseconds of the deployment's time line, {@link #NEVER} for no such moment.
 */
public final class Instance {
  public static final long NEVER = Long.MAX_VALUE;

  final String id;
  final int slot;
  final StartReason startReason;
  volatile DeploymentSpec spec;
  final String fingerprint;
  final GpuRequest gpu;

  /** The room that it takes up among those who share GPUs; null if it has no GPU. */
  final @Nullable Room room;

  private InstancePhase phase = InstancePhase.STARTING;
  boolean gone;

  /** The open leases are worthless and no longer count. */
  boolean leasesLost;

  final long startRequestedAt;
  boolean startAsked;
  long startDeadline;

  /** The start is being prepared: the start timeout does not run. */
  boolean preparing;

  private long preparingSince = NEVER;
  private long preparingNanos;

  /** The last progress of the start, if the provider told of one. */
  @Nullable StartProgress progress;

  long readyAt = NEVER;

  /** The last answer of its probe, and the last lines that it wrote, while it started. */
  boolean probed;

  @Nullable String lastProbeError;
  List<String> lastLog = List.of();

  /** The number of the last request before it became ready: those up to it waited for the start. */
  long requestsAtReady;

  /** The caller whose request caused the start, or null if none did or it has no name. */
  @Nullable String caller;

  final CallerShares shares = new CallerShares();

  int inFlight;
  long busySince = NEVER;
  long busyNanos;

  /** The later of ready and the last lease's close. */
  long idleSince = NEVER;

  /** The answer of the idle policy when it became idle. */
  long idleTimeout = NEVER;

  /** The time for which it is kept until its first request, if it was started ahead of that. */
  long keptUnused = NEVER;

  /** The moment up to which others may still use it, so that it stays; the past if nobody may. */
  private long heldUntil = Long.MIN_VALUE;

  /** The instance serves nothing for a while although it is ready, as for a snapshot. */
  boolean reserved;

  /** The instance is detached, instead of released, when it is drained. */
  boolean detaching;

  long drainDeadline = NEVER;

  /** The findings about whether it works. */
  final InstanceHealth health = new InstanceHealth();

  /** The sleep of one with a sleep mode. */
  final InstanceSleep sleep = new InstanceSleep();

  @Nullable ReleaseReason releaseReason;
  long releaseRequestedAt = NEVER;
  int releaseAttempts;
  long releaseRetryAt = NEVER;

  /** The callers that wait for this instance and no other, in order. */
  final NavigableSet<Waiter> bound = new TreeSet<>(WaitQueue.BY_ARRIVAL);

  Instance(
      String id,
      int slot,
      StartReason startReason,
      DeploymentSpec spec,
      String fingerprint,
      GpuRequest gpu,
      @Nullable Room room,
      long startRequestedAt,
      long startDeadline) {
    this.id = id;
    this.slot = slot;
    this.startReason = startReason;
    this.spec = spec;
    this.fingerprint = fingerprint;
    this.gpu = gpu;
    this.room = room;
    this.startRequestedAt = startRequestedAt;
    this.startDeadline = startDeadline;
  }

  /**
   * Returns an instance that an earlier process started.
   *
   * @param past when it was started, ready and last used, and how long it was busy
   */
  public static Instance restored(
      String id,
      int slot,
      DeploymentSpec spec,
      String fingerprint,
      GpuRequest gpu,
      @Nullable Room room,
      Past past) {
    Instance instance =
        new Instance(
            id,
            slot,
            StartReason.ADOPTED,
            spec,
            fingerprint,
            gpu,
            room,
            past.startRequestedAt,
            NEVER);
    instance.startAsked = true;
    instance.readyAt = past.readyAt;
    instance.idleSince = past.lastUsedAt;
    instance.busyNanos = past.busyNanos;
    instance.preparingNanos = past.preparingNanos;
    instance.caller = past.caller;
    instance.shares.restore(past.busyBy);
    instance.sleep.restore(past.slept, past.asleepSince, past.keptRoomAsleep);
    return instance;
  }

  /**
   * The use of an instance in earlier processes, on this one's time line.
   *
   * @param startRequestedAt when it was asked for
   * @param readyAt when it was ready, or {@link Instance#NEVER}
   * @param lastUsedAt when it was last in use, or {@link Instance#NEVER}
   * @param busyNanos how long it was busy
   * @param preparingNanos how long its start was prepared
   * @param caller the caller whose request caused the start, or null
   * @param busyBy how long it was busy for callers that have a name
   * @param slept when it was asleep, without a sleep that goes on
   * @param asleepSince since when it is asleep, or {@link Instance#NEVER}
   * @param keptRoomAsleep whether it kept its room in that sleep, which then does not count
   */
  public record Past(
      long startRequestedAt,
      long readyAt,
      long lastUsedAt,
      long busyNanos,
      long preparingNanos,
      @Nullable String caller,
      Map<String, Duration> busyBy,
      SleepTimes slept,
      long asleepSince,
      boolean keptRoomAsleep) {

    /** Returns the past of one of which only the start is known. */
    public static Past startedAt(long startRequestedAt) {
      return new Past(
          startRequestedAt, NEVER, NEVER, 0, 0, null, Map.of(), SleepTimes.NONE, NEVER, false);
    }
  }

  /** Moves on to another phase. There is no way back, but for one that is woken. */
  void to(InstancePhase next) {
    boolean woken = phase == InstancePhase.WAKING && next == InstancePhase.READY;
    if (next.compareTo(phase) < 0 && !woken) {
      throw new IllegalStateException(id + " is " + phase + " and cannot be " + next + " again");
    }
    phase = next;
  }

  public String id() {
    return id;
  }

  public int slot() {
    return slot;
  }

  public StartReason startReason() {
    return startReason;
  }

  /** Returns the newest specification that it fits; may be called without the lock. */
  public DeploymentSpec spec() {
    return spec;
  }

  public String fingerprint() {
    return fingerprint;
  }

  /** The longest time that its start may take. */
  Duration startTimeout = Duration.ZERO;

  /** The expected time of its start when it was made, or null if nobody could tell. */
  @Nullable Duration expectedStart;

  /** Returns what it was given, which its deployment may no longer ask for. */
  public GpuRequest gpu() {
    return gpu;
  }

  /** Returns the room that it takes up, or null if it has no GPU. */
  public @Nullable Room room() {
    return room;
  }

  public InstancePhase phase() {
    return phase;
  }

  /** Returns whether it is verified gone, or detached. */
  public boolean isGone() {
    return gone;
  }

  boolean is(InstancePhase expected) {
    return phase == expected;
  }

  public boolean isStarting() {
    return phase == InstancePhase.STARTING && !gone;
  }

  /** Returns whether the provider was asked to start it: then it is paid for, and in the ledger. */
  public boolean isStartAsked() {
    return startAsked;
  }

  public long startRequestedAt() {
    return startRequestedAt;
  }

  /** Returns whether it was ready before, in an earlier process: then it is not asked again. */
  public boolean wasReady() {
    return readyAt != NEVER;
  }

  public long readyAt() {
    return readyAt;
  }

  public long idleSince() {
    return idleSince;
  }

  public long releaseRequestedAt() {
    return releaseRequestedAt;
  }

  public @Nullable ReleaseReason releaseReason() {
    return releaseReason;
  }

  public int inFlight() {
    return inFlight;
  }

  /** Returns how many of its leases still count. */
  public int countedInFlight() {
    return leasesLost ? 0 : inFlight;
  }

  boolean takesMore() {
    return phase == InstancePhase.READY && !reserved && inFlight < spec.concurrency();
  }

  /** Returns whether it is ready and serves nothing. */
  public boolean isIdle() {
    return phase == InstancePhase.READY && inFlight == 0;
  }

  /** Returns whether it was started once and takes no lease now, but would after being woken. */
  boolean isResting() {
    return phase == InstancePhase.FALLING_ASLEEP
        || phase == InstancePhase.ASLEEP
        || phase == InstancePhase.WAKING;
  }

  /** Returns whether nobody uses it, awake or asleep. */
  public boolean isUnused() {
    return isIdle() || phase == InstancePhase.ASLEEP;
  }

  /** Returns since when it is asleep, or {@link #NEVER} if it is not. */
  public long asleepSince() {
    return sleep.since;
  }

  /** Returns since when its sleep counts, or {@link #NEVER}: not while it keeps its room. */
  public long sleepCountsFrom() {
    return sleep.countsFrom();
  }

  /** Takes note of what the wall clock showed when its start was requested. */
  public void startRequestedAt(Instant wall) {
    sleep.cuts = SleepTimes.Cuts.of(startRequestedAt, wall);
  }

  /** Takes note that it has another price from a moment on. */
  public void pricedFrom(long moment) {
    sleep.cuts = sleep.cuts.priced(moment);
  }

  /** Returns when it has been asleep, up to its release, and not kept its room. */
  public SleepTimes slept(long now) {
    return sleep.times(Math.min(now, releaseRequestedAt));
  }

  /** Returns for how long it has been asleep, up to its release, and not kept its room. */
  public long asleepNanos(long now) {
    return slept(now).nanos();
  }

  public boolean isFallingAsleep() {
    return phase == InstancePhase.FALLING_ASLEEP && !gone;
  }

  /** Returns whether it was asleep when an earlier process left it, as far as is known. */
  public boolean wasAsleep() {
    return sleep.since != NEVER;
  }

  /** Returns since when it takes leases, or {@link #NEVER} if it never did. */
  long awakeSince() {
    return sleep.wokenAt == NEVER ? readyAt : sleep.wokenAt;
  }

  /** Takes another specification that it fits; what the policy before expected is void. */
  void follow(DeploymentSpec newSpec) {
    spec = newSpec;
    keptUnused = NEVER;
  }

  void becomesBusy(long now) {
    keptUnused = NEVER;
    busySince = now;
  }

  void becomesIdle(long now) {
    busyNanos += now - busySince;
    busySince = NEVER;
    idleSince = now;
  }

  /** Returns for how long it has been busy, an exchange under way included. */
  public long busyNanos(long now) {
    return busySince == NEVER ? busyNanos : busyNanos + (now - busySince);
  }

  /** Returns the caller whose request caused the start, or null. */
  public @Nullable String caller() {
    return caller;
  }

  /** Returns how long it has been busy for callers that have a name. */
  public Map<String, Duration> busyBy(long now) {
    return shares.named(now);
  }

  void preparationBegins(long now) {
    preparing = true;
    preparingSince = now;
  }

  void preparationEnds(long now) {
    preparingNanos = preparingNanos(now);
    preparing = false;
    preparingSince = NEVER;
  }

  /** Returns since when its start is being prepared, or {@link #NEVER} if it is not. */
  public long preparingSince() {
    return preparingSince;
  }

  /** Returns for how long its start was prepared, a preparation under way included. */
  public long preparingNanos(long now) {
    if (preparingSince == NEVER) {
      return preparingNanos;
    }
    return preparingNanos + Math.max(0, Math.min(now, releaseRequestedAt) - preparingSince);
  }

  /** Returns how far its start is, or null if it does not start, or that is not known. */
  public @Nullable StartProgress progress() {
    return isStarting() ? progress : null;
  }

  /** Returns when the idle policy releases it, or {@link #NEVER}. */
  long idleDue() {
    return idleTimeout == NEVER || idleSince == NEVER
        ? NEVER
        : Math.max(idleSince + idleTimeout, heldUntil);
  }

  /** Returns whether others, of which nothing is known here, may still use it. */
  boolean isHeld(long now) {
    return heldUntil > now;
  }

  /** Returns when the last lease that others may have of it is over, or a moment of the past. */
  long heldUntil() {
    return heldUntil;
  }

  /** Keeps it from being released up to a moment or longer, unless by force. */
  public void holdUntil(long moment) {
    heldUntil = Math.max(heldUntil, moment);
  }
}
