package dev.autodeploy.testing.cluster;

import static dev.autodeploy.testing.cluster.ClusterWalk.SECOND;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/** The faults that replicas meet on a walk, and their restarts one by one. */
final class ClusterFaults {
  static final int STORE = 100;
  static final int PROVIDER = 101;

  /** How long requests still come to a replica that is restarted, as its host has said it goes. */
  private static final long LEAVES_FRONT = 2 * SECOND;

  /** How long a host waits for its requests before it ends. */
  private static final long PATIENCE = 40 * SECOND;

  /** The time in which another replica leads after one has handed over. A term is longer. */
  private static final long SUCCESSION = 4 * SECOND;

  private final ClusterWalk walk;

  /** The most by which a wall clock is wrong. */
  private final long wrongBy;

  private final Map<String, Long> cuts = new HashMap<>();
  private final Map<Integer, Long> reborn = new LinkedHashMap<>();

  /**
   * The leaders that thaw when the next one releases something, and what their callers ask then.
   */
  private final Map<SimulatedReplica, SplittableRandom> thawing = new LinkedHashMap<>();

  /** The replicas that are restarted as soon as they release something. */
  private final Set<SimulatedReplica> restarting = new HashSet<>();

  private long troubleUntil;
  private long calmSince;
  private long vacantSince = SimulatedMachines.NEVER;

  ClusterFaults(ClusterWalk walk, long wrongBy) {
    this.walk = walk;
    this.wrongBy = wrongBy;
  }

  boolean isCut(int a, int b) {
    return cuts.getOrDefault(pair(a, b), 0L) > walk.time.read();
  }

  private static String pair(int a, int b) {
    return Math.min(a, b) + "-" + Math.max(a, b);
  }

  /** Returns until when something is wrong, as far as it is known. */
  long troubleUntil() {
    return troubleUntil;
  }

  /** Returns since when nothing is wrong; NEVER if something is. */
  long calmSince() {
    return calmSince;
  }

  /** Returns whether requests still come to a replica. */
  boolean isInFront(SimulatedReplica replica) {
    return !replica.isLeaving() || walk.time.read() - replica.leavingSince < LEAVES_FRONT;
  }

  SimulatedClock newClock(SplittableRandom random) {
    return new SimulatedClock(
        walk.time,
        random.nextInt(-50, 51), // half a per cent
        wrongBy == 0 ? 0 : random.nextInt(-20, 21),
        wrong(random));
  }

  private Duration wrong(SplittableRandom random) {
    return Duration.ofNanos(wrongBy == 0 ? 0 : random.nextLong(-wrongBy, wrongBy));
  }

  void meet(SplittableRandom random) {
    long now = walk.time.read();
    int number = random.nextInt(walk.count);
    boolean leads = random.nextBoolean();
    SimulatedReplica leader = walk.leader();
    SimulatedReplica replica = leader != null && leads ? leader : walk.replicas.get(number);
    long lasts =
        random.nextInt(3) == 0 ? random.nextLong(40 * SECOND) : random.nextLong(8 * SECOND);
    int kind = random.nextInt(wrongBy == 0 ? 7 : 8);
    if (kind == 1 && random.nextInt(3) == 0) { // until the next leader just begins to release
      lasts = walk.hold.toNanos() + 3 * SECOND + random.nextLong(15 * SECOND);
      thawing.put(replica, random.split());
    }
    walk.note("fault " + kind + " of " + replica.id + " for " + lasts / 1_000_000 + " ms");
    switch (kind) {
      case 0 -> {
        if (!reborn.containsKey(replica.number)) {
          replica.process.kill();
          reborn.put(replica.number, now + SECOND + lasts);
        }
      }
      case 1 -> replica.process.freeze(Duration.ofNanos(lasts));
      case 2 -> cut(replica.number, STORE, now + lasts);
      case 3 -> cut(replica.number, PROVIDER, now + lasts);
      case 4 -> cut(replica.number, (replica.number + 1) % walk.count, now + lasts);
      case 5 -> {
        for (int i = 0; i < walk.count; i++) {
          cut(i, STORE, now + lasts);
        }
      }
      case 6 -> {
        if (random.nextInt(3) == 0) {
          restarting.add(replica);
        } else {
          restart(replica);
        }
      }
      default -> replica.process.clock.step(wrong(random));
    }
    // Some faults meet others; after most there is the time to recover.
    troubleUntil = random.nextInt(3) == 0 ? now : Math.max(troubleUntil, now + lasts);
  }

  /**
   * A leader releases an instance, and is restarted now if it should be; one of before thaws just
   * now, and is asked for a lease before it has looked at the time.
   */
  void releases(SimulatedReplica leader) {
    if (restarting.remove(leader)) {
      restart(leader);
    }
    for (SimulatedReplica frozen : List.copyOf(thawing.keySet())) {
      SplittableRandom random = thawing.get(frozen);
      if (frozen != leader && random != null) {
        thawing.remove(frozen);
        walk.after(0, () -> thaw(frozen, random));
      }
    }
  }

  private void thaw(SimulatedReplica frozen, SplittableRandom random) {
    if (frozen.process.isAlive() && !frozen.process.runs()) {
      walk.note(frozen.id + " thaws, and is asked at once");
      frozen.process.thaw(() -> walk.request(frozen, random));
    }
  }

  private void cut(int a, int b, long until) {
    cuts.put(pair(a, b), until);
  }

  /** Has a replica hand over, end its requests, end, and begin again. */
  private void restart(SimulatedReplica replica) {
    if (!replica.process.runs() || replica.isLeaving()) {
      return;
    }
    replica.leavingSince = walk.time.read();
    walk.runBlocking(
        replica,
        () -> {
          boolean led = replica == walk.leader();
          replica.engine().handOver();
          walk.note(replica.id + " has handed over");
          if (led) {
            vacantSince = walk.time.read();
          }
        });
  }

  private void end(SimulatedReplica replica) {
    if (replica.leases == 0) { // else the host is killed: it has waited for too long
      walk.runBlocking(
          replica,
          () -> {
            if (replica.leases == 0) {
              replica.engine().close();
            }
          });
    }
    walk.runBlocking(
        replica,
        () -> {
          walk.note(replica.id + " ends");
          replica.process.kill();
          troubleUntil = Math.max(troubleUntil, walk.time.read());
          reborn.put(replica.number, walk.time.read() + 2 * SECOND);
        });
  }

  /** Does what is due after a step. */
  void look() {
    long now = walk.time.read();
    reborn
        .entrySet()
        .removeIf(
            it -> {
              boolean due = it.getValue() <= now;
              if (due) {
                walk.bear(it.getKey());
              }
              return due;
            });
    for (SimulatedReplica replica : walk.replicas.values()) {
      long since = replica.leavingSince;
      boolean idle = replica.leases == 0 && now - since >= LEAVES_FRONT;
      if (replica.isLeaving() && !replica.ends && (idle || now - since > PATIENCE)) {
        replica.ends = true;
        end(replica);
      }
    }
    if (!isCalm()) {
      calmSince = SimulatedMachines.NEVER;
    } else if (calmSince == SimulatedMachines.NEVER) {
      calmSince = now;
    }
    checkSuccession(now);
  }

  private boolean isCalm() {
    long now = walk.time.read();
    return reborn.isEmpty()
        && cuts.values().stream().allMatch(it -> it <= now)
        && walk.replicas.values().stream().allMatch(it -> it.process.runs());
  }

  private void checkSuccession(long now) {
    if (vacantSince == SimulatedMachines.NEVER) {
      return;
    }
    SimulatedReplica next = walk.leader();
    boolean waits = (next == null || next.isLeaving()) && calmSince <= vacantSince;
    boolean possible = walk.replicas.values().stream().anyMatch(it -> !it.isLeaving());
    walk.check(
        !waits || !possible || now - vacantSince < SUCCESSION,
        () -> "another replica leads soon after one has handed over, but none does");
    if (!waits || !possible) {
      vacantSince = SimulatedMachines.NEVER;
    }
  }

  /** Everything heals. */
  void heal() {
    cuts.clear();
    troubleUntil = walk.time.read();
    walk.replicas
        .values()
        .forEach(it -> troubleUntil = Math.max(troubleUntil, it.process.frozenUntil()));
  }
}
