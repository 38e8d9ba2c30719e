package dev.autodeploy.internal.deployment;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.Budget;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.Lease;
import dev.autodeploy.RouteRule;
import dev.autodeploy.Schedule;
import dev.autodeploy.internal.decision.Arrival;
import dev.autodeploy.internal.decision.DeploymentMachine;
import dev.autodeploy.internal.decision.Effect;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.internal.ledger.DeploymentLedger;
import dev.autodeploy.internal.ledger.GotGpus;
import dev.autodeploy.internal.ledger.OpenEntry;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.spec.SpecFingerprint;
import dev.autodeploy.internal.util.Durations;
import dev.autodeploy.replay.Traffic;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartProgress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

// Over 500 lines: one entry under the lock for each thing that happens to a deployment.
/**
 * One deployment: the lock around its {@link DeploymentMachine} and its accounts. Nothing is
 * decided here. Every event goes through {@link #decide}, which has the effects carried out once
 * the lock, and the engine's if this thread holds it, is left.
 */
public final class DeploymentController {
  private static final Logger LOG = LoggerFactory.getLogger(DeploymentController.class);

  private final EngineServices services;
  private final String name;
  private final DefaultDeployment deployment;
  private final BusyDeployments busyOnes;
  private final UnknownInstances unknown;
  private final long number;
  private final long origin;
  private final ReentrantLock lock = new ReentrantLock();
  private final EffectRunner effects;
  private final Rooms rooms;
  private volatile SecretMask secrets = SecretMask.NEW;

  private final RunningInstances running = new RunningInstances();
  private volatile @Nullable Degradation degradation; // made for the first thing missing

  // Guarded by the lock.
  private final DeploymentMachine machine;
  private final DeploymentLedger ledger;
  private boolean busy;

  /** Made when somebody waits for the end of the deployment, or when it comes. */
  private @Nullable CompletableFuture<Void> terminated;

  /** Made for the first request, or for what an earlier process has learned. */
  private @Nullable DeploymentRecords records;

  /** Made with a budget, its own or the engine's. */
  private @Nullable DeploymentBudget budget;

  /**
   * Makes one without instances.
   *
   * @param number its place in the order in which the engine's deployments were made
   * @param createdAt from when on instances of its name are its own
   * @param random for routes
   * @param instanceIds gives ids to instances
   * @param unknown reads what is seen of instances that are not this deployment's
   * @param rooms the room that deployments share
   * @param busyOnes notes whether it has anything to look after
   */
  public DeploymentController(
      EngineServices services,
      DeploymentSpec spec,
      long number,
      Instant createdAt,
      RandomGenerator random,
      Supplier<String> instanceIds,
      UnknownInstances unknown,
      Rooms rooms,
      BusyDeployments busyOnes) {
    this.services = services;
    this.name = spec.name();
    this.number = number;
    this.busyOnes = busyOnes;
    this.origin = services.ticker().read();
    this.machine = new DeploymentMachine(spec, null, services.idlePolicy(), random, instanceIds);
    if (!services.provider().sharesGpusOfSleepers()) {
      machine.sleepersKeepRoom();
    }
    if (rooms.limitHost()) {
      machine.shareHost();
    }
    this.ledger =
        new DeploymentLedger(
            name, createdAt, services.clock(), services.meter(spec), services.costs());
    this.deployment = new DefaultDeployment(services, this);
    this.unknown = unknown;
    this.rooms = rooms;
    this.effects = new EffectRunner(this, lock);
  }

  // The lock.

  /** Returns the time on this deployment's line; only under the lock is it sure not to go back. */
  long now() {
    return services.ticker().read() - origin;
  }

  long ticker() {
    return services.ticker().read();
  }

  <T extends @Nullable Object> T read(Supplier<T> reading) {
    lock.lock();
    try {
      return reading.get();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Tells the machine the time of day and what its budget allows, if it has one. Does not fail: a
   * lease that is not closed for it would keep its instance for ever, and so would a timer.
   */
  private void tellTime() {
    try {
      measureTime();
    } catch (RuntimeException | Error e) {
      LOG.error("{}: schedule and budget could not be looked at, and hold as they are", name, e);
    }
  }

  private void measureTime() {
    if (machine.goesByTheClock()) {
      machine.tell(now(), services.clock().instant());
      collectEffects(); // what that starts is known before anything else is decided
    }
    if (budget == null ? services.budget().isActive() : !budget.isFresh()) {
      measureBudget(machine.spec());
      collectEffects();
    }
  }

  private void measureBudget(DeploymentSpec spec) {
    if (budget == null && DeploymentBudget.isNeeded(services, spec)) {
      budget = new DeploymentBudget(services, this, machine, ledger);
    }
    if (budget != null) {
      budget.measure(spec);
    }
  }

  /** Reads, without the lock, the pages of the ledger that a budget needs, if that is due. */
  private void readPages(DeploymentSpec spec) {
    Budget limit = spec.budget();
    if (limit != null && ledger.readPages(limit, services.meter(spec))) {
      read(
          () -> {
            ledger.forgetUse();
            budgetChanged();
            return true;
          });
    }
  }

  /** The same for the budget that it has. */
  public void readPages() {
    readPages(spec());
  }

  private void retryPages() {
    if (ledger.lacksPages()) {
      readPages();
    }
  }

  /** Returns how long starts have taken: the median of the recent ones, 0 if there was none. */
  long learnedStart() {
    return read(machine::learnedStart);
  }

  String explainIdleTimeout() {
    return decide(machine::explainIdleTimeout);
  }

  @Nullable BudgetStatus budgetStatus() {
    retryPages();
    return read(() -> DeploymentBudget.status(services, machine, ledger, now()));
  }

  /** Measures what it may spend, as others spend more or less, and ends what is over. */
  public void lookAtBudget() {
    decide(() -> {});
  }

  <T extends @Nullable Object> T decide(Supplier<T> decision) {
    T result;
    boolean shared = enter();
    try {
      tellTime();
      result = decision.get();
      collectEffects();
      if (shared && budget != null) {
        budget.tell();
        collectEffects();
      }
    } finally {
      leave(shared);
    }
    services.lock().afterwards(effects::run);
    return result;
  }

  /**
   * Takes the lock; where the engine has a budget, no other deployment decides at the same time.
   *
   * @return whether that is so, for {@link #leave}
   */
  private boolean enter() {
    lock.lock();
    return services.budget().enter();
  }

  private void leave(boolean shared) {
    if (shared) {
      services.budget().leave();
    }
    lock.unlock();
    if (shared && services.budget().hasNews()) {
      services.lock().afterwards(services.budget()::announce);
    }
  }

  void decide(Runnable decision) {
    this.<@Nullable Object>decide(
        () -> {
          decision.run();
          return null;
        });
  }

  /** Takes over, under the lock, the effects of a decision. */
  private void collectEffects() {
    takeEffects();
    while (budget != null && budget.hasChanged()) {
      measureBudget(machine.spec()); // an instance came or went
      takeEffects();
    }
  }

  private void takeEffects() {
    for (Effect effect = machine.effects().poll();
        effect != null;
        effect = machine.effects().poll()) {
      if (effect instanceof Effect.Start start) {
        Instant at = services.clock().instant();
        opened(new RunningInstance(start.instance(), at, null), at, null);
      } else if (effect instanceof Effect.Gone gone) {
        // With the decision, or the money would be gone from the cost for a moment.
        running(gone.instance()).accountClosed(ledger.close(gone.instance(), gone.at()));
        budgetChanged();
      } else if (effect instanceof Effect.Wake
          || effect instanceof Effect.Slumber
          || effect instanceof Effect.KeepsRoom) {
        budgetChanged(); // what it costs from now on is another amount
      }
      effects.add(effect);
    }
    if (busy != (machine.isBusy() || !running.isEmpty())) {
      busy = !busy;
      busyOnes.busy(this, busy);
    }
  }

  /** Makes the decision at hand measure the budget again, as a cost is another than it was. */
  void budgetChanged() {
    if (budget != null) {
      budget.changed();
    }
  }

  void adopted(RunningInstance adopted) {
    running.add(adopted);
    budgetChanged();
  }

  void opened(RunningInstance opened, Instant startedAt, @Nullable Instant foundEndedAt) {
    running.add(opened);
    ledger.open(opened.instance(), startedAt, foundEndedAt);
    budgetChanged();
  }

  // The record of requests.

  private DeploymentRecords records() {
    DeploymentRecords made = records;
    if (made == null) {
      made = new DeploymentRecords(services, this, machine);
      records = made;
    }
    return made;
  }

  /** Takes over what an earlier process has learned, if it has left anything. */
  public void restoreLearned() {
    String document = DeploymentRecords.learned(name);
    if (services.records().hasEarlier(document)) {
      byte[] learned = DeploymentRecords.read(services, document);
      read(
          () -> {
            records().restore(learned);
            return true;
          });
    }
  }

  /** Removes what was learned and recorded of a deployment that is gone; blocks. */
  public void forgetLearned() {
    read(
        () -> {
          records().forget();
          return true;
        });
    DeploymentRecords.forget(services, name);
  }

  Traffic traffic() {
    return DeploymentRecords.traffic(services, this, read(() -> records));
  }

  /** A request was not served. */
  void notServed(long askedAt) {
    read(
        () -> {
          long now = now();
          records().add(now, askedAt, now - askedAt, true);
          return true;
        });
  }

  // For those who carry effects out.

  EffectHandler newEffectHandler() {
    return new EffectHandler(
        services, this, new InstanceReports(this, machine, ledger), unknown, rooms);
  }

  RunningInstance running(Instance instance) {
    return running.get(instance);
  }

  Duration delayUntil(long at) {
    return Duration.ofNanos(Math.max(0, at - now()));
  }

  void timerFires() {
    decide(() -> machine.timer(now()));
  }

  void timerFailed() {
    decide(machine::timerFailed);
  }

  void callBack(Runnable task) {
    services.callbackExecutor().execute(task);
  }

  Lease lease(Instance instance, Arrival arrival, long waitedNanos, @Nullable String caller) {
    Duration waited = Duration.ofNanos(waitedNanos);
    return DefaultLease.counted(this, running(instance), arrival, waited, caller, now());
  }

  /** Forgets an instance that was opened and is not this deployment's after all. */
  void dropped(Instance instance) {
    ledger.drop(instance);
    running.remove(instance);
    budgetChanged();
  }

  /** Ends the life of an instance whose account is written, or that was detached. */
  void forget(RunningInstance gone) {
    decide(() -> running.remove(gone.instance())); // it may have nothing to look after now
    gone.gone().complete(null);
  }

  void terminated() {
    services.costs().removed(name);
    termination().complete(null);
  }

  private CompletableFuture<Void> termination() {
    return read(
        () -> {
          CompletableFuture<Void> made = terminated;
          if (made == null) {
            made = new CompletableFuture<>();
            terminated = made;
          }
          return made;
        });
  }

  // For the engine.

  /** Returns its place in the order in which the engine's deployments were made. */
  public long number() {
    return number;
  }

  /** Returns its part in sharing room with others. */
  public DeploymentRooms rooms() {
    return new DeploymentRooms(this, machine, origin);
  }

  /** Returns whether an instance of that id exists here, or its account is not yet written. */
  public boolean holds(String instanceId) {
    return running.has(instanceId);
  }

  private @Nullable RunningInstance find(String instanceId) {
    return read(() -> running.find(machine.find(instanceId)));
  }

  /** An instance has ended by itself. One that does not exist here is left alone. */
  public void exited(String instanceId, InstanceExit exit) {
    RunningInstance found = find(instanceId);
    if (found != null) {
      effects.handler().reports().exited(found, exit);
    }
  }

  /** Returns what the next start needs and does not find, or null if all is there. */
  @Nullable String missing() {
    Degradation made = degradation;
    return made == null ? null : made.reason();
  }

  /** Notes what the next start needs and does not find, or null if all is there. */
  public void missing(@Nullable String reason) {
    Degradation noted =
        read(
            () -> {
              if (degradation == null && reason != null) {
                degradation = new Degradation(services, name);
              }
              return degradation;
            });
    if (noted != null) {
      noted.found(reason);
    }
  }

  /** A start makes progress. */
  public void progress(String instanceId, StartProgress progress) {
    RunningInstance found = find(instanceId);
    if (found != null) {
      effects.handler().progress(found, progress);
    }
  }

  /** Returns its accounts. */
  public DeploymentAccounts accounts() {
    return new DeploymentAccounts(services, this, machine, ledger); // at rest there is none
  }

  /**
   * Adopts an instance of an earlier process, or releases it if it does not fit.
   *
   * @param hold for how long it is not released as idle
   */
  public void adopt(ProviderInstance found, OpenEntry entry, Duration hold) {
    adoption().adopt(found, entry, hold);
    accounts().writePrices();
  }

  /** Releases an instance that nobody here asked for; false if nothing is left of this one. */
  public boolean reap(ProviderInstance found, OpenEntry entry) {
    boolean reaped = adoption().reap(found, entry);
    accounts().writePrices();
    return reaped;
  }

  private Adoption adoption() {
    return new Adoption(services, this, machine, rooms);
  }

  /**
   * Declares a deployment again of which only instances that are being released are left.
   *
   * @param since from when on its instances are its own, if that is earlier than it was
   * @return whether it could: not if they are gone already
   */
  public boolean reopen(DeploymentSpec spec, Instant since) {
    readPages(spec);
    String fingerprint = SpecFingerprint.of(spec);
    boolean done =
        decide(
            () -> {
              boolean reopened = machine.reopen(now(), spec, fingerprint);
              if (reopened) {
                measureBudget(spec);
                tellTime();
                ledger.meter(services.meter(spec), now());
                ledger.since(since);
              }
              return reopened;
            });
    accounts().writePrices();
    return done;
  }

  /** Begins to keep the minimum, and fetches ahead what it is told to. */
  public void open() {
    readPages();
    decide(
        () -> {
          measureBudget(machine.spec());
          machine.open(now());
        });
    prepareAhead();
  }

  /** Fetches ahead what instances need, if that is set. */
  public void prepareAhead() {
    deployment.prepareAhead();
  }

  @Nullable StartProgress preparation() {
    return deployment.preparation();
  }

  /** Replaces the specification. */
  public void update(DeploymentSpec spec) {
    readPages(spec);
    String fingerprint = SpecFingerprint.of(spec);
    decide(
        () -> {
          ledger.meter(services.meter(spec), now());
          secrets = secrets.replaced(machine.spec(), spec);
          measureBudget(spec); // before anything is started by the new settings
          machine.update(now(), spec, fingerprint);
          tellTime(); // there may be a schedule now
        });
    accounts().writePrices();
  }

  /** Removes everything; the future completes when nothing is left. */
  public CompletableFuture<Void> remove() {
    deployment.cancelPreparation();
    decide(() -> machine.remove(now()));
    return termination();
  }

  public boolean isRemoved() {
    return read(machine::isRemoved);
  }

  /** Closes the deployment with its engine; the future completes when nothing is left. */
  public CompletableFuture<Void> close(Duration drainTimeout, boolean keepInstances) {
    deployment.cancelPreparation();
    decide(
        () -> {
          long now = now();
          machine.close(now, now + Durations.nanos(drainTimeout), keepInstances);
        });
    return termination();
  }

  /** Returns the way of leaving its instances to another replica. */
  public Departure departure() {
    return new Departure(services, this, effects);
  }

  /** Returns the ids of the instances that exist. */
  public List<String> instanceIds() {
    return read(() -> machine.instances().stream().map(Instance::id).toList());
  }

  /** Writes how far the instances were used, and makes up for a timer that could not be set. */
  public void maintain() {
    checkpointAll();
    retryPages();
    decide(() -> machine.catchUp(now()));
  }

  void checkpointAll() {
    List<RunningInstance> all =
        read(() -> machine.instances().stream().map(this::running).toList());
    all.forEach(effects.handler().accounts()::checkpoint);
  }

  // For those who use the deployment.

  public String name() {
    return name;
  }

  /** Returns the deployment as its users see it. */
  public Deployment deployment() {
    return deployment;
  }

  public DeploymentSpec spec() {
    return read(machine::spec);
  }

  public Instant createdAt() {
    return ledger.createdAt();
  }

  CompletableFuture<Lease> acquire(AcquireRequest request) {
    AcquireCall call;
    RunningInstance granted; // found under the lock: without it, it may be forgotten at once
    boolean nothingToDo;
    long now;
    boolean shared = enter(); // without decide, which would allocate for every request
    try {
      tellTime();
      now = now();
      call = new AcquireCall(this, request, now, now + Durations.nanos(request.timeout()));
      Instance instance = machine.acquire(now, call);
      granted = instance == null ? null : running(instance);
      collectEffects();
      nothingToDo = effects.isEmpty();
    } finally {
      leave(shared);
    }
    if (granted != null) {
      call.complete(
          DefaultLease.counted(this, granted, Arrival.READY, Duration.ZERO, request.caller(), now));
    } else {
      // A caller cancels its request by completing the future itself, or by a timeout of its own.
      call.future().whenComplete((lease, error) -> cancelIfUnanswered(call));
    }
    if (!nothingToDo) {
      services.lock().afterwards(effects::run);
    }
    return call.future();
  }

  @Nullable Lease borrow(RouteRule route) {
    RunningInstance lent = read(() -> running.find(machine.lend(route)));
    return lent == null ? null : DefaultLease.borrowed(this, lent);
  }

  /**
   * Counts a lease that an earlier engine has granted, or another replica.
   *
   * @return the lease, or null if there is no such instance any longer
   */
  public @Nullable Lease takeOver(String instanceId, @Nullable String caller) {
    return decide(
        () -> {
          RunningInstance found = running.find(machine.find(instanceId));
          return found != null && machine.takeOver(now(), found.instance(), caller)
              ? DefaultLease.counted(this, found, Arrival.READY, Duration.ZERO, caller, now())
              : null;
        });
  }

  /** Keeps an instance from being released for a while, unless by force. */
  public void hold(String instanceId, Duration time) {
    decide(
        () -> {
          Instance instance = machine.find(instanceId);
          if (instance != null) {
            instance.holdUntil(now() + Durations.nanos(time));
          }
        });
  }

  private void cancelIfUnanswered(AcquireCall call) {
    if (!call.isAnswered()) {
      decide(() -> machine.cancel(now(), call));
      notServed(call.askedAt());
    }
  }

  void closeLease(Instance instance, @Nullable String caller, long askedAt, long grantedAt) {
    boolean nothingToDo;
    boolean shared = enter(); // likewise
    try {
      tellTime();
      long now = now();
      machine.leaseClosed(now, instance, caller);
      records().add(now, askedAt, now - grantedAt, false);
      collectEffects();
      nothingToDo = effects.isEmpty();
    } finally {
      leave(shared);
    }
    if (!nothingToDo) {
      services.lock().afterwards(effects::run);
    }
  }

  Schedule.@Nullable State scheduleState() {
    return decide(() -> machine.goesByTheClock() ? machine.scheduled() : null);
  }

  /** Replaces an instance that a holder of a lease found to hang. */
  void abandoned(Instance instance, String why) {
    decide(() -> machine.health().abandoned(now(), instance, why));
  }

  /** Replaces an instance that a holder of a lease on another replica found to hang. */
  public void abandoned(String instanceId, String why) {
    RunningInstance found = find(instanceId);
    if (found != null) {
      abandoned(found.instance(), why);
    }
  }

  DeploymentStatus status() {
    DeploymentSpec spec = spec();
    GotGpus got = read(ledger::lastGot);
    String unpriced = PriceCheck.unpriced(services, spec, got); // without the lock: foreign code
    return read(
        () -> StatusReport.of(this, machine, ledger, services.clock().instant(), now(), unpriced));
  }

  /** Drains the instances; the future completes when those affected are gone. */
  CompletableFuture<Void> release() {
    return decide(() -> gone(machine.release(now())));
  }

  /** Releases the instances at once; the future completes when they are gone. */
  CompletableFuture<Void> releaseNow() {
    return decide(() -> gone(machine.releaseNow(now())));
  }

  private CompletableFuture<Void> gone(List<Instance> instances) {
    return CompletableFuture.allOf(
        instances.stream().map(i -> running(i).gone()).toArray(CompletableFuture<?>[]::new));
  }

  /** Masks the lines of a log. */
  List<String> masked(List<String> log, DeploymentSpec current) {
    return secrets.lines(log, current);
  }

  /** Keeps an instance with one lease from serving anything else, or lets it serve again. */
  boolean reserve(String instanceId, boolean reserved) {
    return decide(
        () -> {
          Instance instance = machine.find(instanceId);
          return instance != null && machine.reserve(now(), instance, reserved);
        });
  }

  @Override
  public String toString() {
    return deployment.toString();
  }
}
