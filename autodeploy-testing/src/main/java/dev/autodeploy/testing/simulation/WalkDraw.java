package dev.autodeploy.testing.simulation;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.Budget;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Schedule;
import dev.autodeploy.SleepMode;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.Prewarm;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.testing.ManualTime;
import dev.autodeploy.testing.world.ListAnswer;
import dev.autodeploy.testing.world.PlannedLife;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Draws what a walk does from a seed. Every step and every instance has a source of its own, so
 * that a walk from which steps are left out does the same in the others.
 */
final class WalkDraw {
  private static final Duration[] PAUSES = {
    Duration.ofNanos(1),
    Duration.ofMillis(1),
    Duration.ofMillis(20),
    Duration.ofMillis(100),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofSeconds(2),
    Duration.ofSeconds(5),
    Duration.ofSeconds(30)
  };
  private static final Duration[] PATIENCE = {
    Duration.ofMillis(1),
    Duration.ofMillis(100),
    Duration.ofSeconds(1),
    Duration.ofSeconds(5),
    Duration.ofMinutes(1),
    Duration.ofMinutes(2),
    AcquireRequest.DEFAULT_TIMEOUT
  };
  private static final Duration[] IDLE = {
    Duration.ZERO,
    Duration.ofMillis(100),
    Duration.ofSeconds(1),
    Duration.ofSeconds(2),
    Duration.ofSeconds(5),
    Duration.ofMinutes(1)
  };
  private static final Duration[] READY = {
    Duration.ZERO,
    Duration.ZERO,
    Duration.ofMillis(1),
    Duration.ofMillis(5),
    Duration.ofMillis(20),
    Duration.ofMillis(100),
    Duration.ofMillis(300),
    Duration.ofSeconds(1)
  };
  private static final Duration[] SLOW = {
    Duration.ofMillis(1), Duration.ofMillis(50), Duration.ofSeconds(1), Duration.ofSeconds(3)
  };
  private static final Duration SLEEP_TIMEOUT = Duration.ofSeconds(5);

  /** The longest time for which an engine waits until an instance sleeps, or is awake. */
  static final Duration SLEEP_LIMIT = SLEEP_TIMEOUT.multipliedBy(2);

  private static final Duration[] SLEEPS = {
    Duration.ofMillis(1), Duration.ofMillis(50), Duration.ofSeconds(1), Duration.ofSeconds(12)
  };
  private static final Duration TOO_SLOW = Duration.ofSeconds(70);
  private static final InstanceExit CRASH =
      new InstanceExit(139, false, List.of("segmentation fault"), null, null);

  final SplittableRandom random;

  private WalkDraw(SplittableRandom random) {
    this.random = random;
  }

  /** Returns the source of one step, one instance or one thing else of a walk. */
  static WalkDraw of(long seed, String what, long number) {
    return new WalkDraw(
        new SplittableRandom(seed * 0x9E3779B97F4A7C15L + what.hashCode() * 31L + mix(number)));
  }

  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  boolean chance(int percent) {
    return random.nextInt(100) < percent;
  }

  int below(int bound) {
    return random.nextInt(bound);
  }

  <T> T any(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  @SafeVarargs
  final <T> T any(T... values) {
    return values[random.nextInt(values.length)];
  }

  Duration pause() {
    return any(PAUSES);
  }

  Duration patience() {
    return any(PATIENCE);
  }

  InstanceExit crash() {
    return CRASH;
  }

  /** Draws a specification; the same revision for two of one name means that instances fit both. */
  DeploymentSpec spec(String name, int revision, int gpus) {
    int max = 1 + below(3);
    DeploymentSpec.Builder spec = withoutGpus(name, revision, max).toBuilder();
    if (gpus > 0) {
      spec.gpu(gpu(gpus)).pinned(chance(3));
      if (chance(50)) {
        spec.idleTimeout(Duration.ofMinutes(1)); // long enough for others to ask for its GPUs
      }
    }
    if (chance(40)) {
      spec.liveness(ReadinessProbe.http("/live"))
          .livenessInterval(any(Duration.ofSeconds(1), Duration.ofSeconds(5)))
          .livenessThreshold(1 + below(3));
    }
    if (chance(10)) {
      spec.maxLifetime(any(Duration.ofSeconds(1), Duration.ofSeconds(10), Duration.ofMinutes(1)));
    }
    DeploymentSpec drawn = spec.build();
    return chance(35) && !drawn.pinned() ? sleepy(drawn) : drawn;
  }

  /** Draws how instances sleep: some with a check, some without, some only to make room. */
  private DeploymentSpec sleepy(DeploymentSpec awake) {
    SleepMode.Request sleep = SleepMode.Request.post("/sleep").timeout(SLEEP_TIMEOUT);
    SleepMode.Request wake = SleepMode.Request.post("/wake_up").timeout(SLEEP_TIMEOUT);
    SleepMode mode = SleepMode.of(List.of(sleep), List.of(wake));
    mode = chance(70) ? mode.check(SleepMode.vllm().check()) : mode;
    Duration after = any(IDLE).plusMillis(1);
    IdlePolicy policy = requireNonNull(awake.idlePolicy(), "idlePolicy");
    boolean fits = !(policy instanceof WalkTimerPolicy) && idleTimeout(policy) > after.toNanos();
    return awake.toBuilder().sleepMode(mode).sleepAfter(fits && chance(75) ? after : null).build();
  }

  private static long idleTimeout(IdlePolicy policy) {
    return policy.idleTimeout(WalkBook.NO_HISTORY).map(Duration::toNanos).orElse(Long.MAX_VALUE);
  }

  private GpuRequest gpu(int gpus) {
    return switch (below(10)) {
      case 0 -> GpuRequest.none();
      case 1, 2 -> GpuRequest.ids("" + below(gpus));
      case 3, 4 -> GpuRequest.all();
      case 5, 6 -> GpuRequest.count(Math.min(2, gpus));
      case 7 -> GpuRequest.memory("6GiB");
      case 8 -> GpuRequest.memory("10GiB");
      default -> GpuRequest.count(1);
    };
  }

  private DeploymentSpec withoutGpus(String name, int revision, int max) {
    return DeploymentSpec.builder(name)
        .port(8080)
        .startCommand("revision " + revision)
        .maxInstances(max)
        .minInstances(chance(8) ? 1 : 0)
        .concurrency(any(1, 1, 2, DeploymentSpec.UNLIMITED))
        .maxPending(chance(10) ? 3 : 1000)
        .idlePolicy(policy())
        .schedule(schedule(max))
        .budget(budget())
        .startTimeout(any(Duration.ofMillis(200), Duration.ofSeconds(2), Duration.ofSeconds(10)))
        .startBackoff(
            any(Duration.ofMillis(1), Duration.ofMillis(100), Duration.ofSeconds(1)),
            Duration.ofSeconds(10))
        .releaseGrace(any(Duration.ZERO, Duration.ofSeconds(1)))
        .build();
  }

  /** Draws a budget that ends soon, as a second costs 1 USD; mostly none. */
  private @Nullable Budget budget() {
    if (!chance(8)) {
      return null;
    }
    Budget budget = Budget.money(any("0", "2", "8", "30", "120"), "USD");
    return chance(50) ? budget.cut() : budget.minimumUse(any(SLOW));
  }

  /** Draws a schedule with windows of minutes, as walks last; mostly none. */
  private Schedule schedule(int max) {
    Schedule schedule = Schedule.weekly(ZoneOffset.UTC);
    if (!chance(10)) {
      return schedule;
    }
    for (int hour = 0; hour < 24; hour++) {
      String from = "%02d:%02d".formatted(hour, below(30));
      String to = "%02d:%02d".formatted(hour, 30 + below(30));
      schedule =
          chance(50)
              ? schedule.warm("daily", from, to, 1 + below(max))
              : schedule.closed("daily", from, to);
    }
    return schedule;
  }

  private IdlePolicy policy() {
    if (chance(3)) {
      return IdlePolicy.never();
    }
    Duration timeout = any(IDLE);
    return chance(15)
        ? new WalkTimerPolicy(timeout, new Prewarm(timeout.plus(any(PAUSES)), any(IDLE)))
        : IdlePolicy.after(timeout);
  }

  /** Draws what an instance does. */
  PlannedLife plan(Set<RandomWalk.Fault> faults) {
    PlannedLife plan = PlannedLife.readyAfter(any(READY));
    if (faults.contains(RandomWalk.Fault.START) && chance(15)) {
      plan = badStart();
    }
    if (chance(25)) {
      plan.upAfter = any(SLOW);
    }
    if (faults.contains(RandomWalk.Fault.CRASH) && chance(6)) {
      plan.exitAfter = any(PAUSES);
      plan.exit = CRASH;
    }
    if (chance(10)) {
      plan.survivesReleaseUntilUp = true;
    }
    if (chance(20)) {
      plan.releaseTakes = any(SLOW);
    }
    if (faults.contains(RandomWalk.Fault.RELEASE) && chance(8)) {
      badRelease(plan);
    }
    if (faults.contains(RandomWalk.Fault.LATE_LIST) && chance(10)) {
      plan.listedAfter = any(SLOW);
    }
    if (faults.contains(RandomWalk.Fault.HANG) && chance(8)) {
      plan.hangsAfter = any(PAUSES);
    }
    if (faults.contains(RandomWalk.Fault.HANG) && chance(4)) {
      plan.losesGpusAfter = any(PAUSES);
    }
    if (chance(50)) {
      plan.sleepTakes = any(SLEEPS);
    }
    if (faults.contains(RandomWalk.Fault.SLEEP) && chance(15)) {
      switch (below(3)) {
        case 0 -> plan.refusesToSleep = true;
        case 1 -> plan.refusesToWake = true;
        default -> plan.ordersAnswered = below(3);
      }
    }
    return plan;
  }

  /** Draws how a list goes wrong. */
  ListAnswer badList() {
    Duration takes = any(Duration.ZERO, Duration.ofMillis(1), Duration.ofSeconds(1), TOO_SLOW);
    return switch (below(4)) {
      case 0 -> new ListAnswer(takes, chance(50), true, machine -> true);
      case 1 -> {
        int salt = below(2);
        yield new ListAnswer(
            takes, chance(50), false, m -> (m.request.instanceId().hashCode() & 1) == salt);
      }
      default ->
          new ListAnswer(takes.isZero() ? any(SLOW) : takes, chance(50), false, machine -> true);
    };
  }

  /** Draws how a write goes wrong; an engine that builds or closes does not die at it. */
  WalkStore.Write badWrite(boolean mayDie) {
    int kind = below(mayDie ? 10 : 8);
    if (kind < 4) {
      return WalkStore.Write.FAILS;
    } else if (kind < 6) {
      return WalkStore.Write.FAILS_WRITTEN;
    } else if (kind < 8) {
      return WalkStore.Write.FAILS_KEPT;
    }
    return kind == 8 ? WalkStore.Write.DIES : WalkStore.Write.DIES_WRITTEN;
  }

  private PlannedLife badStart() {
    PlannedLife life = new PlannedLife();
    switch (below(6)) {
      case 0 -> life = PlannedLife.failing(new InstanceStartException("no GPU is free"));
      case 1 -> {
        life.readyAfter = ManualTime.PATIENCE;
        life.exitAfter = any(SLOW);
        life.exit = new InstanceExit(3, false, List.of("model not found"), null, null);
      }
      case 2 -> life = PlannedLife.hanging();
      case 3 -> life.readyAfter = Duration.ofSeconds(3); // longer than some start timeouts
      case 4 -> life.reply = PlannedLife.Reply.NEVER;
      default -> {
        life.reply = PlannedLife.Reply.FAILS_BUT_RUNS;
        life.startError = new InstanceStartException("connection reset");
      }
    }
    return life;
  }

  private void badRelease(PlannedLife life) {
    switch (below(4)) {
      case 0 -> life.releasesLost = 1;
      case 1 -> life.releasesPretended = 1;
      default -> life.releaseFailures = 1 + below(3);
    }
  }
}
