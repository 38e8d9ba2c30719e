package dev.autodeploy.testing.cluster;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.spi.Scheduler;
import dev.autodeploy.testing.ManualTime;
import dev.autodeploy.testing.cluster.SimulatedMachines.Machine;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
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
  static final Duration TERM = Duration.ofSeconds(6);

  static final int STORE = 100;
  static final int PROVIDER = 101;

  private static final Duration TIMEOUT = Duration.ofSeconds(90);
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
  final Random random;

  /** For how long a leader holds instances of which it does not know yet who uses them. */
  final Duration hold;

  final SimulatedElection election = new SimulatedElection(time);
  final SimulatedMachines machines = new SimulatedMachines(this);

  private final LedgerCheck ledger = new LedgerCheck(this);

  /** The replicas by number, in their life of the moment. */
  final Map<Integer, SimulatedReplica> replicas = new HashMap<>();

  int requests;
  int faults;
  final Set<Long> epochs = new HashSet<>();

  private final long seed;
  private final int count;
  private final DeploymentSpec spec;
  private final Queue<Job> jobs = new ArrayDeque<>();
  private final List<Use> uses = new ArrayList<>();
  private final Map<String, Long> cuts = new HashMap<>();
  private final Map<Integer, Long> reborn = new LinkedHashMap<>();
  private final Map<Long, String> actors = new HashMap<>();
  final List<String> trace = new ArrayList<>();
  private @Nullable AssertionError broken;
  private long troubleUntil;
  private int lives;
  private boolean ending;
  private boolean losing;

  ClusterWalk(long seed) {
    this.seed = seed;
    this.random = new Random(seed);
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
    return cuts.getOrDefault(pair(a, b), 0L) > time.read();
  }

  private static String pair(int a, int b) {
    return Math.min(a, b) + "-" + Math.max(a, b);
  }

  /** Returns whether a message is lost. */
  boolean isLost() {
    return losing && !ending && random.nextInt(25) == 0;
  }

  void runEngine(SimulatedReplica replica, Runnable task) {
    jobs.add(new Job(replica, task));
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
    for (int step = 0; step < steps; step++) {
      advance();
      if (random.nextInt(step / 100 % 2 == 0 ? 100 : 8) == 0) { // now and then instances are idle
        request();
      }
      if (time.read() >= troubleUntil && random.nextInt(40) == 0) {
        fault();
      }
    }
    end();
  }

  private void bear(int number) {
    replicas.put(number, new SimulatedReplica(this, number, lives++, spec));
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
            job.task.run();
            return null;
          });
    }
    reborn
        .entrySet()
        .removeIf(
            it -> {
              boolean due = it.getValue() <= time.read();
              if (due) {
                bear(it.getKey());
              }
              return due;
            });
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
      if (heard && !isCut(replica.number, STORE)) {
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
    if (leader != null && now - troubleUntil > 30 * SECOND) {
      count(leader);
    }
    uses.removeIf(it -> it.done || it.lost || !it.replica.process.isAlive());
    if (broken != null) {
      throw broken;
    }
  }

  /** Every lease is counted by the leader, and none twice, once it had the time to hear of it. */
  private void count(SimulatedReplica leader) {
    Deployment deployment = leader.engine().find("voice").orElse(null);
    if (deployment == null || !leader.engine().leads() || losing) {
      return;
    }
    long now = time.read();
    int counted = deployment.status().inFlight();
    long sure = uses.stream().filter(it -> it.isOpen() && now - it.grantedAt > NEWS).count();
    long possible = uses.stream().filter(it -> !it.done && !it.lost).count() + recentlyClosed();
    check(
        counted >= sure,
        () ->
            "a lease is counted somewhere, but "
                + leader.id
                + " counts "
                + counted
                + " of "
                + sure);
    check(
        counted <= possible,
        () ->
            "a lease is counted once, but " + leader.id + " counts " + counted + " of " + possible);
  }

  private final Queue<Long> closings = new ArrayDeque<>();

  private int recentlyClosed() {
    while (!closings.isEmpty() && time.read() - closings.peek() > NEWS) {
      closings.remove();
    }
    return closings.size();
  }

  private @Nullable SimulatedReplica leader() {
    String id = election.leader();
    return replicas.values().stream().filter(it -> it.id.equals(id)).findFirst().orElse(null);
  }

  private void request() {
    SimulatedReplica replica = replicas.get(random.nextInt(count));
    if (!replica.process.runs()) {
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
                return;
              }
              note(replica.id + " has a lease of " + lease.instanceId());
              use.lease = lease;
              use.grantedAt = time.read();
              lease.lost().thenAccept(exit -> use.lost = true);
              replica.process.schedule(
                  Duration.ofNanos(holds),
                  () -> {
                    note(replica.id + " closes a lease of " + lease.instanceId());
                    use.done = true;
                    closings.add(time.read());
                    lease.close();
                  });
            });
  }

  /** Notes what happens, for whoever reads how a walk broke. */
  void note(String what) {
    trace.add(time.read() / 1_000_000 + " ms: " + what);
  }

  private void fault() {
    faults++;
    long now = time.read();
    int number = random.nextInt(count);
    SimulatedReplica replica = replicas.get(number);
    SimulatedReplica leader = leader();
    if (leader != null && random.nextBoolean()) {
      replica = leader;
      number = leader.number;
    }
    long lasts =
        random.nextInt(3) == 0 ? random.nextLong(40 * SECOND) : random.nextLong(8 * SECOND);
    int kind = random.nextInt(5);
    note("fault " + kind + " of " + replica.id + " for " + lasts / 1_000_000 + " ms");
    switch (kind) {
      case 0 -> {
        if (!reborn.containsKey(number)) {
          replica.process.kill();
          reborn.put(number, now + SECOND + lasts);
        }
      }
      case 1 -> replica.process.freeze(Duration.ofNanos(lasts));
      case 2 -> cuts.put(pair(number, STORE), now + lasts);
      case 3 -> cuts.put(pair(number, PROVIDER), now + lasts);
      default -> cuts.put(pair(number, (number + 1) % count), now + lasts);
    }
    // Some faults meet others; after most there is the time to recover.
    troubleUntil = random.nextInt(3) == 0 ? now : Math.max(troubleUntil, now + lasts);
  }

  /** Everything heals, and in the end nothing is left. */
  private void end() {
    ending = true;
    cuts.clear();
    troubleUntil = time.read();
    replicas
        .values()
        .forEach(it -> troubleUntil = Math.max(troubleUntil, it.process.frozenUntil()));
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
