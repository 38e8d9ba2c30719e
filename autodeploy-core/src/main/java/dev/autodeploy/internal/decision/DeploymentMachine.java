package dev.autodeploy.internal.decision;

import static dev.autodeploy.InstancePhase.ASLEEP;
import static dev.autodeploy.InstancePhase.FALLING_ASLEEP;
import static dev.autodeploy.InstancePhase.READY;
import static dev.autodeploy.InstancePhase.RELEASING;
import static dev.autodeploy.InstancePhase.STARTING;
import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.DeploymentState;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.RouteRule;
import dev.autodeploy.Schedule;
import dev.autodeploy.StartEstimate;
import dev.autodeploy.StartReason;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartProgress;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

// Over 500 lines: the one entry for every event of a deployment.
/**
 * The state machine of one deployment: takes every event, and has the class decide that it is about
 * ({@link RequestAdmission}, {@link StartProcess}, {@link ReleaseProcess}, {@link Deadlines}).
 * Events come in with their time, in nanoseconds of a time line that never goes back; consequences
 * go out as {@link Effect}s, in order. Not thread-safe: called under the deployment's lock.
 *
 * <p>"Is it idle" and "release it" are one decision, and a request counts before anything looks at
 * the state: that keeps the engine free of the races that idle timeouts invite.
 *
 * <p>There are three kinds of entry points:
 *
 * <ol>
 *   <li>Requests: {@link #acquire}, {@link #cancel}, {@link #leaseClosed}, {@link #reserve}. They
 *       are frequent, and do exactly what the request needs: closing a lease sets no timer.
 *   <li>Events: all the others. Each ends with {@link #after}, which makes the starts that are
 *       needed now and sets the timer, so that no event can forget either.
 *   <li>Facts: {@link #startAsked}, {@link #probed}, {@link #timerFailed}. Decisions that follow
 *       depend on them, but they lead to none by themselves.
 * </ol>
 */
public final class DeploymentMachine {
  private final String name;
  private final Declaration declaration;
  private final Outbox outbox;
  private final Instances instances = new Instances();
  private final RecentUsage history;
  private final Rejections rejections;
  private final Callers callers;
  private final ReleaseProcess releases;
  private final StartProcess starts;
  private final RequestAdmission admission;
  private final IdlePolicy enginePolicy;

  /** Kept since there was an instance. */
  private @Nullable IdleDeadlines idle;

  private boolean terminated;
  private boolean timerFailed;
  private int budgetLevel;

  public DeploymentMachine(
      DeploymentSpec spec,
      @Nullable String fingerprint,
      IdlePolicy enginePolicy,
      RandomGenerator random,
      Supplier<String> instanceIds) {
    name = spec.name();
    declaration = new Declaration(spec, fingerprint);
    outbox = new Outbox(name);
    history = new RecentUsage(name);
    rejections = new Rejections(name);
    callers = new Callers(history, rejections, outbox);
    releases = new ReleaseProcess(name, declaration, instances, callers, outbox);
    starts =
        new StartProcess(
            declaration, instances, callers, releases, rejections, instanceIds, history, outbox);
    admission =
        new RequestAdmission(declaration, instances, callers, starts, releases, rejections, random);
    this.enginePolicy = enginePolicy;
  }

  /** Returns the effects not yet taken by the controller, oldest first. */
  public Queue<Effect> effects() {
    return outbox.effects();
  }

  public DeploymentSpec spec() {
    return declaration.spec();
  }

  public String fingerprint() {
    return declaration.fingerprint();
  }

  /** Returns the instances that exist, oldest first. */
  public List<Instance> instances() {
    return instances.all();
  }

  public RoomProcess rooms() {
    return new RoomProcess(
        declaration, instances, callers, starts, releases, history, outbox, this::after);
  }

  /** Returns the part that replaces instances which do not work: made anew, as it is stateless. */
  public HealthProcess health() {
    return new HealthProcess(releases, outbox, this::after);
  }

  /** Returns the part that puts instances to sleep and wakes them: made anew likewise. */
  public SleepProcess sleep() {
    return new SleepProcess(
        declaration, instances, callers, starts, releases, idle(), history, outbox, this::after);
  }

  /** Instances that sleep keep their room: the provider cannot give it to others. */
  public void sleepersKeepRoom() {
    declaration.sleepersKeepRoom();
  }

  /** Instances need room even without GPUs: all of the engine's together are limited. */
  public void shareHost() {
    declaration.shareHost();
  }

  /** Returns whether there is anything to look after: an instance, or a timer that failed. */
  public boolean isBusy() {
    return !instances.isEmpty() || timerFailed;
  }

  public boolean isRemoved() {
    return declaration.isRemoved();
  }

  public int pending() {
    return callers.waiting();
  }

  public int inFlight() {
    return callers.inFlight();
  }

  public long requests() {
    return callers.requests();
  }

  public long coldStarts() {
    return callers.coldStarts();
  }

  public long pendingNanos() {
    return callers.pendingNanos();
  }

  public long starts() {
    return starts.starts();
  }

  public long startFailures() {
    return starts.failures();
  }

  /** Returns the last failure of a start since one succeeded, and how long it holds starts back. */
  public StartBackoff backoff() {
    return starts.backoff();
  }

  public boolean fits(ProviderInstance found) {
    return found.exit() == null
        && found.fingerprint().equals(declaration.fingerprint())
        && !instances.isTaken(found.slot())
        && instances.size() < declaration.spec().maxInstances();
  }

  public @Nullable Instance find(String instanceId) {
    return instances.find(instanceId);
  }

  public DeploymentState state() {
    return instances.state();
  }

  /** Returns when it is released as idle, or {@link Instance#NEVER}. */
  public long releaseAt(Instance instance) {
    return idle().releaseAt(instance);
  }

  // The time of day.

  /** Returns whether decisions depend on the time of day: then it is told before each event. */
  public boolean goesByTheClock() {
    return declaration.hours() != null;
  }

  /** Returns what the schedule has in force; without a schedule, that nothing is. */
  public Schedule.State scheduled() {
    return declaration.scheduled();
  }

  /** The time of day, before an event; a window of the schedule may begin or end with it. */
  public void tell(long now, Instant wall) {
    if (declaration.tell(now, wall)) {
      Schedule.State state = declaration.scheduled();
      outbox.publish(at -> new DeploymentEvent.ScheduleChanged(at, name, state));
      instances.all().stream().filter(Instance::isUnused).forEach(idle()::begin);
      after(now);
    }
  }

  /** Returns in a sentence when idle instances are released, and why then. */
  public String explainIdleTimeout() {
    return idle().explain();
  }

  /** Returns in lines of text what was learned of its use. */
  public List<String> learned() {
    return history.lines();
  }

  /**
   * Takes over what an earlier process has learned.
   *
   * @throws IllegalArgumentException if a line cannot be read; what comes before it is taken over
   */
  public void restore(List<String> learned) {
    history.restore(learned);
  }

  // The budget.

  /** Returns how long starts have taken: the median of the recent ones, 0 if there was none. */
  public long learnedStart() {
    return rooms().learnedStart(0);
  }

  /** Returns how long starts take, or null while none has succeeded. */
  public @Nullable StartEstimate startEstimate() {
    return history.startEstimate();
  }

  /** Takes what the budget allows, before an event; with this it may end, or begin again. */
  @SuppressWarnings("ReferenceEquality") // UNLIMITED is one, and asked for at every event
  public void allow(long now, Allowance allowance) {
    Allowance before = declaration.allowance();
    if (before == Allowance.UNLIMITED && allowance == before) {
      return;
    }
    declaration.allow(allowance);
    BudgetStatus status = allowance.status();
    int level = allowance.level();
    if (status != null && (level > budgetLevel || allowance.start())) {
      if (level > budgetLevel) {
        outbox.publish(at -> new DeploymentEvent.BudgetUsed(at, name, level, status));
      }
      budgetLevel = level;
    }
    if (allowance.over() && (declaration.isOpen() || allowance.isOverOfEngine())) {
      endBudget(now, allowance);
    }
    after(now);
  }

  private void endBudget(long now, Allowance allowance) {
    callers.rejectAll(now, () -> rejections.budgetExhausted(allowance));
    for (Instance instance : List.copyOf(instances.all())) {
      if (allowance.cut() && !instance.is(RELEASING)) {
        releases.force(now, instance, ReleaseReason.BUDGET);
      } else if (instance.is(READY) || instance.is(STARTING) || instance.isResting()) {
        releases.drain(now, instance, ReleaseReason.BUDGET);
      }
    }
  }

  /** Returns whether nothing is there for a caller, and nothing can be started or woken. */
  private boolean isUnaffordable(Waiter waiter, Allowance allowance) {
    return declaration.isOpen()
        && (allowance.over()
            || instances.awake() == 0
            || waiter.route() instanceof RouteRule.ScaleOut
            || (waiter.route() instanceof RouteRule.Instance named
                && Sleepers.isSleeper(instances.find(named.instanceId()))));
  }

  /** Rejects those who wait for what is neither there nor can be paid for. */
  private void rejectUnaffordable(long now, Allowance allowance) {
    if (instances.awake() == 0) {
      callers.rejectAll(now, () -> rejections.budgetExhausted(allowance));
      return;
    }
    callers.rejectOwn(now, () -> rejections.budgetExhausted(allowance));
    for (Instance instance : instances.all()) {
      if (Sleepers.isSleeper(instance)) {
        for (Waiter waiter : List.copyOf(instance.bound)) {
          callers.rejectWaiting(now, waiter, rejections.budgetExhausted(allowance));
        }
      }
    }
  }

  // Requests.

  /**
   * Answers a caller that asks for a lease. In this order:
   *
   * <ol>
   *   <li>The schedule has the deployment closed: refused.
   *   <li>The budget is over, or covers no start and the caller needs one: refused.
   *   <li>The deployment is removed or closed: rejected.
   *   <li>Otherwise {@link RequestAdmission} decides.
   * </ol>
   *
   * @return the instance, whose lease is counted, if one is ready at once; otherwise null: the
   *     caller waits, or an {@link Effect.Reject} is due
   */
  public @Nullable Instance acquire(long now, Waiter waiter) {
    OpeningHours hours = declaration.hours();
    if (hours != null && hours.state().closed() && declaration.isOpen()) { // (1)
      callers.refuse(waiter, rejections.closedBySchedule(hours));
      return null;
    }
    Allowance allowance = declaration.allowance();
    if (!allowance.start() && isUnaffordable(waiter, allowance)) { // (2)
      callers.refuse(waiter, rejections.budgetExhausted(allowance));
      return null;
    }
    callers.arrives(now, waiter);
    if (!declaration.isOpen()) { // (3)
      callers.reject(now, waiter, notOpen());
      return null;
    }
    return admission.admit(now, waiter); // (4)
  }

  /**
   * Returns a ready instance for a caller that does not keep it, or null if there is none. Nothing
   * is counted: whether and when the instance is released does not depend on that caller.
   */
  public @Nullable Instance lend(RouteRule route) {
    return admission.lend(route);
  }

  /** A caller stops waiting. One that was answered already is left alone. */
  public void cancel(long now, Waiter waiter) {
    callers.cancel(now, waiter);
    starts.callerLeft(now);
  }

  /**
   * Counts a lease that an earlier engine has granted, or another replica; concurrency is not
   * looked at, as the lease is there already.
   *
   * @return whether it is counted: not if the instance is being released, or asleep
   */
  public boolean takeOver(long now, Instance instance, @Nullable String caller) {
    if (instance.gone || instance.is(RELEASING) || instance.isResting()) {
      return false;
    }
    callers.take(now, instance, caller);
    return true;
  }

  /** A lease is closed. */
  public void leaseClosed(long now, Instance instance) {
    leaseClosed(now, instance, null);
  }

  /** A lease of a caller that has a name is closed. */
  public void leaseClosed(long now, Instance instance, @Nullable String caller) {
    if (callers.giveBack(now, instance, caller)) {
      releases.goIfDrained(now, instance);
      if (instance.is(FALLING_ASLEEP)) {
        new Sleepers(instances, outbox).goOn(now, instance);
      }
      serve(now, instance);
      callers.markIdle(now);
      outbox.look();
    }
  }

  /**
   * Keeps an instance with a single open lease from serving anything else, or lets it serve again.
   *
   * @return whether it does: not if the instance is busy otherwise
   */
  public boolean reserve(long now, Instance instance, boolean reserved) {
    if (reserved && (!instance.is(READY) || instance.inFlight != 1 || instance.reserved)) {
      return false;
    }
    instance.reserved = reserved;
    callers.fill(now, instance);
    return true;
  }

  /** Lets waiting callers have an instance's room; the idle time begins if nobody wants it. */
  private void serve(long now, Instance instance) {
    boolean waited = callers.waitingForAny() > 0;
    callers.fill(now, instance);
    if (waited && callers.waitingForAny() == 0) {
      starts.nobodyWaits(now);
    }
    if (instance.isUnused()) {
      idle().begin(instance);
    }
  }

  /**
   * The provider is about to be asked to start an instance.
   *
   * @return whether it may be: not if the instance is being released already
   */
  public boolean startAsked(Instance instance) {
    instance.startAsked |= instance.isStarting();
    return instance.isStarting();
  }

  /** A starting instance was probed and is not ready; what was found out explains a failure. */
  public void probed(Instance instance, @Nullable String error, List<String> lines) {
    instance.lastProbeError = error;
    instance.lastLog = lines;
    instance.probed = true;
  }

  /** The timer could not be set: {@link #catchUp} looks at everything that is due. */
  public void timerFailed() {
    outbox.timerIsGone();
    timerFailed = true;
  }

  // Events: the provider.

  /** A start makes progress; returns whether its preparation begins or ends with that. */
  public boolean progress(long now, Instance instance, StartProgress progress) {
    boolean before = instance.preparing;
    if (starts.progress(now, instance, progress)) {
      after(now);
    }
    return instance.preparing != before;
  }

  /**
   * An instance is up: its start timeout runs, whatever its provider has reported last. Returns
   * whether its preparation ends with that.
   */
  public boolean up(long now, Instance instance) {
    StartProgress last = instance.progress();
    return last != null
        && last.phase() != StartProgress.Phase.STARTING
        && progress(now, instance, new StartProgress("waiting until it is ready", "", 0, 0));
  }

  /** An instance is up, and its probe says that it is ready. */
  public void ready(long now, Instance instance, URI endpoint) {
    if (!instance.isStarting()) {
      return;
    }
    if (instance.startReason != StartReason.ADOPTED) {
      history.addStart(
          instance.fingerprint, now - instance.startRequestedAt - instance.preparingNanos(now));
    }
    starts.succeeded(now, instance, endpoint);
    serve(now, instance);
    after(now);
  }

  /** The provider could not start an instance. */
  public void startFailed(
      long now, Instance instance, String message, @Nullable InstanceExit exit) {
    if (instance.isStarting()) {
      starts.failed(now, instance, message, exit);
      after(now);
    }
  }

  /** An instance has ended by itself. */
  public void exited(long now, Instance instance, InstanceExit exit) {
    if (instance.gone || instance.is(RELEASING)) {
      return;
    }
    if (instance.is(STARTING)) {
      starts.failed(
          now, instance, "the instance ended before it was ready: " + exit.describe(), exit);
    } else {
      int leases = instance.inFlight;
      outbox.publish(at -> new DeploymentEvent.InstanceExited(at, name, instance.id, exit, leases));
      callers.invalidateLeases(instance, exit);
      releases.begin(now, instance, ReleaseReason.EXITED);
      callers.unbind(now, instance);
      starts.holdMinimumBack(now);
      callers.markIdle(now);
    }
    after(now);
  }

  /** A release is verified: the instance is gone. */
  public void released(long now, Instance instance) {
    if (!instance.gone) {
      releases.gone(instance);
      outbox.add(new Effect.Gone(instance, now));
      outbox.publishState(instances.state());
      after(now);
    }
  }

  /** A release could not be verified. */
  public void releaseFailed(long now, Instance instance, String message) {
    if (!instance.gone && instance.releaseRetryAt == NEVER) {
      releases.failed(now, instance, message);
      after(now);
    }
  }

  /** An instance was detached; false if it ended before it could be. */
  public boolean detached(long now, Instance instance) {
    if (instance.gone || instance.is(RELEASING)) {
      return false;
    }
    releases.gone(instance);
    after(now);
    return true;
  }

  /** An instance of an earlier process is adopted; it still has to prove that it is ready. */
  public void adopt(long now, Instance instance) {
    starts.adopt(now, instance);
    after(now);
  }

  /** Releases an instance that nobody asked for; false if nothing is left of this deployment. */
  public boolean reap(long now, Instance instance) {
    if (terminated) {
      return false;
    }
    instances.add(instance);
    releases.begin(now, instance, ReleaseReason.ORPHANED);
    after(now);
    return true;
  }

  // Events: the host application.

  /** Starts instances up to the minimum. Called once, after construction and adoption. */
  public void open(long now) {
    starts.keepMinimum();
    after(now);
  }

  /**
   * A deployment that was removed is declared again before its last instance is gone.
   *
   * @return whether it is: not once nothing is left of it
   */
  public boolean reopen(long now, DeploymentSpec newSpec, String newFingerprint) {
    if (!declaration.isRemoved() || terminated) {
      return false;
    }
    declaration.reopen();
    update(now, newSpec, newFingerprint);
    return true;
  }

  /** The specification is replaced; instances that do not fit the new one are drained. */
  public void update(long now, DeploymentSpec newSpec, String newFingerprint) {
    List<Instance> current = List.copyOf(instances.all());
    boolean unfit = declaration.replace(newSpec, newFingerprint);
    starts.backoff().reset();
    callers.ahead().cancel();
    outbox.publish(at -> new DeploymentEvent.Updated(at, name));
    if (unfit) {
      current.forEach(instance -> releases.drain(now, instance, ReleaseReason.UPDATED));
    } else {
      releases.shrinkToMaximum(now);
      for (Instance instance : current) {
        instance.follow(newSpec);
        serve(now, instance);
      }
    }
    starts.keepMinimum();
    after(now);
  }

  /**
   * Drains all instances, but for those that start for callers who wait.
   *
   * @return the instances affected
   */
  public List<Instance> release(long now) {
    callers.ahead().cancel();
    List<Instance> affected = new ArrayList<>();
    for (Instance instance : List.copyOf(instances.all())) {
      if (!callers.need(instance)) {
        releases.drain(now, instance, ReleaseReason.REQUESTED);
        affected.add(instance);
      }
    }
    after(now);
    return affected;
  }

  /**
   * Releases all instances at once, and rejects all callers.
   *
   * @return the instances affected
   */
  public List<Instance> releaseNow(long now) {
    List<Instance> affected = List.copyOf(instances.all());
    callers.rejectAll(now, rejections::released);
    affected.forEach(instance -> releases.force(now, instance, ReleaseReason.REQUESTED));
    after(now);
    return affected;
  }

  /** The deployment is removed: it takes nothing new, and open leases may finish. */
  public void remove(long now) {
    if (declaration.isOpen()) {
      declaration.remove();
      callers.rejectAll(now, this::notOpen);
      List.copyOf(instances.all()).forEach(i -> releases.drain(now, i, ReleaseReason.REMOVED));
      after(now);
    }
  }

  /**
   * The deployment is closed with its engine: like {@link #remove}, but with a drain deadline;
   * ready instances may be kept for the next engine instead.
   */
  public void close(long now, long drainDeadline, boolean keepInstances) {
    declaration.close();
    callers.rejectAll(now, this::notOpen);
    for (Instance instance : List.copyOf(instances.all())) {
      instance.drainDeadline = drainDeadline;
      instance.detaching = keepInstances && (instance.is(READY) || instance.is(ASLEEP));
      releases.drain(now, instance, ReleaseReason.CLOSED);
      if (instance.releaseRetryAt != NEVER) {
        releases.retry(instance); // its turn could come too late for the close
      }
    }
    after(now);
  }

  // Events: time.

  /** The time of the last {@link Effect.SetTimer} has come. Firing early is harmless. */
  public void timer(long now) {
    outbox.timerIsGone();
    timerFailed = false;
    deadlines().meet(now, this::after);
    callers.markIdle(now);
    after(now);
  }

  /** Does the work of a timer that could not be set: no other decision may follow. */
  public void catchUp(long now) {
    if (timerFailed) {
      timer(now);
    }
  }

  /** Ends every event: makes the starts that are needed, ends what is over, sets the timer. */
  private void after(long now) {
    Allowance allowance = declaration.allowance();
    if (!allowance.start() && declaration.isOpen()) {
      rejectUnaffordable(now, allowance);
    }
    starts.ensureCapacity(now);
    if (!declaration.isOpen() && instances.isEmpty() && !terminated) {
      terminated = true;
      outbox.add(new Effect.Terminated());
    }
    outbox.look();
    deadlines().schedule(now);
  }

  /** Returns the deadlines, which are read off the parts: most deployments are on standby. */
  private Deadlines deadlines() {
    return new Deadlines(
        declaration, instances, callers, starts, releases, idle(), history, rejections, outbox);
  }

  /** Returns when idle instances go; most deployments have none, and keep nothing for it. */
  private IdleDeadlines idle() {
    IdleDeadlines made = idle;
    if (made == null) {
      IdleTimeouts timeouts = new IdleTimeouts(enginePolicy, history);
      made = new IdleDeadlines(declaration, instances, callers, timeouts, outbox);
      if (!instances.isEmpty()) {
        idle = made;
      }
    }
    return made;
  }

  private AutoDeployException notOpen() {
    return declaration.isRemoved() ? rejections.removed() : rejections.closed();
  }
}
