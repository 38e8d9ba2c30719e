package dev.autodeploy.internal.deployment;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Cost;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.InstanceInfo;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.Lease;
import dev.autodeploy.Money;
import dev.autodeploy.RouteRule;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.decision.DeploymentMachine;
import dev.autodeploy.internal.decision.Effect;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.internal.ledger.DeploymentLedger;
import dev.autodeploy.internal.ledger.OpenEntry;
import dev.autodeploy.internal.policy.CostMeters;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.spec.SpecFingerprint;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.Scheduler.Cancellable;
import dev.autodeploy.spi.Snapshot;
import dev.autodeploy.spi.StartProgress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The shell around one {@link DeploymentMachine}: a lock, and what carries the machine's effects
 * out once the lock is left. Nothing is decided here.
 *
 * <p>Effects are carried out in order, by one thread at a time: whichever left the lock when none
 * did. What can block is handed to the provider executor, what belongs to others to the callback
 * executor.
 */
public final class DeploymentController implements Deployment {
  private static final Logger LOG = LoggerFactory.getLogger(DeploymentController.class);

  private static final Duration LONGEST_WAIT = Duration.ofDays(3650);

  /** So many replaced environments are remembered, to mask their values in logs. */
  private static final int EARLIER_SPECS = 16;

  /** After this long a snapshot that is not answered keeps its instance no more. */
  private static final Duration SNAPSHOT_LIMIT = Duration.ofHours(1);

  /** Who deals with instances that are not this deployment's. */
  public interface Neighbourhood {

    /**
     * Has an instance released, and that verified, which came up after its release.
     *
     * @return whether it does: not while the engine is being closed
     */
    boolean cameLate(ProviderInstance late);

    /** Looks through a list that was made to verify a release. */
    void listed(List<ProviderInstance> found);

    /** Takes note of whether a deployment has anything to look after. Called under its lock. */
    void busy(DeploymentController controller, boolean isBusy);
  }

  private static final CompletableFuture<Void> NONE_TO_CLOSE =
      CompletableFuture.completedFuture(null);

  private final EngineServices context;
  private final String name;
  private final InstanceStarter starter;
  private final InstanceReleaser releaser;
  private final Neighbourhood neighbourhood;
  private final long origin;
  private final ReentrantLock lock = new ReentrantLock();
  private final CompletableFuture<Void> terminated = new CompletableFuture<>();

  // Guarded by the lock.
  private final DeploymentMachine machine;
  private final DeploymentLedger accounts;
  private final Queue<Effect> toDo = new ArrayDeque<>(1);
  private final Queue<DeploymentSpec> earlier = new ArrayDeque<>(1);
  private boolean carryingOut;
  private boolean busy;

  // Touched only by whoever carries effects out.
  private @Nullable Cancellable timer;
  private @Nullable Cancellable fallbackTimer;

  /** When the fallback timer is due; set, too, by it. */
  private volatile long fallbackAt = Instance.NEVER;

  private CompletableFuture<Void> accountsClosed = NONE_TO_CLOSE;

  /**
   * Makes one without instances.
   *
   * @param random for routes, and whatever else the deployment decides at random
   * @param neighbourhood is told what is seen of instances that are not this deployment's
   */
  public DeploymentController(
      EngineServices context,
      DeploymentSpec spec,
      Instant createdAt,
      RandomGenerator random,
      Supplier<String> instanceIds,
      Neighbourhood neighbourhood) {
    this.neighbourhood = neighbourhood;
    this.context = context;
    this.name = spec.name();
    this.origin = context.ticker().read();
    this.machine =
        new DeploymentMachine(
            spec, SpecFingerprint.of(spec), context.idlePolicy(), random, instanceIds);
    this.accounts = new DeploymentLedger(name, createdAt, context.clock(), meter(spec));
    this.starter = new InstanceStarter(context, this);
    this.releaser = new InstanceReleaser(context, this);
  }

  private CostMeter meter(DeploymentSpec spec) {
    Money price = spec.pricePerHour();
    return price == null
        ? context.costMeter()
        : new CostMeters.Hourly(price.currency(), Map.of(), Map.of(), price.amount());
  }

  // The lock and the effects.

  /** Returns the time on this deployment's line; only under the lock is it sure not to go back. */
  private long now() {
    return context.ticker().read() - origin;
  }

  private <T extends @Nullable Object> T decide(Supplier<T> decision) {
    T result;
    lock.lock();
    try {
      result = decision.get();
      settle();
    } finally {
      lock.unlock();
    }
    carryOut();
    return result;
  }

  private void decide(Runnable decision) {
    decideOnly(decision);
    carryOut();
  }

  /** Decides, and leaves it to a {@link #carryOut} soon after to do something about it. */
  private void decideOnly(Runnable decision) {
    lock.lock();
    try {
      decision.run();
      settle();
    } finally {
      lock.unlock();
    }
  }

  /** Takes over, under the lock, what a decision has brought. */
  private void settle() {
    for (Effect effect = machine.effects().poll();
        effect != null;
        effect = machine.effects().poll()) {
      toDo.add(effect);
      if (effect instanceof Effect.Start start) {
        start.instance().startRequestedInstant = context.clock().instant();
      } else if (effect instanceof Effect.Gone gone) {
        // With the decision, or the money would be gone from the cost for a moment.
        accounts.close(gone.instance(), gone.at());
      }
    }
    if (busy != machine.isBusy()) {
      busy = !busy;
      neighbourhood.busy(this, busy);
    }
  }

  /**
   * Carries out what is to be done, unless another thread is at it. Not to be called with a lock,
   * since what comes of it may run anything.
   */
  public void carryOut() {
    Effect effect = firstEffect();
    while (effect != null) {
      try {
        carryOut(effect);
      } catch (RuntimeException | Error e) {
        report(effect, e);
      }
      effect = nextEffect();
    }
  }

  private void report(Effect effect, Throwable failure) {
    try {
      LOG.error("Deployment '{}' could not carry out {}", name, effect, failure);
    } catch (RuntimeException | Error e) {
      // Not even the log works: the other effects are carried out all the same.
    }
  }

  private @Nullable Effect firstEffect() {
    lock.lock();
    try {
      if (carryingOut || toDo.isEmpty()) {
        return null;
      }
      carryingOut = true;
      return toDo.poll();
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Effect nextEffect() {
    lock.lock();
    try {
      Effect effect = toDo.poll();
      if (effect == null) {
        carryingOut = false;
      }
      return effect;
    } finally {
      lock.unlock();
    }
  }

  private void carryOut(Effect effect) {
    if (effect instanceof Effect.Start e) {
      starter.start(e.instance());
    } else if (effect instanceof Effect.Probe e) {
      context.providerExecutor().execute(() -> starter.probe(e.instance()));
    } else if (effect instanceof Effect.Release e) {
      releaser.release(e.instance(), e.grace());
    } else if (effect instanceof Effect.Detach e) {
      detach(e.instance());
    } else if (effect instanceof Effect.Grant e) {
      grant(e);
    } else if (effect instanceof Effect.Reject e) {
      context.callbackExecutor().execute(() -> ((AcquireCall) e.waiter()).refuse(e.error()));
    } else if (effect instanceof Effect.Lost e) {
      lost(e.instance(), e.exit());
    } else if (effect instanceof Effect.Gone e) {
      // A deployment ends only when its ledger is complete.
      accountsClosed = CompletableFuture.allOf(accountsClosed, e.instance().goneFuture);
      context.providerExecutor().execute(() -> closeAccount(e.instance(), e.at()));
    } else if (effect instanceof Effect.SetTimer e) {
      setTimer(e.at());
    } else if (effect instanceof Effect.Tell e) {
      context.events().publish(e.event().apply(context.clock().instant()));
    } else if (effect instanceof Effect.Terminated) {
      cancel(timer);
      cancel(fallbackTimer);
      accountsClosed.whenComplete((closed, error) -> terminated.complete(null));
    }
  }

  private void setTimer(long at) {
    cancel(timer);
    Duration delay = Duration.ofNanos(Math.max(0, at - now()));
    try {
      timer = context.scheduler().schedule(delay, () -> decide(() -> machine.timer(now())));
    } catch (RuntimeException | Error e) {
      decideOnly(machine::timerFailed);
      setFallbackTimer(at, delay);
      throw e;
    }
  }

  /**
   * Has the JDK's own timer do it, also when nothing else makes up for it, as while the engine is
   * closed. It is kept when another one can be set: that it comes too early does no harm.
   */
  private void setFallbackTimer(long at, Duration delay) {
    if (at < fallbackAt) {
      cancel(fallbackTimer);
      fallbackAt = at;
      fallbackTimer = EngineServices.laterBySystem(delay, this::fallbackTimer);
    }
  }

  private void fallbackTimer() {
    fallbackAt = Instance.NEVER; // the next one may be set again, also for the same moment
    decide(() -> machine.timer(now()));
  }

  private static void cancel(@Nullable Cancellable timer) {
    if (timer != null) {
      timer.cancel();
    }
  }

  private void grant(Effect.Grant grant) {
    AcquireCall waiter = (AcquireCall) grant.waiter();
    DefaultLease lease =
        new DefaultLease(
            this, grant.instance(), grant.cold(), Duration.ofNanos(grant.waitedNanos()));
    context.callbackExecutor().execute(() -> waiter.grant(lease));
  }

  private void lost(Instance instance, InstanceExit exit) {
    instance.lostExit = exit;
    for (DefaultLease lease : instance.watchers) {
      context.callbackExecutor().execute(() -> lease.tellLost(exit));
    }
  }

  private void closeAccount(Instance instance, long at) {
    try {
      publishReleased(instance, closeInLedger(instance, at));
    } finally {
      instance.goneFuture.complete(null);
    }
  }

  private UsageInterval closeInLedger(Instance instance, long at) {
    UsageInterval usage;
    lock.lock();
    try {
      usage = accounts.closedUsage(instance, at);
    } finally {
      lock.unlock();
    }
    if (instance.isPaid()) {
      context.ledger().appendSurely(new LedgerEntry.Released(usage));
    }
    return usage;
  }

  private void publishReleased(Instance instance, UsageInterval usage) {
    Money cost;
    Money total;
    lock.lock();
    try {
      cost = accounts.cost(instance, usage);
      total = accounts.cost(machine.spec().gpu(), machine.instances(), now()).total();
    } finally {
      lock.unlock();
    }
    context
        .events()
        .publish(
            new DeploymentEvent.InstanceReleased(
                context.clock().instant(),
                name,
                instance.id,
                requireNonNull(instance.releaseReason, "releaseReason"),
                usage.duration(),
                usage.busy(),
                cost,
                total));
  }

  private void detach(Instance instance) {
    context
        .call(() -> context.provider().detach(instance.id))
        .whenComplete(
            (done, error) -> {
              if (error != null) {
                LOG.warn(
                    "{}: instance {} may not outlive this process: {}",
                    name,
                    instance.id,
                    SecretMask.line(EngineServices.describe(error), instance.spec));
              }
              checkpoint(instance);
              if (decide(() -> machine.left(now(), instance))) {
                instance.goneFuture.complete(null);
              }
            });
  }

  // What the starter and the releaser report.

  boolean isStarting(Instance instance) {
    lock.lock();
    try {
      return instance.phase == InstancePhase.STARTING && !instance.gone;
    } finally {
      lock.unlock();
    }
  }

  boolean isGone(Instance instance) {
    lock.lock();
    try {
      return instance.gone;
    } finally {
      lock.unlock();
    }
  }

  /** An instance came up that had been verified gone: its release is verified once more. */
  void cameLate(ProviderInstance up) {
    if (!neighbourhood.cameLate(up)) {
      context.call(() -> context.provider().release(up.instanceId(), Duration.ZERO));
    }
  }

  /** A list was made that tells of instances of other deployments too. */
  void listed(List<ProviderInstance> found) {
    neighbourhood.listed(found);
  }

  void ready(Instance instance, java.net.URI endpoint) {
    decide(() -> machine.ready(now(), instance, endpoint));
  }

  void startFailed(Instance instance, String message, @Nullable InstanceExit exit) {
    String redacted = SecretMask.line(message, instance.spec);
    InstanceExit redactedExit = SecretMask.ofNullable(exit, instance.spec);
    decide(() -> machine.startFailed(now(), instance, redacted, redactedExit));
  }

  void released(Instance instance) {
    decide(() -> machine.released(now(), instance));
  }

  void releaseFailed(Instance instance, String message) {
    String redacted = SecretMask.line(message, instance.spec);
    decide(() -> machine.releaseFailed(now(), instance, redacted));
  }

  public void exited(Instance instance, InstanceExit exit) {
    InstanceExit redacted = SecretMask.of(exit, instance.spec);
    decide(() -> machine.exited(now(), instance, redacted));
  }

  // What the engine says.

  public @Nullable Instance find(String instanceId) {
    lock.lock();
    try {
      return machine.find(instanceId);
    } finally {
      lock.unlock();
    }
  }

  public void progress(Instance instance, StartProgress progress) {
    context
        .events()
        .publish(
            new DeploymentEvent.InstanceProgress(
                context.clock().instant(),
                name,
                instance.id,
                SecretMask.of(progress, instance.spec)));
  }

  public void addClosed(List<UsageInterval> usage) {
    lock.lock();
    try {
      accounts.addClosed(usage);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes over, or releases, what an earlier process has left. Only decides: {@link #carryOut} is
   * to follow.
   */
  public void takeOver(ProviderInstance found, OpenEntry usage) {
    decideOnly(
        () -> {
          long now = now();
          Instance instance =
              RestoredInstance.of(found, usage, machine.spec(), now, context.clock().instant());
          if (machine.fits(found)) {
            machine.adopt(now, instance);
          } else {
            machine.reap(now, instance);
          }
        });
  }

  /**
   * Releases an instance that nobody here asked for. Only decides: {@link #carryOut} is to follow.
   *
   * @return whether it does: not if nothing is left of this deployment any more
   */
  public boolean reap(ProviderInstance found, OpenEntry usage) {
    lock.lock();
    try {
      long now = now();
      Instance instance =
          RestoredInstance.of(found, usage, machine.spec(), now, context.clock().instant());
      boolean reaped = machine.reap(now, instance);
      settle();
      return reaped;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Makes a deployment again of which only instances that are being released are left. Only
   * decides: {@link #carryOut} is to follow.
   *
   * @param since from when on its instances are its own, if that is earlier than it was
   * @return whether it could: not if they are gone already
   */
  public boolean reopen(DeploymentSpec spec, Instant since) {
    String fingerprint = SpecFingerprint.of(spec);
    lock.lock();
    try {
      boolean reopened = machine.reopen(now(), spec, fingerprint);
      if (reopened) {
        accounts.meter(meter(spec));
        accounts.since(since);
      }
      settle();
      return reopened;
    } finally {
      lock.unlock();
    }
  }

  /** Begins to keep the minimum. */
  public void open() {
    decide(() -> machine.open(now()));
  }

  /** Replaces the specification. Only decides: {@link #carryOut} is to follow. */
  public void update(DeploymentSpec spec) {
    String fingerprint = SpecFingerprint.of(spec);
    decideOnly(
        () -> {
          accounts.meter(meter(spec));
          remember(machine.spec(), spec);
          machine.update(now(), spec, fingerprint);
        });
  }

  /** Keeps a specification whose environment is replaced: logs may still hold its values. */
  private void remember(DeploymentSpec before, DeploymentSpec after) {
    if (!before.environment().equals(after.environment())) {
      earlier.add(before);
      if (earlier.size() > EARLIER_SPECS) {
        earlier.remove();
      }
    }
  }

  /** Removes everything. Only decides: {@link #carryOut} is to follow. */
  public CompletableFuture<Void> remove() {
    decideOnly(() -> machine.remove(now()));
    return terminated;
  }

  public boolean isRemoved() {
    lock.lock();
    try {
      return machine.isRemoved();
    } finally {
      lock.unlock();
    }
  }

  public CompletableFuture<Void> close(Duration drainTimeout, boolean keepInstances) {
    decide(
        () -> {
          long now = now();
          machine.close(now, now + nanos(drainTimeout), keepInstances);
        });
    return terminated;
  }

  /** The instances that exist, for the message of a close that failed. */
  public List<String> instanceIds() {
    lock.lock();
    try {
      return machine.instances().stream().map(i -> i.id).toList();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Writes to the ledger how far the instances were used, where that changed, and makes up for a
   * timer that could not be set.
   */
  public void upkeep() {
    List<Instance> all;
    lock.lock();
    try {
      all = List.copyOf(machine.instances());
    } finally {
      lock.unlock();
    }
    all.forEach(this::checkpoint);
    decide(() -> machine.upkeep(now()));
  }

  private void checkpoint(Instance instance) {
    LedgerEntry.Used used;
    lock.lock();
    try {
      used = accounts.checkpoint(instance, now());
    } finally {
      lock.unlock();
    }
    if (used == null) {
      return;
    }
    try {
      context.ledger().append(used);
    } catch (RuntimeException e) {
      LOG.warn("{}: the use of instance {} could not be written", name, instance.id, e);
      notCheckpointed(instance);
    }
  }

  /** Has the next checkpoint write what this one could not. */
  private void notCheckpointed(Instance instance) {
    lock.lock();
    try {
      instance.checkpointedUse = Instance.NEVER;
    } finally {
      lock.unlock();
    }
  }

  // Deployment.

  @Override
  public String name() {
    return name;
  }

  @Override
  public DeploymentSpec spec() {
    lock.lock();
    try {
      return machine.spec();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Instant createdAt() {
    return accounts.createdAt();
  }

  @Override
  public CompletableFuture<Lease> acquireAsync() {
    return acquireAsync(AcquireRequest.within(AcquireRequest.DEFAULT_TIMEOUT));
  }

  @Override
  public CompletableFuture<Lease> acquireAsync(AcquireRequest request) {
    long timeout = nanos(request.timeout());
    AcquireCall waiter;
    Instance instance;
    boolean nothingToDo;
    lock.lock();
    try {
      long now = now();
      waiter = new AcquireCall(request.route(), now, now + timeout);
      instance = machine.acquire(now, waiter);
      settle();
      nothingToDo = toDo.isEmpty();
    } finally {
      lock.unlock();
    }
    if (instance != null) {
      waiter.grant(new DefaultLease(this, instance, false, Duration.ZERO));
    } else {
      // Whoever gives up completes the future first: by cancel, or by a timeout of his own.
      waiter.future().whenComplete((lease, error) -> giveUp(waiter));
    }
    if (!nothingToDo) {
      carryOut();
    }
    return waiter.future();
  }

  private void giveUp(AcquireCall waiter) {
    if (!waiter.isAnswered()) {
      decide(() -> machine.cancel(now(), waiter));
    }
  }

  void closeLease(Instance instance) {
    boolean nothingToDo;
    lock.lock();
    try {
      machine.leaseClosed(now(), instance);
      settle();
      nothingToDo = toDo.isEmpty();
    } finally {
      lock.unlock();
    }
    if (!nothingToDo) {
      carryOut();
    }
  }

  @Override
  public Lease acquire(Duration timeout) throws InterruptedException {
    return acquire(timeout, RouteRule.defaultRule());
  }

  @Override
  public Lease acquire(Duration timeout, RouteRule route) throws InterruptedException {
    CompletableFuture<Lease> future = acquireAsync(new AcquireRequest(route, timeout));
    try {
      return future.get();
    } catch (InterruptedException e) {
      if (!future.cancel(false)) {
        // It was answered between the interrupt and now, and nobody else will close the lease.
        future.thenAccept(Lease::close);
      }
      throw e;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AutoDeployException cause) {
        throw cause;
      }
      throw new IllegalStateException("acquire failed", e);
    }
  }

  @Override
  public DeploymentStatus status() {
    lock.lock();
    try {
      long now = now();
      Instant backoffUntil =
          now < machine.backoffUntil()
              ? context.clock().instant().plusNanos(machine.backoffUntil() - now)
              : null;
      return new DeploymentStatus(
          name,
          machine.state(),
          machine.instances().stream().map(i -> info(i, now)).toList(),
          machine.inFlight(),
          machine.pending(),
          machine.lastFailure(),
          backoffUntil,
          machine.requests(),
          machine.coldStarts(),
          Duration.ofNanos(machine.pendingNanos()),
          machine.starts(),
          machine.startFailures());
    } finally {
      lock.unlock();
    }
  }

  private InstanceInfo info(Instance i, long now) {
    ProviderInstance up = i.up;
    long releaseAt = machine.releaseAt(i);
    boolean idle = i.phase == InstancePhase.READY && i.inFlight == 0;
    return new InstanceInfo(
        i.id,
        i.slot,
        i.phase,
        i.startReason,
        up == null ? null : up.endpoint(),
        i.leasesLost ? 0 : i.inFlight,
        accounts.instant(i, i.startRequestedAt),
        accounts.optionalInstant(i, i.readyAt),
        idle ? accounts.optionalInstant(i, i.idleSince) : null,
        accounts.optionalInstant(i, releaseAt),
        i.releaseReason,
        Duration.ofNanos(i.busyNanos(now)));
  }

  @Override
  public CompletableFuture<Void> warmUp() {
    return acquireAsync().thenAccept(Lease::close);
  }

  @Override
  public CompletableFuture<Void> release() {
    return gone(decide(() -> machine.release(now())));
  }

  @Override
  public CompletableFuture<Void> releaseNow() {
    return gone(decide(() -> machine.releaseNow(now())));
  }

  private static CompletableFuture<Void> gone(List<Instance> instances) {
    return CompletableFuture.allOf(
        instances.stream().map(i -> i.goneFuture).toArray(CompletableFuture<?>[]::new));
  }

  @Override
  public Cost cost() {
    lock.lock();
    try {
      return accounts.cost(machine.spec().gpu(), machine.instances(), now());
    } finally {
      lock.unlock();
    }
  }

  @Override
  public List<UsageInterval> usage(Instant from, Instant to) {
    requireNonNull(from, "from");
    requireNonNull(to, "to");
    lock.lock();
    try {
      return accounts.usage(from, to, machine.instances(), now());
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Money costOf(UsageInterval usage) {
    requireNonNull(usage, "usage");
    CostMeter meter;
    lock.lock();
    try {
      meter = accounts.meter();
    } finally {
      lock.unlock();
    }
    return meter.cost(usage);
  }

  @Override
  public CompletableFuture<List<String>> logs(String instanceId, int lines) {
    requireNonNull(instanceId, "instanceId");
    if (lines < 1) {
      throw new IllegalArgumentException("lines must be 1 or more, but was " + lines);
    }
    List<DeploymentSpec> writers = writers();
    return context
        .call(() -> context.provider().logs(instanceId, lines))
        .thenApply(log -> log.stream().map(line -> SecretMask.line(line, writers)).toList());
  }

  /** The specifications with which instances were started that may have written something. */
  private List<DeploymentSpec> writers() {
    lock.lock();
    try {
      List<DeploymentSpec> writers = new ArrayList<>(earlier);
      writers.add(machine.spec());
      return writers;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public CompletableFuture<String> snapshot(String snapshotName) {
    requireNonNull(snapshotName, "name");
    return acquireAsync().thenCompose(lease -> snapshot((DefaultLease) lease, snapshotName));
  }

  private CompletableFuture<String> snapshot(DefaultLease lease, String snapshotName) {
    Instance instance = lease.instance();
    if (!decide(() -> machine.reserve(now(), instance, true))) {
      lease.close();
      return CompletableFuture.failedFuture(
          new AutoDeployException(
              ErrorCode.PROVIDER_FAILED,
              name,
              "instance " + instance.id + " serves requests; a snapshot needs an idle one"));
    }
    return context
        .call(SNAPSHOT_LIMIT, () -> context.provider().snapshot(instance.id, snapshotName))
        .thenApply(Snapshot::reference)
        .whenComplete(
            (reference, error) -> {
              // In this order: an instance that is kept back must never look idle.
              decide(() -> machine.reserve(now(), instance, false));
              lease.close();
            });
  }

  @Override
  public String toString() {
    return "Deployment[" + name + "]";
  }

  private static long nanos(Duration duration) {
    return duration.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT.toNanos() : duration.toNanos();
  }
}
