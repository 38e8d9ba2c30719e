package dev.autodeploy.testing.cluster;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.Lease;
import dev.autodeploy.spi.Scheduler;
import dev.autodeploy.testing.ManualTime;
import dev.autodeploy.testing.cluster.SimulatedMachines.Machine;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A walk at random of several replicas over one database and one provider, in virtual time:
 * requests on all of them, and from a seed replicas that are killed or frozen, and partitions
 * between any two of the replicas, the database and the provider. It compares what they do with a
 * book of its own.
 */
final class ClusterWalk {
  static final long SECOND = 1_000_000_000L;
  static final long HOUR = 3600 * SECOND;
  static final Duration TERM = Duration.ofSeconds(6);

  private static final Duration TIMEOUT = Duration.ofSeconds(90);

  /** The most by which wall clocks are wrong: on every third walk they are all right. */
  private static final List<Duration> WRONG_CLOCKS =
      List.of(Duration.ZERO, Duration.ofSeconds(2), Duration.ofMinutes(10));

  private static final int MAX_INSTANCES = 3;
  private static final Duration STEP = Duration.ofMillis(100);

  /** The time in which what was closed or granted becomes known to the leader. */
  private static final long NEWS = 2 * SECOND;

  /** A lease that a client has, or a request for one. */
  private static final class Use {
    final SimulatedReplica replica;
    final long askedAt;
    @Nullable Lease lease;
    long grantedAt;
    boolean done;
    boolean lost;

    /** True if the replica has been silent for so long that the leader may close it. */
    boolean excused;

    Use(SimulatedReplica replica, long askedAt) {
      this.replica = replica;
      this.askedAt = askedAt;
    }

    boolean isOpen() {
      return lease != null && !done && !lost && replica.process.isAlive();
    }
  }

  private record Job(SimulatedReplica replica, Runnable task) {}

  final ManualTime time = ManualTime.create();

  /** For how long a leader holds instances of which it does not know yet who uses them. */
  final Duration hold;

  final SimulatedElection election = new SimulatedElection(time);
  final SimulatedMachines machines;
  final ClusterFaults meets;

  private final LedgerCheck ledger = new LedgerCheck(this);

  /** The replicas by number, in their life of the moment. */
  final Map<Integer, SimulatedReplica> replicas = new HashMap<>();

  int requests;
  int faults;
  final Set<Long> epochs = new HashSet<>();

  private final long seed;
  final int count;
  private final DeploymentSpec spec;
  private final Queue<Job> jobs = new ArrayDeque<>();
  private final List<Use> uses = new ArrayList<>();
  private final Map<Integer, SimulatedClock> clocks = new HashMap<>();
  private final Map<Long, String> actors = new HashMap<>();
  final List<String> trace = new ArrayList<>();
  private @Nullable AssertionError broken;

  /** The thread of what blocks; the line of time waits for it. */
  private volatile @Nullable Thread blocking;

  private int lives;

  /** The replica that counts leases, as it leads; null if none does. */
  private @Nullable SimulatedReplica counts;

  private long countsSince;
  private boolean ending;
  private boolean losing;

  /** The requests and faults that may be, by {@link #happened}; null for all. */
  private final @Nullable Set<Integer> only;

  /** The requests and faults that there were: twice the step, and one more for a fault. */
  final List<Integer> happened = new ArrayList<>();

  /** Holds once a bug shows that a test puts in; there is none otherwise. */
  BooleanSupplier planted = () -> false;

  ClusterWalk(long seed) {
    this(seed, null);
  }

  ClusterWalk(long seed, @Nullable Set<Integer> only) {
    this.seed = seed;
    this.only = only;
    SplittableRandom random = new SplittableRandom(seed);
    this.machines = new SimulatedMachines(this, random.nextLong());
    this.meets = new ClusterFaults(this, WRONG_CLOCKS.get((int) (seed / 2 % 3)).toNanos());
    this.count = 2 + (int) (seed % 2);
    this.hold = TERM.plusSeconds(4 + random.nextInt(21)); // while it lasts nothing is released
    this.spec =
        DeploymentSpec.builder("voice")
            .port(8080)
            .image("voice:1")
            .concurrency(2)
            .maxInstances(MAX_INSTANCES)
            .idleTimeout(Duration.ofSeconds(1 + random.nextInt(5)))
            .startTimeout(Duration.ofSeconds(60))
            .build();
  }

  // What replicas meet.

  void after(long nanos, Runnable task) {
    Scheduler.Cancellable unused = time.schedule(Duration.ofNanos(nanos), task);
  }

  boolean isEnding() {
    return ending;
  }

  boolean isCut(int a, int b) {
    return meets.isCut(a, b);
  }

  /** Returns whether a message is lost. */
  boolean isLost(SplittableRandom random) {
    return losing && !ending && random.nextInt(25) == 0;
  }

  /** Runs what may block on a thread of its own, once the replica runs. */
  void runBlocking(SimulatedReplica replica, Runnable task) {
    jobs.add(new Job(replica, task));
  }

  /** Starts or ends an engine; at once for what already runs on a thread of its own. */
  void runEngine(SimulatedReplica replica, Runnable task) {
    if (Thread.currentThread() == blocking) {
      task.run();
    } else {
      runBlocking(replica, task);
    }
  }

  // What must not be.

  void check(boolean holds, Supplier<String> invariant) {
    if (!holds) {
      broken(invariant.get());
    }
  }

  private void broken(String invariant) {
    if (broken == null) {
      broken = new AssertionError(invariant);
    }
  }

  /** At most one engine acts, and only while it leads. */
  void checkActs(SimulatedReplica replica, String what, long epoch) {
    note(replica.id + " " + what);
    String leader = election.leader();
    check(
        replica.id.equals(leader),
        () ->
            "only the leader acts, but "
                + replica.id
                + " "
                + what
                + " while '"
                + leader
                + "' leads");
    if (epoch != 0) {
      String actor = actors.putIfAbsent(epoch, replica.id);
      check(
          actor == null || actor.equals(replica.id),
          () ->
              "one engine acts in an epoch, but in " + epoch + " " + actor + " and " + replica.id);
      check(
          epoch == election.epoch(),
          () -> "a leader acts in its own epoch, not in " + epoch + " during " + election.epoch());
    }
  }

  void checkMachines(Machine added) {
    if (added.late) {
      return; // found by its epoch, and undone
    }
    long there = machines.existing().stream().filter(it -> !it.late && !it.released).count();
    check(
        there <= MAX_INSTANCES,
        () -> "at most " + MAX_INSTANCES + " instances exist, but there are " + there);
  }

  void checkRelease(Machine machine) {
    for (Use use : uses) {
      Lease lease = use.lease;
      if (use.isOpen()
          && !use.excused
          && lease != null
          && lease.instanceId().equals(machine.id())
          && machine.exitedAt == SimulatedMachines.NEVER) {
        broken(
            "an instance with an open lease is not released, but "
                + machine.id()
                + " is, which "
                + use.replica.id
                + " uses");
      }
    }
  }

  // The walk.

  void run(int steps) {
    for (int i = 0; i < count; i++) {
      bear(i);
    }
    losing = seed % 4 == 1;
    int rarity = seed % 5 == 4 ? 400 : 40; // leases are counted when all has been well for a while
    for (int step = 0; step < steps; step++) {
      advance();
      SplittableRandom random = new SplittableRandom(seed * 1_000_003 + step);
      SplittableRandom asks = random.split();
      if (asks.nextInt(step / 100 % 2 == 0 ? 100 : 8) == 0) { // now and then instances are idle
        happens(2 * step, () -> request(asks));
      }
      if (time.read() >= meets.troubleUntil() && random.nextInt(rarity) == 0) {
        happens(2 * step + 1, () -> fault(random));
      }
    }
    end();
  }

  private void happens(int what, Runnable event) {
    if (only == null || only.contains(what)) {
      happened.add(what);
      event.run();
    }
  }

  void bear(int number) {
    SplittableRandom random = new SplittableRandom(~seed * 1_000_003 + lives);
    SimulatedClock clock = clocks.computeIfAbsent(number, it -> meets.newClock(random.split()));
    replicas.put(number, new SimulatedReplica(this, number, lives++, spec, clock, random));
  }

  private void advance() {
    time.advance(STEP);
    for (int i = jobs.size(); i > 0; i--) {
      Job job = jobs.remove();
      if (!job.replica.process.isAlive()) {
        continue;
      }
      if (!job.replica.process.runs()) {
        jobs.add(job);
        continue;
      }
      time.<@Nullable Void>call(
          () -> {
            blocking = Thread.currentThread();
            try {
              job.task.run();
            } finally {
              blocking = null;
            }
            return null;
          });
    }
    meets.look();
    look();
  }

  private void look() {
    long now = time.read();
    if (epochs.add(election.epoch())) {
      note("epoch " + election.epoch() + ", led by " + election.leader());
    }
    SimulatedReplica leader = leader();
    for (SimulatedReplica replica : replicas.values()) {
      boolean heard =
          replica.process.runs()
              && leader != null
              && leader.process.runs()
              && (replica == leader || !isCut(replica.number, leader.number));
      heard = heard && !isCut(replica.number, ClusterFaults.STORE);
      if (!heard || !leader.engine().leads()) {
        replica.reachedSince = SimulatedMachines.NEVER;
      } else {
        replica.reachedSince = Math.min(replica.reachedSince, now);
        replica.lastReached = now - replica.reachedSince > 3 * SECOND ? now : replica.lastReached;
      }
      if (heard) {
        replica.silentSince = SimulatedMachines.NEVER;
      } else {
        replica.silentSince = Math.min(replica.silentSince, now);
      }
      if (now - replica.silentSince > 3 * SECOND
          && replica.silentSince != SimulatedMachines.NEVER) {
        boolean leaderless = leader == null && replica.process.runs();
        if (!leaderless || now - replica.silentSince > 20 * SECOND) {
          uses.stream().filter(it -> it.replica == replica).forEach(it -> it.excused = true);
        }
      }
    }
    for (Use use : uses) {
      if (!use.done && use.lease == null && use.replica.process.isAlive()) {
        check(
            now - use.askedAt < TIMEOUT.toNanos() + 30 * SECOND || !use.replica.process.runs(),
            () -> "everybody who waits gets an answer, but a request on " + use.replica.id);
      }
    }
    count(leader);
    check(!planted.getAsBoolean(), () -> "nothing is planted, but it is after " + requests);
    uses.removeIf(it -> it.done || it.lost || !it.replica.process.isAlive());
    if (broken != null) {
      throw broken;
    }
  }

  /** Every lease is counted by the leader, and none twice, once it had the time to hear of it. */
  private void count(@Nullable SimulatedReplica leader) {
    long now = time.read();
    SimulatedReplica leads = leader != null && leader.engine().leads() ? leader : null;
    if (leads != counts) {
      counts = leads;
      countsSince = now;
    }
    Deployment deployment = leads == null ? null : leads.engine().find("voice").orElse(null);
    boolean heard = now - countsSince > NEWS && now - meets.calmSince() > 30 * SECOND;
    if (leads == null || deployment == null || !heard || losing) {
      return;
    }
    int counted = deployment.status().inFlight();
    long sure = uses.stream().filter(it -> isSure(it, now)).count();
    long possible = uses.stream().filter(it -> !it.done && !it.lost).count() + recentlyClosed();
    check(
        counted >= sure,
        () ->
            "a lease is counted somewhere, but " + leads.id + " counts " + counted + " of " + sure);
    check(
        counted <= possible,
        () ->
            "a lease is counted once, but " + leads.id + " counts " + counted + " of " + possible);
  }

  /** Returns whether the leader has heard of a lease, and its replica of the instance's end. */
  private boolean isSure(Use use, long now) {
    Lease lease = use.lease;
    if (lease == null || !use.isOpen() || now - use.grantedAt <= NEWS) {
      return false;
    }
    Machine machine = machines.machines.get(lease.instanceId());
    return machine == null
        || machine.exitedAt == SimulatedMachines.NEVER
        || now - machine.exitedAt > NEWS;
  }

  private final Queue<Long> closings = new ArrayDeque<>();

  private int recentlyClosed() {
    while (!closings.isEmpty() && time.read() - closings.peek() > NEWS) {
      closings.remove();
    }
    return closings.size();
  }

  @Nullable SimulatedReplica leader() {
    String id = election.leader();
    return replicas.values().stream().filter(it -> it.id.equals(id)).findFirst().orElse(null);
  }

  private void request(SplittableRandom random) {
    request(replicas.get(random.nextInt(count)), random);
  }

  void request(SimulatedReplica replica, SplittableRandom random) {
    if (!replica.process.runs() || !meets.isInFront(replica)) {
      return;
    }
    Deployment deployment = replica.engine().find("voice").orElse(null);
    if (deployment == null) {
      return;
    }
    requests++;
    Use use = new Use(replica, time.read());
    uses.add(use);
    long holds =
        random.nextInt(30) == 0 ? random.nextLong(60 * SECOND) : random.nextLong(3 * SECOND);
    deployment
        .acquireAsync(AcquireRequest.within(TIMEOUT))
        .whenComplete(
            (lease, error) -> {
              if (lease == null) {
                use.done = true;
                checkRefusal(use, error);
                return;
              }
              replica.leases++;
              note(replica.id + " has a lease of " + lease.instanceId());
              use.lease = lease;
              use.grantedAt = time.read();
              lease.lost().thenAccept(exit -> use.lost = true);
              replica.process.schedule(
                  Duration.ofNanos(holds),
                  () -> {
                    note(replica.id + " closes a lease of " + lease.instanceId());
                    use.done = true;
                    replica.leases--;
                    closings.add(time.read());
                    lease.close();
                  });
            });
  }

  /** Nobody is refused but for a reason. */
  private void checkRefusal(Use use, Throwable error) {
    long now = time.read();
    SimulatedReplica replica = use.replica;
    if (!replica.process.isAlive()) {
      return; // nobody hears it
    }
    boolean allowed =
        error instanceof AutoDeployException refusal
            && switch (refusal.code()) {
              case NOT_LEADING -> now - replica.lastReached > TERM.toNanos();
              case ACQUIRE_TIMEOUT -> now - meets.calmSince() < 60 * SECOND;
              case CLOSED -> replica.isLeaving();
              default -> refusal.code() == ErrorCode.START_FAILED;
            };
    check(
        allowed,
        () -> "nobody is refused but for a reason, but one on " + replica.id + " is: " + error);
  }

  /** Notes what happens, for whoever reads how a walk broke. */
  void note(String what) {
    trace.add(time.read() / 1_000_000 + " ms: " + what);
  }

  private void fault(SplittableRandom random) {
    faults++;
    meets.meet(random);
  }

  /** Everything heals, and in the end nothing is left. */
  private void end() {
    ending = true;
    meets.heal();
    int quiet = 0; // for so many steps; what is gone has to be seen so, and written
    for (int step = 0;
        step < 3600 && (quiet < 200 || (quiet < 700 && !ledger.isWritten()));
        step++) {
      advance();
      quiet = isQuiet() ? quiet + 1 : 0;
    }
    check(
        machines.existing().isEmpty(),
        () -> "in the end nothing exists, but " + machines.existing().get(0).id());
    SimulatedReplica leader = leader();
    check(leader != null, () -> "in the end somebody leads");
    if (leader != null) {
      int left = leader.engine().find("voice").map(it -> it.status().inFlight()).orElse(0);
      check(left == 0, () -> "in the end no lease is counted, but " + left);
    }
    ledger.check();
    if (broken != null) {
      throw broken;
    }
  }

  private boolean isQuiet() {
    return machines.existing().isEmpty() && uses.isEmpty() && leader() != null;
  }
}
