package dev.autodeploy.testing;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.spi.Scheduler;
import dev.autodeploy.spi.Ticker;
import dev.autodeploy.testing.world.Unwrap;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Time that stands still until a test moves it: ticker, clock, scheduler and executor of an engine
 * in one. Ten minutes of a deployment's life take a fraction of a millisecond, and every run is the
 * same.
 *
 * <pre>{@code
 * ManualTime time = ManualTime.create();
 * SimulatedProvider provider = SimulatedProvider.on(time);
 * provider.plan(InstancePlan.readyAfter(Duration.ofSeconds(40)));
 * AutoDeploy autoDeploy = time.build(AutoDeploy.builder().provider(provider));
 * Deployment voice = autoDeploy.deploy(DeploymentSpec.builder("voice").port(8080).build());
 *
 * CompletableFuture<Lease> lease = voice.acquireAsync();    // a cold start
 * time.advance(Duration.ofSeconds(41));
 * assertThat(lease).isCompleted();
 *
 * time.close(autoDeploy);
 * }</pre>
 *
 * <p>Tasks and timers run on the thread that moves the time, inside {@link #advance}, {@link
 * #runReady}, {@link #await} or {@link #call}; never on the thread that hands them in. Any thread
 * may hand in tasks and timers and read the time, but only one at a time may move it, and no task
 * may.
 */
public final class ManualTime implements Ticker, InstantSource, Scheduler, Executor {

  /** The moment that the wall clock shows at first. */
  public static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  /** The virtual time for which {@link #await} and {@link #call} go on at most: 24 hours. */
  public static final Duration PATIENCE = Duration.ofHours(24);

  private static final int MAX_TASKS_AT_ONCE = 10_000_000;
  private static final int SPINS = 50;
  private static final long PAUSE_NANOS = 10_000;

  /** Guards the queues; never held while a task runs. */
  private final ReentrantLock lock = new ReentrantLock();

  private final TimerQueue timers = new TimerQueue(lock);
  private final ReadyTasks ready;
  private final AtomicLong seeds = new AtomicLong();

  /** Written by the thread that moves the time; read by all. */
  private volatile long nanos;

  private volatile Instant clockAtZero = START;
  private volatile @Nullable Thread mover;
  private volatile @Nullable BlockingCall<?> guest;
  private volatile boolean inTask;

  private ManualTime(ReadyTasks ready) {
    this.ready = ready;
  }

  /**
   * Returns a time in which tasks run in the order in which they were handed in, and timers that
   * are due at the same moment in the order in which they were scheduled.
   *
   * @return a new time, standing at zero
   */
  public static ManualTime create() {
    return new ManualTime(ReadyTasks.inOrder());
  }

  /**
   * Returns a time in which everything that could run at the same moment, tasks and timers, runs in
   * a random order: for finding what depends on the order. The same seed gives the same order.
   *
   * @param seed chooses the order
   * @return a new time, standing at zero
   */
  public static ManualTime shuffled(long seed) {
    return new ManualTime(ReadyTasks.shuffled(new SplittableRandom(seed)));
  }

  /** Returns the virtual nanoseconds that have passed. */
  @Override
  public long read() {
    return nanos;
  }

  /**
   * Returns how much virtual time has passed since this object was made.
   *
   * @return the time
   */
  public Duration now() {
    return Duration.ofNanos(nanos);
  }

  /** Returns what the wall clock shows: {@link #START} plus the time that passed plus its steps. */
  @Override
  public Instant instant() {
    return clockAtZero.plusNanos(nanos);
  }

  /**
   * Steps the wall clock without letting time pass, as when a host's clock is corrected. Timers and
   * durations are not affected.
   *
   * @param step how far; negative for back
   */
  public void stepClock(Duration step) {
    clockAtZero = clockAtZero.plus(requireNonNull(step, "step"));
  }

  /** Hands in a task that runs the next time that this time is moved, without letting it pass. */
  @Override
  public void execute(Runnable task) {
    requireNonNull(task, "task");
    waitForTurn();
    lock.lock();
    try {
      ready.add(task);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Cancellable schedule(Duration delay, Runnable task) {
    requireNonNull(task, "task");
    long wait = Math.max(0, requireNonNull(delay, "delay").toNanos());
    waitForTurn();
    lock.lock();
    try {
      TimerQueue.Timer timer = timers.add(Math.addExact(nanos, wait), task);
      return timer;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Lets time pass. Every timer that becomes due runs at exactly its moment, and after it the tasks
   * that are then ready.
   *
   * @param duration how much, zero or more
   */
  public void advance(Duration duration) {
    if (requireNonNull(duration, "duration").isNegative()) {
      throw new IllegalArgumentException("time does not go back, but was to pass " + duration);
    }
    begin();
    try {
      long target = Math.addExact(nanos, duration.toNanos());
      runReadyNow();
      while (moveToNextTimer(target)) {
        runReadyNow();
      }
      nanos = target;
    } finally {
      mover = null;
    }
  }

  /**
   * Runs what can run without time passing, and what becomes ready by that.
   *
   * @return how many tasks and timers ran
   */
  public int runReady() {
    begin();
    try {
      return runReadyNow();
    } finally {
      mover = null;
    }
  }

  /**
   * Runs some of what can run without time passing: for stopping in the middle of things.
   *
   * @param limit how many tasks and timers at most
   * @return how many ran
   */
  public int runReady(int limit) {
    begin();
    try {
      int ran = 0;
      while (ran < limit && runOne()) {
        ran++;
      }
      return ran;
    } finally {
      mover = null;
    }
  }

  /**
   * Returns how long it is until the next timer is due, for moving exactly there.
   *
   * @return the time, zero if one is due now; or empty if nothing is scheduled
   */
  public Optional<Duration> untilNextTimer() {
    lock.lock();
    try {
      long next = timers.nextDue();
      return next == Long.MAX_VALUE
          ? Optional.empty()
          : Optional.of(Duration.ofNanos(Math.max(0, next - nanos)));
    } finally {
      lock.unlock();
    }
  }

  /**
   * Lets time pass, timer by timer, until a stage is complete.
   *
   * @param stage the stage
   * @param <T> the type of its value
   * @return its value
   * @throws IllegalStateException if nothing is left that could complete it, or it is not complete
   *     after {@link #PATIENCE}
   * @throws RuntimeException what it completed with, if it failed
   */
  public <T extends @Nullable Object> T await(CompletionStage<T> stage) {
    CompletableFuture<T> future = stage.toCompletableFuture();
    begin();
    try {
      long end = nanos + PATIENCE.toNanos();
      runReadyNow();
      while (!future.isDone()) {
        if (!moveToNextTimer(end)) {
          throw new IllegalStateException("nothing is left that could complete " + future);
        }
        runReadyNow();
      }
    } finally {
      mover = null;
    }
    return Unwrap.join(future);
  }

  /**
   * Calls something that blocks until the time goes on, such as {@link AutoDeploy#close()}: it runs
   * on a thread of its own, and whenever it waits the time is moved here, timer by timer. Nothing
   * runs at the same moment as it, so the outcome is always the same.
   *
   * @param callable what to call; it waits for a {@link CompletableFuture}, as other waits are
   *     noticed less exactly and take real milliseconds
   * @param <T> the type of the value
   * @return its value
   * @throws IllegalStateException if it waits and nothing is left that could wake it, or it has not
   *     returned after {@link #PATIENCE} of virtual time
   * @throws RuntimeException what it threw; a checked exception is wrapped in a {@link
   *     CompletionException}
   */
  public <T extends @Nullable Object> T call(Callable<T> callable) {
    return call(callable, newProcess());
  }

  /** Calls something in a process: when that is killed, the call is let go and no time passes. */
  <T extends @Nullable Object> T call(Callable<T> callable, ManualProcess process) {
    requireNonNull(callable, "callable");
    begin();
    BlockingCall<T> call = new BlockingCall<>(callable);
    try {
      long end = nanos + PATIENCE.toNanos();
      guest = call;
      call.start();
      while (!call.awaitDoneOrBlocked()) {
        boolean wentOn = process.isAlive() ? runOne() || moveToNextTimer(end) : process.letGoOnce();
        if (!wentOn && call.isStuck()) {
          throw call.abandon();
        }
      }
    } finally {
      guest = null;
      mover = null;
    }
    return Unwrap.join(call.result());
  }

  /**
   * Makes an engine run on this time: its ticker, clock, timers, provider calls and callbacks. Ids
   * and random routes are drawn from fixed seeds, a new one for each engine, and no shutdown hook
   * is added.
   *
   * @param builder the engine's builder
   * @return the builder
   */
  public AutoDeploy.Builder applyTo(AutoDeploy.Builder builder) {
    return applyTo(builder, this, this, nextSeed());
  }

  /**
   * Builds an engine on this time.
   *
   * @param builder the engine's builder, to which {@link #applyTo} is applied
   * @return the engine; close it by {@link #close(AutoDeploy)}
   */
  public AutoDeploy build(AutoDeploy.Builder builder) {
    applyTo(builder);
    return call(builder::build);
  }

  /**
   * Closes an engine that runs on this time, letting pass what the close takes.
   *
   * @param autoDeploy the engine
   */
  public void close(AutoDeploy autoDeploy) {
    requireNonNull(autoDeploy, "autoDeploy");
    this.<@Nullable Void>call(
        () -> {
          autoDeploy.close();
          return null;
        });
  }

  /**
   * Returns a process of its own on this time: an engine that runs on it can be killed without
   * being closed.
   *
   * @return a new process, alive
   */
  public ManualProcess newProcess() {
    return new ManualProcess(this);
  }

  /** Returns whether this is the thread of a blocking call. */
  boolean isInCall() {
    BlockingCall<?> call = guest;
    return call != null && call.isCurrentThread();
  }

  long nextSeed() {
    return seeds.incrementAndGet();
  }

  AutoDeploy.Builder applyTo(
      AutoDeploy.Builder builder, Scheduler scheduler, Executor executor, long seed) {
    return builder
        .ticker(this)
        .clock(this)
        .scheduler(scheduler)
        .providerExecutor(executor)
        .callbackExecutor(executor)
        .random(new SplittableRandom(seed))
        .releaseOnShutdown(false);
  }

  private void begin() {
    Thread other = mover;
    if (other != null) {
      throw new IllegalStateException(
          other == Thread.currentThread()
              ? "a task must not move the time that it runs on"
              : "the time is being moved by " + other);
    }
    mover = Thread.currentThread();
  }

  private int runReadyNow() {
    int ran = 0;
    while (runOne()) {
      if (++ran > MAX_TASKS_AT_ONCE) {
        throw new IllegalStateException(
            "more than " + MAX_TASKS_AT_ONCE + " tasks at one moment: they go round in circles");
      }
    }
    return ran;
  }

  private boolean runOne() {
    Runnable task;
    lock.lock();
    try {
      if (ready.isShuffled() || ready.isEmpty()) {
        takeDueTimers(ready.isShuffled());
      }
      task = ready.poll();
    } finally {
      lock.unlock();
    }
    if (task == null) {
      return false;
    }
    if (guest == null) {
      task.run();
      return true;
    }
    inTask = true;
    try {
      task.run();
    } finally {
      inTask = false;
    }
    return true;
  }

  /**
   * Lets the task that has just woken a blocking call come to its end before the call hands in
   * anything: what comes first is not left to the machine.
   */
  private void waitForTurn() {
    if (!isInCall()) {
      return;
    }
    Thread other = mover;
    // A mover that is not runnable waits for a lock of the call's: nobody would ever go on.
    for (int i = 0; inTask && other != null && other.getState() == Thread.State.RUNNABLE; i++) {
      if (i < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(PAUSE_NANOS); // the mover may need the processor that this runs on
      }
    }
  }

  /** Makes the timers that are due ready to run: all of them, or the first. */
  private void takeDueTimers(boolean all) {
    Runnable due = timers.pollDue(nanos);
    while (due != null) {
      ready.add(due);
      due = all ? timers.pollDue(nanos) : null;
    }
  }

  private boolean moveToNextTimer(long end) {
    lock.lock();
    try {
      long next = timers.nextDue();
      if (next == Long.MAX_VALUE || next > end) {
        return false;
      }
      nanos = Math.max(nanos, next);
      return true;
    } finally {
      lock.unlock();
    }
  }
}
