package dev.autodeploy.testing.simulation;

import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.StartRequest;
import dev.autodeploy.testing.ManualTime;
import dev.autodeploy.testing.world.ListAnswer;
import dev.autodeploy.testing.world.PlannedLife;
import dev.autodeploy.testing.world.SimulatedMachine;
import dev.autodeploy.testing.world.SimulatedWorld;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** One run of a {@link RandomWalk}: takes the steps and has the books checked after each. */
class Walk implements SimulatedWorld.Watch {
  private static final Duration TO_THE_END = Duration.ofMinutes(30);

  final long seed;
  final Set<RandomWalk.Fault> faults;
  final ManualTime time;
  final SimulatedWorld world;
  final WalkTrace trace;

  int requests;
  int leases;
  int refusals;
  int cancelled;
  int startFailures;
  int restarts;

  /** The times at which the wall clock was stepped, and how far back or forth, in nanoseconds. */
  private final NavigableMap<Long, Long> clockSteps = new TreeMap<>();

  /** The times of day that the wall clock showed before it was stepped at this moment. */
  private final List<Instant> steppedFrom = new ArrayList<>();

  private final WalkSettings settings;
  private final WalkSchedule schedule;
  private final List<WalkEngine> engines = new ArrayList<>();
  private int step;
  private int drawnInStep;
  private boolean faultsOver = true;
  private boolean checking;
  private int gone;
  private @Nullable BrokenInvariantError broken;

  Walk(WalkSettings settings, WalkSchedule schedule) {
    this.settings = settings;
    this.schedule = schedule;
    this.seed = settings.seed();
    this.faults = settings.faults();
    this.time = seed % 4 == 0 ? ManualTime.create() : ManualTime.shuffled(seed);
    this.trace = new WalkTrace(time, !schedule.isEverything());
    this.world = new SimulatedWorld(time, time, time);
    world.watch = this;
    if (settings.gpus() > 0) {
      world.capacity =
          ProviderCapacity.of(
              IntStream.range(0, settings.gpus())
                  .mapToObj(id -> ProviderCapacity.Gpu.of("" + id, "", "16GiB"))
                  .toList());
    }
    world.plans = request -> plan();
    for (int i = 0; i < settings.engines(); i++) {
      engines.add(new WalkEngine(this, "owner-" + i, settings.deployments()));
    }
  }

  RandomWalk.Result run() {
    guarded(() -> engines.forEach(WalkEngine::start));
    faultsOver = false;
    int last = schedule.last(settings.steps());
    for (step = 1; step <= last && mayGoOn(); step++) {
      if (schedule.takes(step)) {
        drawnInStep = 0;
        trace.beginStep(step);
        guarded(this::step);
      }
    }
    trace.beginStep(step);
    guarded(this::end);
    return new RandomWalk.Result(
        seed,
        step - 1,
        gone,
        startFailures,
        requests,
        leases,
        refusals,
        cancelled,
        restarts,
        time.now());
  }

  private boolean mayGoOn() {
    return !schedule.isEverything() || gone < settings.lifecycles();
  }

  /** Returns how many GPUs there are to share. */
  int gpus() {
    return settings.gpus();
  }

  /** Returns what a fault of this step is drawn from, or null if none strikes here. */
  @Nullable WalkDraw fault(RandomWalk.Fault kind, String name, int perMille) {
    return faults.contains(kind) ? drawn(name, perMille) : null;
  }

  /** Returns how many instances an engine may have, or 0 for any number. */
  int maxInstances() {
    return settings.maxInstances();
  }

  /** Returns whether the deployments of an engine share a budget. */
  boolean hasBudgets() {
    return settings.engineBudget();
  }

  private boolean isShared() {
    return gpus() > 0 || maxInstances() > 0;
  }

  /**
   * Returns what somebody does while the engine of deployments that share room decides, or null if
   * nobody does anything.
   */
  @Nullable WalkDraw meanwhile() {
    return isShared() && !checking ? drawn("meanwhile", 500) : null;
  }

  private @Nullable WalkDraw drawn(String name, int perMille) {
    if (faultsOver) {
      return null;
    }
    WalkDraw draw = WalkDraw.of(seed, name, step * 100_000L + drawnInStep);
    String part = step + ":" + name + drawnInStep++;
    return draw.below(1000) < perMille && schedule.strikes(part) ? draw : null;
  }

  private PlannedLife plan() {
    WalkDraw draw = WalkDraw.of(seed, "plan", step * 100_000L + drawnInStep);
    String name = step + ":plan" + drawnInStep++;
    return schedule.strikes(name) ? draw.plan(faults) : new PlannedLife();
  }

  /** Notes that an invariant is broken; the walk ends after the running step. */
  void broken(String invariant) {
    if (broken == null) {
      broken =
          new BrokenInvariantError(
              seed, step, invariant, gone, trace.toLines(), schedule.carriedOut(step));
    }
  }

  void check(boolean holds, Supplier<String> invariant) {
    if (!holds) {
      broken(invariant.get());
    }
  }

  private void guarded(Runnable action) {
    try {
      action.run();
    } catch (RuntimeException e) {
      broken("the engine threw " + e);
      if (broken != null && broken.getSuppressed().length == 0) {
        broken.addSuppressed(e);
      }
    }
    if (broken != null) {
      throw broken;
    }
  }

  private void step() {
    WalkDraw draw = WalkDraw.of(seed, "step", step);
    act(draw, draw.any(engines));
    if (draw.chance(15)) {
      engines.forEach(WalkEngine::rebuildIfDead);
      time.runReady(draw.below(6));
      return; // and on, in the middle of things
    }
    settle();
  }

  private void settle() {
    do {
      engines.forEach(WalkEngine::rebuildIfDead);
      time.runReady(); // what has become due while one was built, too
    } while (engines.stream().anyMatch(engine -> engine.process.isDead()));
    checking = true;
    engines.forEach(WalkEngine::check);
    checking = false;
  }

  private void act(WalkDraw draw, WalkEngine engine) {
    int kind = draw.below(1000);
    if (kind < 40 && isShared()) {
      contend(draw, engine);
    } else if (kind >= 40 && kind < 70 && hasBudgets()) {
      engine.budget.change(draw);
    } else if (kind < 500) {
      engine.act(draw);
    } else if (kind < 680) {
      pass(draw.pause());
    } else if (kind < 850) {
      passToAMoment(draw, engine);
    } else if (kind < 960) {
      actAtAMoment(draw, engine);
    } else if (kind < 980) {
      crash(draw);
    } else if (kind < 985) {
      stepClock(draw);
    } else if (kind < 987) {
      engine.process.second(draw);
    } else if (kind < 990) {
      if (faults.contains(RandomWalk.Fault.RESTART)) {
        engine.restart(draw);
      }
    } else {
      engine.redeploy(draw);
    }
  }

  private void pass(Duration duration) {
    trace.add(() -> "let " + text(duration) + " pass");
    time.advance(duration);
  }

  /** Moves to when something is due, or a nanosecond before or after. */
  private void passToAMoment(WalkDraw draw, WalkEngine engine) {
    Duration until = moment(draw, engine).plusNanos(draw.any(0, 0, 0, 1, -1));
    pass(until.isNegative() ? Duration.ZERO : until);
  }

  /** Makes something happen exactly when something else is due. */
  private void actAtAMoment(WalkDraw draw, WalkEngine engine) {
    Duration until = moment(draw, engine);
    if (draw.chance(50)) {
      time.schedule(until, () -> engine.act(draw));
      pass(until);
    } else {
      pass(until.isZero() ? until : until.minusNanos(1));
      engine.act(draw);
      pass(Duration.ofNanos(1));
    }
  }

  /** Lets several wait for the room of instances that are ready and have just become idle. */
  private void contend(WalkDraw draw, WalkEngine engine) {
    engine.calm();
    pass(draw.any(Duration.ZERO, Duration.ofSeconds(5)));
    engine.askForFew(draw);
    pass(draw.any(Duration.ofMillis(20), Duration.ofMillis(100), Duration.ofSeconds(1)));
    engine.calm();
    pass(draw.any(Duration.ofMillis(20), Duration.ofMillis(100)));
    engine.askForMany(draw);
  }

  private Duration moment(WalkDraw draw, WalkEngine engine) {
    Duration timer = time.untilNextTimer().orElse(Duration.ZERO);
    return draw.chance(50) ? timer : engine.deadline(draw).orElse(timer);
  }

  private void crash(WalkDraw draw) {
    List<SimulatedMachine> up =
        world.existing.values().stream().filter(SimulatedMachine::isUp).toList();
    if (faults.contains(RandomWalk.Fault.CRASH) && !up.isEmpty()) {
      SimulatedMachine machine = draw.any(up);
      InstanceExit exit = draw.crash();
      trace.add(() -> "crash " + machine.request.instanceId());
      machine.exit(exit);
    }
  }

  private void stepClock(WalkDraw draw) {
    if (faults.contains(RandomWalk.Fault.CLOCK)) {
      Duration by = draw.pause().multipliedBy(draw.any(1, -1, 60, -60));
      if (!clockSteps.containsKey(time.read())) {
        steppedFrom.clear();
      }
      steppedFrom.add(time.instant());
      clockSteps.merge(time.read(), by.abs().toNanos(), Long::sum);
      trace.add(() -> "step the wall clock by " + text(by));
      time.stepClock(by);
    }
  }

  private void end() {
    trace.add(() -> "the end: no more requests");
    settle();
    faultsOver = true;
    engines.forEach(WalkEngine::quiet);
    if (isShared()) {
      engines.forEach(WalkEngine::askPatiently);
    }
    time.advance(TO_THE_END);
    settle();
    if (broken == null) {
      engines.forEach(WalkEngine::checkAtRest);
    }
    if (broken == null) {
      engines.forEach(WalkEngine::close);
    }
  }

  // What the provider sees.

  @Override
  public void starting(StartRequest request, PlannedLife plan) {
    trace.add(
        () -> "provider: start " + request.instanceId() + " slot " + request.slot() + " " + plan);
    engine(request.owner()).starting(request);
  }

  @Override
  public void releasing(String instanceId) {
    trace.add(() -> "provider: release " + instanceId);
    SimulatedMachine machine = world.machines.get(instanceId);
    if (machine != null) {
      engine(machine.request.owner()).releasing(machine);
    }
  }

  @Override
  public void waking(SimulatedMachine machine) {
    trace.add(() -> "provider: wake " + machine.request.instanceId());
    engine(machine.request.owner()).waking(machine);
  }

  @Override
  public void removed(SimulatedMachine machine) {
    gone++;
    trace.add(() -> "provider: " + machine.request.instanceId() + " is gone");
  }

  @Override
  public void closing(String owner, List<SimulatedMachine> left) {
    trace.add(() -> "provider: close of " + owner);
    // An engine that could not be built may leave its provider what it has not got to know.
    check(
        engine(owner).process.isBuilding() || left.stream().allMatch(machine -> machine.hidden),
        () ->
            "after close() nothing is left, but these are: "
                + left.stream().map(machine -> machine.request.instanceId()).toList());
    left.forEach(machine -> machine.endedByClose = true);
  }

  @Override
  public ListAnswer listing(String owner) {
    WalkDraw draw = fault(RandomWalk.Fault.LIST, "list", 40);
    if (draw == null) {
      return ListAnswer.after(Duration.ZERO);
    }
    ListAnswer answer = draw.badList();
    trace.add(
        () ->
            "provider: the list takes "
                + text(answer.takes())
                + (answer.fails() ? ", fails" : "")
                + (answer.stale() ? ", is out of date" : ""));
    engine(owner).reports.listGoesWrong();
    return answer;
  }

  @Override
  public void listed(SimulatedMachine machine, boolean shown) {
    WalkEngine engine = engine(machine.request.owner());
    if (!shown) {
      trace.add(() -> "provider: the list leaves out " + machine.request.instanceId());
      if (machine.releaseAskedAt != SimulatedMachine.NEVER || !engine.reports.knows(machine)) {
        machine.hide();
      }
    } else if (engine.reports.knows(machine)) {
      machine.found();
    }
  }

  /** Returns whether the wall clock was stepped: then windows may be noticed late. */
  boolean wasClockStepped() {
    return !clockSteps.isEmpty();
  }

  /** Returns the times of day of this moment: several if the wall clock was stepped. */
  List<Instant> instants() {
    List<Instant> all = new ArrayList<>();
    all.add(time.instant());
    if (clockSteps.containsKey(time.read())) {
      all.addAll(steppedFrom);
    }
    return all;
  }

  /** Returns how far wall clock and ticker may differ over a time. */
  long clockStepsBetween(long from, long to) {
    return clockSteps.subMap(from, true, to, true).values().stream()
        .mapToLong(Long::longValue)
        .sum();
  }

  private WalkEngine engine(String owner) {
    for (WalkEngine engine : engines) {
      if (engine.owner.equals(owner)) {
        return engine;
      }
    }
    throw new IllegalStateException("unknown owner " + owner);
  }

  static String text(Duration duration) {
    return duration.toNanos() / 1e6 + " ms";
  }
}
