package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.RouteRule;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.spec.SpecFingerprint;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.StartProgress;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One machine on a time line of its own. It keeps what the machine decides, fires the timer when it
 * is due and checks the invariants after every step.
 */
final class MachineHarness {
  private static final URI ENDPOINT = URI.create("http://127.0.0.1:40000");

  final DeploymentMachine machine;

  /** The instances that it decided to start, oldest first. */
  final List<Instance> starts = new ArrayList<>();

  final List<Effect.Release> releases = new ArrayList<>();
  final List<Instance> probes = new ArrayList<>();
  final List<Effect.Check> checks = new ArrayList<>();
  final List<Instance> detached = new ArrayList<>();
  final List<Instance> losses = new ArrayList<>();
  final List<Instance> accountsClosed = new ArrayList<>();
  final List<DeploymentEvent> events = new ArrayList<>();

  /** The effects for the arbiter, oldest first. */
  final List<Effect> aboutRoom = new ArrayList<>();

  /** The orders to sleep and to wake, oldest first. */
  final List<Effect.Sleep> sleeps = new ArrayList<>();

  final List<Effect.Wake> wakes = new ArrayList<>();

  int terminations;
  int timersSet;

  private final Set<Caller> waiting = new LinkedHashSet<>();
  private int ids;

  /** The moment at which time begins; the clock of records shows 1970 then. */
  static final long ORIGIN = 1_000_000_000L;

  private long now = ORIGIN;
  private Duration clockStep = Duration.ZERO;
  private long timer = NEVER;

  private MachineHarness(DeploymentSpec spec, IdlePolicy policy) {
    machine =
        new DeploymentMachine(
            spec,
            SpecFingerprint.of(spec),
            policy,
            new SplittableRandom(1),
            () -> "voice-" + ++ids);
  }

  static MachineHarness machine(UnaryOperator<DeploymentSpec.Builder> changes) {
    return machine(IdlePolicy.after(Duration.ofMinutes(5)), changes);
  }

  static MachineHarness machine(IdlePolicy policy, UnaryOperator<DeploymentSpec.Builder> changes) {
    return new MachineHarness(spec(changes), policy);
  }

  static DeploymentSpec spec(UnaryOperator<DeploymentSpec.Builder> changes) {
    return changes.apply(DeploymentSpec.builder("voice").port(8080)).build();
  }

  /** With one instance that is ready and idle. */
  MachineHarness warm() {
    Caller caller = acquire();
    ready(starts.get(starts.size() - 1));
    caller.close();
    return this;
  }

  // Callers.

  Caller acquire() {
    return acquire(RouteRule.defaultRule());
  }

  Caller acquire(RouteRule route) {
    return acquire(route, Duration.ofHours(1));
  }

  Caller acquire(Duration within) {
    return acquire(RouteRule.defaultRule(), within);
  }

  Caller acquire(RouteRule route, Duration within) {
    Caller caller = new Caller(route, now, now + within.toNanos());
    tell();
    waiting.add(caller);
    Instance instance = machine.acquire(now, caller);
    if (instance != null) {
      caller.grantedAtOnce(instance);
    }
    settle();
    return caller;
  }

  List<Caller> acquire(int times) {
    List<Caller> callers = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      callers.add(acquire());
    }
    return callers;
  }

  // The arbiter.

  /** Takes the effects for the arbiter. */
  List<Effect> aboutRoom() {
    List<Effect> all = List.copyOf(aboutRoom);
    aboutRoom.clear();
    return all;
  }

  Room give(long id, GpuRequest request) {
    Room room = new Room(id, 1, request, List.of("0"));
    machine.rooms().given(now, room, false);
    settle();
    return room;
  }

  /** Gives an instance that sleeps its room again. */
  void giveToWake(Room room) {
    machine.rooms().given(now, room, true);
    settle();
  }

  void makeRoom(long room, boolean busyToo) {
    makeRoom(room, busyToo, false);
  }

  void makeRoom(long room, boolean busyToo, boolean sleep) {
    machine.rooms().makeRoom(now, room, busyToo, "other", sleep);
    settle();
  }

  void waits(@Nullable RoomWait what) {
    machine.rooms().waits(now, what);
    settle();
  }

  void noRoom(Instance instance) {
    machine.rooms().noRoom(now, instance, "full");
    settle();
  }

  // The provider.

  Instance ready(Instance instance) {
    machine.ready(now, instance, ENDPOINT);
    settle();
    return instance;
  }

  void preparing(Instance instance, boolean preparing) {
    machine.progress(now, instance, progress(preparing));
    settle();
  }

  static StartProgress progress(boolean preparing) {
    StartProgress.Phase phase =
        preparing ? StartProgress.Phase.PREPARING : StartProgress.Phase.STARTING;
    return new StartProgress("pulling", "", 0, 0, phase);
  }

  void startFails(Instance instance, InstanceExit exit) {
    machine.startFailed(now, instance, "it ended", exit);
    settle();
  }

  void startFails(Instance instance) {
    machine.startFailed(now, instance, "no such image", null);
    settle();
  }

  void exits(Instance instance) {
    exits(instance, exit(137));
  }

  void exits(Instance instance, InstanceExit exit) {
    machine.exited(now, instance, exit);
    settle();
  }

  void answers(Effect.Check check, @Nullable String failure) {
    machine.health().answered(now, check.instance(), check.number(), failure);
    settle();
  }

  /** The last order to sleep is carried out, or fails. */
  Instance slept(@Nullable String failure) {
    Effect.Sleep order = sleeps.get(sleeps.size() - 1);
    machine.sleep().slept(now, order.instance(), order.order(), failure);
    settle();
    return order.instance();
  }

  /** The last order to wake is carried out, or fails. */
  Instance woken(@Nullable String failure) {
    Effect.Wake order = wakes.get(wakes.size() - 1);
    machine.sleep().woken(now, order.instance(), order.order(), failure);
    settle();
    return order.instance();
  }

  void foundAsleep(Instance instance) {
    machine.sleep().foundAsleep(now, instance, ENDPOINT);
    settle();
  }

  void lost(Instance instance, String what) {
    machine.health().lost(now, instance, what);
    settle();
  }

  void abandoned(Instance instance, String why) {
    machine.health().abandoned(now, instance, why);
    settle();
  }

  static InstanceExit exit(int code) {
    return new InstanceExit(code, false, List.of("CUDA error"), null, null);
  }

  void released(Instance instance) {
    machine.released(now, instance);
    settle();
  }

  void releaseFails(Instance instance) {
    machine.releaseFailed(now, instance, "no answer");
    settle();
  }

  boolean left(Instance instance) {
    boolean detached = machine.detached(now, instance);
    settle();
    return detached;
  }

  Instance adopt(long ageSeconds, int slot) {
    Instance instance =
        Instance.restored(
            "old-" + slot,
            slot,
            machine.spec(),
            machine.fingerprint(),
            machine.spec().gpu(),
            null,
            Instance.Past.startedAt(now - Duration.ofSeconds(ageSeconds).toNanos()));
    machine.adopt(now, instance);
    settle();
    return instance;
  }

  /** Adopts an instance, in a room or in none, that others may still use for some seconds. */
  Instance adoptHeld(@Nullable Room room, long seconds) {
    Instance instance =
        Instance.restored(
            "old-0",
            0,
            machine.spec(),
            machine.fingerprint(),
            machine.spec().gpu(),
            room,
            Instance.Past.startedAt(now));
    instance.holdUntil(now + Duration.ofSeconds(seconds).toNanos());
    machine.adopt(now, instance);
    settle();
    return ready(instance);
  }

  // The host.

  /** Tells the machine what the budget allows now. */
  void allow(Allowance allowance) {
    machine.allow(now, allowance);
    settle();
  }

  void open() {
    tell();
    machine.open(now);
    settle();
  }

  void update(UnaryOperator<DeploymentSpec.Builder> changes) {
    DeploymentSpec spec = spec(changes);
    machine.update(now, spec, SpecFingerprint.of(spec));
    tell();
    settle();
  }

  List<Instance> release() {
    List<Instance> concerned = machine.release(now);
    settle();
    return concerned;
  }

  List<Instance> releaseNow() {
    List<Instance> concerned = machine.releaseNow(now);
    settle();
    return concerned;
  }

  void remove() {
    machine.remove(now);
    settle();
  }

  void close(Duration drain, boolean keepInstances) {
    machine.close(now, now + drain.toNanos(), keepInstances);
    settle();
  }

  boolean reserve(Instance instance, boolean reserved) {
    boolean done = machine.reserve(now, instance, reserved);
    settle();
    return done;
  }

  // Time.

  long now() {
    return now;
  }

  private void tell() {
    if (machine.goesByTheClock()) {
      machine.tell(now, Instant.EPOCH.plusNanos(now).plus(clockStep));
    }
  }

  /** Sets the clock of records, without a word to the machine. */
  void setClock(Duration by) {
    clockStep = clockStep.plus(by);
  }

  /** Lets time pass; the timer fires at its moment. */
  MachineHarness pass(Duration duration) {
    long target = now + duration.toNanos();
    int fired = 0;
    while (timer <= target) {
      now = Math.max(now, timer);
      fire();
      assertThat(++fired).as("timers fired within %s: it spins", duration).isLessThan(5_000);
    }
    now = target;
    return this;
  }

  MachineHarness passSeconds(long seconds) {
    return pass(Duration.ofSeconds(seconds));
  }

  /** The timer comes late, as on a machine that is busy. */
  void passWithoutTimer(Duration duration) {
    now += duration.toNanos();
  }

  void fire() {
    timer = NEVER;
    tell();
    machine.timer(now);
    settle();
  }

  /** Returns in how long the timer fires, or null. */
  @Nullable Duration timerIn() {
    return timer == NEVER ? null : Duration.ofNanos(timer - now);
  }

  // What it decided.

  List<Instance> released() {
    return releases.stream().map(Effect.Release::instance).toList();
  }

  long count(InstancePhase phase) {
    return machine.instances().stream().filter(i -> i.phase() == phase).count();
  }

  <T extends DeploymentEvent> List<T> events(Class<T> type) {
    return events.stream().filter(type::isInstance).map(type::cast).toList();
  }

  private void settle() {
    for (Effect effect = machine.effects().poll();
        effect != null;
        effect = machine.effects().poll()) {
      if (effect instanceof Effect.Start e) {
        starts.add(e.instance());
      } else if (effect instanceof Effect.Release e) {
        assertThat(e.instance().inFlight == 0 || e.instance().leasesLost)
            .as("an instance is released under its leases")
            .isTrue();
        releases.add(e);
      } else if (effect instanceof Effect.Detach e) {
        detached.add(e.instance());
      } else if (effect instanceof Effect.Grant e) {
        e.waiter().granted(e.instance(), e.arrival(), e.waitedNanos());
      } else if (effect instanceof Effect.Reject e) {
        e.waiter().rejected(e.error());
      } else if (effect instanceof Effect.LeasesLost e) {
        losses.add(e.instance());
      } else if (effect instanceof Effect.Gone e) {
        accountsClosed.add(e.instance());
      } else if (effect instanceof Effect.Probe e) {
        probes.add(e.instance());
      } else if (effect instanceof Effect.Check e) {
        checks.add(e);
      } else if (effect instanceof Effect.Sleep e) {
        assertThat(e.instance().inFlight).as("leases of one that is to sleep").isZero();
        sleeps.add(e);
      } else if (effect instanceof Effect.Wake e) {
        wakes.add(e);
      } else if (effect instanceof Effect.SetTimer e) {
        timer = e.at();
        timersSet++;
      } else if (effect instanceof Effect.Publish e) {
        events.add(e.event().apply(Instant.EPOCH.plusNanos(now)));
      } else if (effect instanceof Effect.Want
          || effect instanceof Effect.RoomBack
          || effect instanceof Effect.NoRoom
          || effect instanceof Effect.Slumber
          || effect instanceof Effect.KeepsRoom
          || effect instanceof Effect.Look) {
        aboutRoom.add(effect);
      } else {
        assertThat(effect).isInstanceOf(Effect.Terminated.class);
        terminations++;
      }
    }
    checkInvariants();
  }

  private void checkInvariants() {
    List<Instance> instances = machine.instances();
    assertThat(machine.pending()).as("pending").isEqualTo(waiting.size());
    assertThat(machine.inFlight())
        .as("leases in flight")
        .isEqualTo(instances.stream().mapToInt(i -> i.leasesLost ? 0 : i.inFlight).sum());
    assertThat(instances.stream().map(i -> i.slot)).as("slots").doesNotHaveDuplicates();
    for (Instance instance : instances) {
      assertThat(instance.inFlight).as("leases of %s", instance.id).isNotNegative();
      assertThat(instance.leasesLost || instance.inFlight > 0 == (instance.busySince != NEVER))
          .as("%s is busy exactly while it has leases", instance.id)
          .isTrue();
      boolean room = instance.takesMore();
      assertThat(room && waiting.stream().anyMatch(w -> takes(w, instance)))
          .as("somebody waits although %s has room", instance.id)
          .isFalse();
      if (instance.phase() == InstancePhase.STARTING) {
        assertThat(timer).as("start deadline").isLessThanOrEqualTo(instance.startDeadline);
      }
      if (machine.releaseAt(instance) != NEVER
          && !(instance.is(InstancePhase.ASLEEP) && !waiting.isEmpty())) {
        assertThat(timer)
            .as("idle deadline")
            .isLessThanOrEqualTo(Math.max(now, instance.idleDue()));
      }
      if (instance.phase() == InstancePhase.ASLEEP || instance.phase() == InstancePhase.WAKING) {
        assertThat(instance.inFlight).as("leases of a sleeper").isZero();
      }
      assertThat(timer).as("deadline of an order").isLessThanOrEqualTo(instance.sleep.deadline);
      if (instance.phase() == InstancePhase.RELEASING) {
        assertThat(timer).as("retry of a release").isLessThanOrEqualTo(instance.releaseRetryAt);
        assertThat(instance.bound).as("waiters of a dying instance").isEmpty();
      }
    }
    waiting.forEach(w -> assertThat(timer).as("deadline").isLessThanOrEqualTo(w.deadline));
  }

  private static boolean takes(Caller caller, Instance instance) {
    return !caller.waitsForOwn && (caller.target == null || caller.target == instance);
  }

  /** The answer to a caller that had to wait. */
  record Granted(boolean cold, boolean woken, long waitedNanos) {
    Granted(boolean cold, long waitedNanos) {
      this(cold, false, waitedNanos);
    }
  }

  /** One caller and what became of it. */
  final class Caller extends Waiter {
    private @Nullable Instance instance;
    private @Nullable AutoDeployException error;

    /** The answer, if it had to wait. */
    @Nullable Granted grant;

    private boolean gaveUp;

    Caller(RouteRule route, long askedAt, long deadline) {
      super(new AcquireRequest(route, AcquireRequest.DEFAULT_TIMEOUT), askedAt, deadline);
    }

    @Override
    public void granted(Instance granted, Arrival arrival, long waitedNanos) {
      grant = new Granted(arrival == Arrival.STARTED, arrival == Arrival.WOKEN, waitedNanos);
      grantedAtOnce(granted);
    }

    private void grantedAtOnce(Instance granted) {
      answered();
      instance = granted;
    }

    @Override
    public void rejected(AutoDeployException rejection) {
      answered();
      error = rejection;
    }

    private void answered() {
      assertThat(waiting.remove(this)).as("answered once, and not after it gave up").isTrue();
    }

    boolean isWaiting() {
      return waiting.contains(this);
    }

    Instance instance() {
      assertThat(error).isNull();
      assertThat(instance).as("granted instance").isNotNull();
      return instance;
    }

    AutoDeployException error() {
      assertThat(error).as("error").isNotNull();
      return error;
    }

    void cancel() {
      gaveUp = waiting.remove(this);
      machine.cancel(now, this);
      settle();
    }

    boolean gaveUp() {
      return gaveUp;
    }

    void close() {
      machine.leaseClosed(now, instance());
      settle();
    }
  }
}
