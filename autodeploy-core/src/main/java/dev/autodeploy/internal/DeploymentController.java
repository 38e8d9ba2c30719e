package dev.autodeploy.internal;

import static dev.autodeploy.internal.Instance.NEVER;
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
import dev.autodeploy.StartReason;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.Scheduler.Cancellable;
import dev.autodeploy.spi.Snapshot;
import dev.autodeploy.spi.StartProgress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
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
final class DeploymentController implements Deployment {
  private static final Logger LOG = LoggerFactory.getLogger(DeploymentController.class);

  private static final Duration LONGEST_WAIT = Duration.ofDays(3650);

  private final EngineContext context;
  private final String name;
  private final Instant createdAt;
  private final InstanceStarter starter;
  private final InstanceReleaser releaser;
  private final long origin;
  private final ReentrantLock lock = new ReentrantLock();
  private final CompletableFuture<Void> terminated = new CompletableFuture<>();

  // Guarded by the lock.
  private final DeploymentMachine machine;
  private final UsageBook book;
  private boolean carryingOut;

  // Touched only by whoever carries effects out.
  private @Nullable Cancellable timer;

  DeploymentController(
      EngineContext context, DeploymentSpec spec, Instant createdAt, Supplier<String> instanceIds) {
    this.context = context;
    this.name = spec.name();
    this.createdAt = createdAt;
    this.origin = context.ticker().read();
    this.machine =
        new DeploymentMachine(
            spec, SpecFingerprint.of(spec), context.idlePolicy(), context.random(), instanceIds);
    this.book = new UsageBook(meter(spec));
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
    boolean carryOut;
    lock.lock();
    try {
      result = decision.get();
      carryOut = settle();
    } finally {
      lock.unlock();
    }
    if (carryOut) {
      carryOut();
    }
    return result;
  }

  private void decide(Runnable decision) {
    decide(
        () -> {
          decision.run();
          return null;
        });
  }

  /** Under the lock, after a decision: returns whether this thread has effects to carry out. */
  private boolean settle() {
    if (machine.effects().isEmpty()) {
      return false;
    }
    for (Effect effect : machine.effects()) {
      if (effect instanceof Effect.Start start && start.instance().startRequestedInstant == null) {
        start.instance().startRequestedInstant = context.clock().instant();
      } else if (effect instanceof Effect.Gone gone && !gone.instance().booked) {
        // With the decision, or the money would be gone from the cost for a moment.
        gone.instance().booked = true;
        if (gone.instance().inLedger) {
          book.close(usage(gone.instance(), gone.at(), false));
        }
      }
    }
    if (carryingOut) {
      return false;
    }
    carryingOut = true;
    return true;
  }

  private void carryOut() {
    for (Effect effect = nextEffect(); effect != null; effect = nextEffect()) {
      try {
        carryOut(effect);
      } catch (RuntimeException | Error e) {
        LOG.error("Deployment '{}' could not carry out {}", name, effect, e);
      }
    }
  }

  private @Nullable Effect nextEffect() {
    lock.lock();
    try {
      Effect effect = machine.effects().poll();
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
    } else if (effect instanceof Effect.Release e) {
      releaser.release(e.instance(), e.grace());
    } else if (effect instanceof Effect.Leave e) {
      leave(e.instance());
    } else if (effect instanceof Effect.Grant e) {
      grant((PendingAcquire) e.waiter(), e.instance(), e.waitedNanos());
    } else if (effect instanceof Effect.Reject e) {
      context.callbackExecutor().execute(() -> ((PendingAcquire) e.waiter()).refuse(e.error()));
    } else if (effect instanceof Effect.Lost e) {
      lost(e.instance(), e.exit());
    } else if (effect instanceof Effect.Gone e) {
      context.providerExecutor().execute(() -> closeAccount(e.instance(), e.at()));
    } else if (effect instanceof Effect.SetTimer e) {
      setTimer(e.at());
    } else if (effect instanceof Effect.Tell e) {
      context.events().publish(e.event().apply(context.clock().instant()));
    } else if (effect instanceof Effect.Terminated) {
      if (timer != null) {
        timer.cancel();
      }
      terminated.complete(null);
    }
  }

  private void setTimer(long at) {
    if (timer != null) {
      timer.cancel();
    }
    Duration delay = Duration.ofNanos(Math.max(0, at - now()));
    timer = context.scheduler().schedule(delay, () -> decide(() -> machine.timer(now())));
  }

  private void grant(PendingAcquire waiter, Instance instance, long waitedNanos) {
    boolean cold = waiter.askedAt < instance.readyAt;
    LeaseHandle lease = new LeaseHandle(this, instance, cold, Duration.ofNanos(waitedNanos));
    context.callbackExecutor().execute(() -> waiter.grant(lease));
  }

  private void lost(Instance instance, InstanceExit exit) {
    instance.lostExit = exit;
    for (LeaseHandle lease : instance.watchers) {
      context.callbackExecutor().execute(() -> lease.tellLost(exit));
    }
  }

  private void closeAccount(Instance instance, long at) {
    UsageInterval usage;
    Money total;
    lock.lock();
    try {
      usage = usage(instance, at, false);
      total = cost(openUsage(now())).total();
    } finally {
      lock.unlock();
    }
    if (instance.inLedger) {
      context.ledger().appendSurely(new LedgerEntry.Released(usage));
    }
    instance.goneFuture.complete(null);
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
                instance.inLedger ? book.cost(usage) : Money.zero(total.currency()),
                total));
  }

  private void leave(Instance instance) {
    context
        .call(() -> context.provider().leave(instance.id))
        .whenComplete(
            (done, error) -> {
              if (error != null) {
                LOG.warn(
                    "{}: instance {} may not outlive this process: {}",
                    name,
                    instance.id,
                    EngineContext.describe(error));
              }
              checkpoint(instance);
              decide(() -> machine.left(now(), instance));
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

  void ready(Instance instance, java.net.URI endpoint) {
    decide(() -> machine.ready(now(), instance, endpoint));
  }

  void startFailed(Instance instance, String message, @Nullable InstanceExit exit) {
    decide(() -> machine.startFailed(now(), instance, message, exit));
  }

  void released(Instance instance) {
    decide(() -> machine.released(now(), instance));
  }

  void releaseFailed(Instance instance, String message) {
    decide(() -> machine.releaseFailed(now(), instance, message));
  }

  void exited(Instance instance, InstanceExit exit) {
    decide(() -> machine.exited(now(), instance, exit));
  }

  // What the engine says.

  @Nullable Instance find(String instanceId) {
    lock.lock();
    try {
      return machine.find(instanceId);
    } finally {
      lock.unlock();
    }
  }

  void progress(Instance instance, StartProgress progress) {
    context
        .events()
        .publish(
            new DeploymentEvent.InstanceProgress(
                context.clock().instant(), name, instance.id, progress));
  }

  void addClosed(List<UsageInterval> usage) {
    lock.lock();
    try {
      usage.stream().filter(u -> !u.startRequestedAt().isBefore(createdAt)).forEach(book::close);
    } finally {
      lock.unlock();
    }
  }

  /** Takes over, or releases, what an earlier process has left. */
  void takeOver(ProviderInstance found, @Nullable OpenUsage usage) {
    decide(
        () -> {
          Instance instance = restored(found, usage);
          boolean fits =
              found.exit() == null
                  && found.fingerprint().equals(machine.fingerprint())
                  && machine.instances().stream().noneMatch(i -> i.slot == found.slot())
                  && machine.instances().size() < machine.spec().maxInstances();
          if (fits) {
            machine.adopt(now(), instance);
            context.providerExecutor().execute(() -> starter.probe(instance));
          } else {
            machine.reap(now(), instance);
          }
        });
  }

  private Instance restored(ProviderInstance found, @Nullable OpenUsage usage) {
    Instant wall = context.clock().instant();
    Instant started = usage == null ? found.startedAt() : usage.started().at();
    long now = now();
    long age = Math.max(0, Duration.between(started, wall).toNanos());
    Instance instance =
        new Instance(
            found.instanceId(),
            found.slot(),
            StartReason.ADOPTED,
            machine.spec(),
            found.fingerprint(),
            now - age,
            NEVER);
    instance.startCall.set(Instance.StartCall.MADE);
    instance.up = found;
    instance.startRequestedInstant = started;
    instance.inLedger = true;
    if (usage == null) {
      context
          .ledger()
          .appendSurely(
              new LedgerEntry.Started(name, found.instanceId(), machine.spec().gpu(), started));
    } else if (usage.used() != null) {
      instance.readyAt = onLine(usage.used().readyAt(), started, instance, now);
      instance.idleSince = onLine(usage.used().lastUsedAt(), started, instance, now);
      instance.busyNanos = usage.used().busy().toNanos();
    }
    if (found.exit() != null && found.exit().at() != null) {
      Instant end = found.exit().at();
      instance.foundEndedAt = end.isBefore(started) ? started : end;
    }
    return instance;
  }

  private static long onLine(Instant moment, Instant started, Instance instance, long now) {
    long at = instance.startRequestedAt + Duration.between(started, moment).toNanos();
    return Math.min(now, Math.max(instance.startRequestedAt, at));
  }

  /** Begins to keep the minimum. */
  void open() {
    decide(() -> machine.open(now()));
  }

  void update(DeploymentSpec spec) {
    String fingerprint = SpecFingerprint.of(spec);
    decide(
        () -> {
          book.meter(meter(spec));
          machine.update(now(), spec, fingerprint);
        });
  }

  CompletableFuture<Void> remove() {
    decide(() -> machine.remove(now()));
    return terminated;
  }

  boolean isRemoved() {
    lock.lock();
    try {
      return machine.isRemoved();
    } finally {
      lock.unlock();
    }
  }

  CompletableFuture<Void> close(Duration drainTimeout, boolean leave) {
    decide(
        () -> {
          long now = now();
          machine.close(now, now + nanos(drainTimeout), leave);
        });
    return terminated;
  }

  /** The instances that exist, for the message of a close that failed. */
  List<String> instanceIds() {
    lock.lock();
    try {
      return machine.instances().stream().map(i -> i.id).toList();
    } finally {
      lock.unlock();
    }
  }

  /** Writes to the ledger how far the instances were used, where that changed. */
  void checkpoint() {
    List<Instance> all;
    lock.lock();
    try {
      all = List.copyOf(machine.instances());
    } finally {
      lock.unlock();
    }
    all.forEach(this::checkpoint);
  }

  private void checkpoint(Instance instance) {
    LedgerEntry.Used used;
    lock.lock();
    try {
      long now = now();
      long lastUse = instance.inFlight > 0 ? now : instance.idleSince;
      if (!instance.inLedger
          || instance.readyAt == NEVER
          || lastUse == NEVER
          || lastUse == instance.checkpointedUse) {
        return;
      }
      instance.checkpointedUse = lastUse;
      used =
          new LedgerEntry.Used(
              instance.id,
              instant(instance, instance.readyAt),
              instant(instance, lastUse),
              Duration.ofNanos(instance.busyNanos(now)));
    } finally {
      lock.unlock();
    }
    try {
      context.ledger().append(used);
    } catch (RuntimeException e) {
      LOG.warn("{}: the use of instance {} could not be written", name, instance.id, e);
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
    return createdAt;
  }

  @Override
  public CompletableFuture<Lease> acquire() {
    return acquire(AcquireRequest.within(AcquireRequest.DEFAULT_TIMEOUT));
  }

  @Override
  public CompletableFuture<Lease> acquire(AcquireRequest request) {
    long timeout = nanos(request.timeout());
    PendingAcquire waiter;
    Instance instance;
    boolean carryOut;
    lock.lock();
    try {
      long now = now();
      waiter = new PendingAcquire(request.route(), now, now + timeout);
      instance = machine.acquire(now, waiter);
      carryOut = settle();
    } finally {
      lock.unlock();
    }
    if (instance != null) {
      waiter.grant(new LeaseHandle(this, instance, false, Duration.ZERO));
    } else {
      // Whoever gives up completes the future first: by cancel, or by a timeout of his own.
      waiter.future.whenComplete((lease, error) -> giveUp(waiter));
    }
    if (carryOut) {
      carryOut();
    }
    return waiter.future;
  }

  private void giveUp(PendingAcquire waiter) {
    if (!waiter.answered) {
      decide(() -> machine.cancel(now(), waiter));
    }
  }

  void closeLease(Instance instance) {
    boolean carryOut;
    lock.lock();
    try {
      machine.leaseClosed(now(), instance);
      carryOut = settle();
    } finally {
      lock.unlock();
    }
    if (carryOut) {
      carryOut();
    }
  }

  @Override
  public Lease acquire(Duration timeout) throws InterruptedException {
    return acquire(timeout, RouteRule.defaultRule());
  }

  @Override
  public Lease acquire(Duration timeout, RouteRule route) throws InterruptedException {
    CompletableFuture<Lease> future = acquire(new AcquireRequest(route, timeout));
    try {
      return future.get();
    } catch (InterruptedException e) {
      future.cancel(false);
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
          machine.status(),
          machine.instances().stream().map(i -> info(i, now)).toList(),
          machine.inFlight(),
          machine.pending(),
          machine.lastFailure(),
          backoffUntil,
          machine.requests(),
          machine.coldStarts(),
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
        instant(i, i.startRequestedAt),
        optionalInstant(i, i.readyAt),
        idle ? optionalInstant(i, i.idleSince) : null,
        optionalInstant(i, releaseAt),
        i.releaseReason,
        Duration.ofNanos(i.busyNanos(now)));
  }

  @Override
  public CompletableFuture<Void> start() {
    return acquire().thenAccept(Lease::close);
  }

  @Override
  public CompletableFuture<Void> release() {
    return gone(decide(() -> machine.release(now())));
  }

  @Override
  public CompletableFuture<Void> releaseForcibly() {
    return gone(decide(() -> machine.releaseForcibly(now())));
  }

  private static CompletableFuture<Void> gone(List<Instance> instances) {
    return CompletableFuture.allOf(
        instances.stream().map(i -> i.goneFuture).toArray(CompletableFuture<?>[]::new));
  }

  @Override
  public Cost cost() {
    lock.lock();
    try {
      return cost(openUsage(now()));
    } finally {
      lock.unlock();
    }
  }

  private Cost cost(List<UsageInterval> open) {
    return book.cost(name, machine.spec().gpu(), createdAt, context.clock().instant(), open);
  }

  @Override
  public List<UsageInterval> usage(Instant from, Instant to) {
    requireNonNull(from, "from");
    requireNonNull(to, "to");
    List<UsageInterval> usage;
    lock.lock();
    try {
      usage = new ArrayList<>(book.closed());
      usage.addAll(openUsage(now()));
    } finally {
      lock.unlock();
    }
    usage.removeIf(u -> !u.startRequestedAt().isBefore(to) || u.endedAt().isBefore(from));
    return List.copyOf(usage);
  }

  @Override
  public Money costOf(UsageInterval usage) {
    requireNonNull(usage, "usage");
    CostMeter meter;
    lock.lock();
    try {
      meter = book.meter();
    } finally {
      lock.unlock();
    }
    return meter.cost(usage);
  }

  private List<UsageInterval> openUsage(long now) {
    return machine.instances().stream()
        .filter(i -> i.startCall.get() != Instance.StartCall.SKIPPED)
        .map(i -> usage(i, now, true))
        .toList();
  }

  private UsageInterval usage(Instance i, long end, boolean open) {
    Instant ended = i.foundEndedAt != null ? i.foundEndedAt : instant(i, end);
    return new UsageInterval(
        name,
        i.id,
        i.spec.gpu(),
        instant(i, i.startRequestedAt),
        optionalInstant(i, i.readyAt),
        optionalInstant(i, i.releaseRequestedAt),
        ended,
        open,
        Duration.ofNanos(i.busyNanos(end)));
  }

  private Instant instant(Instance instance, long at) {
    Instant anchor = instance.startRequestedInstant;
    return (anchor == null ? context.clock().instant() : anchor)
        .plusNanos(at - instance.startRequestedAt);
  }

  private @Nullable Instant optionalInstant(Instance instance, long at) {
    return at == NEVER ? null : instant(instance, at);
  }

  @Override
  public CompletableFuture<List<String>> logs(String instanceId, int lines) {
    requireNonNull(instanceId, "instanceId");
    if (lines < 1) {
      throw new IllegalArgumentException("lines must be 1 or more, but was " + lines);
    }
    return context.call(() -> context.provider().logs(instanceId, lines));
  }

  @Override
  public CompletableFuture<String> snapshot(String snapshotName) {
    requireNonNull(snapshotName, "name");
    return acquire().thenCompose(lease -> snapshot((LeaseHandle) lease, snapshotName));
  }

  private CompletableFuture<String> snapshot(LeaseHandle lease, String snapshotName) {
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
        .call(() -> context.provider().snapshot(instance.id, snapshotName))
        .thenApply(Snapshot::reference)
        .whenComplete(
            (reference, error) -> {
              lease.close();
              decide(() -> machine.reserve(now(), instance, false));
            });
  }

  @Override
  public String toString() {
    return "Deployment[" + name + "]";
  }

  private static long nanos(Duration duration) {
    return duration.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT.toNanos() : duration.toNanos();
  }

  /** A caller that is answered by a future. */
  private static final class PendingAcquire extends Waiter {
    private final CompletableFuture<Lease> future = new CompletableFuture<>();
    private volatile boolean answered;

    PendingAcquire(RouteRule route, long askedAt, long deadline) {
      super(route, askedAt, deadline);
    }

    void grant(Lease lease) {
      answered = true;
      if (!future.complete(lease)) {
        lease.close();
      }
    }

    void refuse(AutoDeployException error) {
      answered = true;
      future.completeExceptionally(error);
    }
  }
}
