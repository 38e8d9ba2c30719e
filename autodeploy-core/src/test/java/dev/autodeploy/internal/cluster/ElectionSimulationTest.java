package dev.autodeploy.internal.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.internal.cluster.Candidacy.Outcome;
import dev.autodeploy.spi.Leader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Elections in virtual time: three replicas whose clocks start anywhere and run up to 2 % apart, a
 * place of election with a clock of its own that follows the rules of {@code LeaderElection},
 * messages that take their time or get lost, replicas that freeze, are killed and come back. At no
 * moment do two replicas act, and no epoch has two leaders.
 */
final class ElectionSimulationTest {
  private static final long SECOND = 1_000_000_000L;
  private static final long TERM = 6 * SECOND;
  private static final long GRACE = 24 * SECOND;
  private static final int REPLICAS = 3;

  @Test
  void elections_withAllFaults_neverHaveTwoLeaders() {
    int elections = 0;
    for (long seed = 0; seed < 300; seed++) {
      World world = new World(seed, true);
      world.run(600 * SECOND);
      elections += world.epochs.size();
    }
    assertThat(elections).isGreaterThan(3000);
  }

  @Test
  void elections_withoutFaults_haveOneLeaderThatStays() {
    World world = new World(1, false);
    world.run(3600 * SECOND);
    assertThat(world.epochs).hasSize(1);
  }

  @Test
  void leader_thatIsKilled_isReplacedWithinATermAndALook() {
    for (long seed = 0; seed < 100; seed++) {
      World world = new World(seed, false);
      world.run(60 * SECOND);
      world.replicas.get(world.leader()).kill();
      world.run(TERM + TERM / 6 + TERM / 20);
      assertThat(world.leader()).as("seed %s", seed).isNotNegative();
    }
  }

  /** The place of the election, as the leader's row in the database is. */
  private static final class Row {
    private long epoch;
    private String leader = "";
    private long until;

    Leader campaign(String replica, long held, long now) {
      boolean own = replica.equals(leader);
      boolean free = leader.isEmpty() || until <= now;
      if ((held != 0 && held != epoch) || (!own && !free)) {
        return new Leader(epoch, until > now ? leader : "", "");
      }
      epoch = own && held == epoch ? epoch : epoch + 1;
      leader = replica;
      until = now + TERM;
      return new Leader(epoch, leader, "");
    }

    void resign(long resigned) {
      if (resigned == epoch) {
        leader = "";
        until = 0;
      }
    }
  }

  private record Event(long at, int order, Runnable what) {}

  private static final class World {
    final List<Replica> replicas = new ArrayList<>();
    final Set<Long> epochs = new HashSet<>();
    private final Random random;
    private final boolean faults;
    private final Row row = new Row();
    private final PriorityQueue<Event> events =
        new PriorityQueue<>(
            java.util.Comparator.comparingLong(Event::at).thenComparingInt(Event::order));
    private long now;
    private int order;

    World(long seed, boolean faults) {
      random = new Random(seed);
      this.faults = faults;
      for (int i = 0; i < REPLICAS; i++) {
        Replica replica = new Replica(this, i);
        replicas.add(replica);
        at(random.nextLong(SECOND), replica::ask);
      }
      if (faults) {
        at(SECOND, this::fault);
      }
    }

    void at(long delay, Runnable what) {
      events.add(new Event(now + delay, order++, what));
    }

    void run(long time) {
      long end = now + time;
      while (events.peek() != null && events.peek().at <= end) {
        Event event = events.poll();
        now = Math.max(now, event.at);
        event.what.run();
        check();
      }
      now = end;
      check();
    }

    int leader() {
      for (int i = 0; i < REPLICAS; i++) {
        if (replicas.get(i).acts()) {
          return i;
        }
      }
      return -1;
    }

    private void check() {
      assertThat(replicas.stream().filter(Replica::acts).count())
          .as("replicas that act at %s", now)
          .isLessThanOrEqualTo(1);
    }

    /** A frozen replica acts again the moment it thaws, before it hears of anything. */
    private void fault() {
      Replica replica = replicas.get(random.nextInt(REPLICAS));
      switch (random.nextInt(4)) {
        case 0 -> replica.frozenUntil = now + random.nextLong(3 * TERM);
        case 1 -> replica.kill();
        case 2 -> replica.cutUntil = now + random.nextLong(2 * TERM);
        default -> replicas.forEach(it -> it.cutUntil = now + random.nextLong(TERM));
      }
      at(random.nextLong(4 * TERM), this::fault);
    }

    /** The time that a message takes; some are lost. */
    long delay() {
      if (!faults) {
        return random.nextLong(SECOND / 100);
      }
      return random.nextInt(20) == 0 ? random.nextLong(2 * TERM) : random.nextLong(SECOND / 5);
    }
  }

  private static final class Replica {
    private final World world;
    private final long offset;
    private final double rate;
    private String id;
    private Candidacy candidacy;
    private int life;
    private long frozenUntil;
    private long cutUntil;

    Replica(World world, int number) {
      this.world = world;
      this.offset = world.random.nextLong();
      this.rate = 0.99 + world.random.nextDouble() * 0.02;
      this.id = "r" + number;
      this.candidacy = new Candidacy(id, TERM, GRACE);
    }

    private long clock() {
      return offset + (long) (world.now * rate);
    }

    boolean acts() {
      return candidacy.held() != 0 && candidacy.mayAct(clock(), candidacy.held());
    }

    void kill() {
      life++;
      id = id + "'";
      candidacy = new Candidacy(id, TERM, GRACE);
      int lived = life;
      world.at(world.random.nextLong(2 * TERM), () -> inLife(lived, this::ask));
    }

    /** Runs something unless the process has ended since; when it is frozen, once it thaws. */
    private void inLife(int lived, Runnable what) {
      if (lived != life) {
        return;
      }
      if (frozenUntil > world.now) {
        world.at(frozenUntil - world.now, () -> inLife(lived, what));
      } else {
        what.run();
      }
    }

    void ask() {
      int lived = life;
      if (frozenUntil > world.now) {
        world.at(frozenUntil - world.now, () -> inLife(lived, this::ask));
        return;
      }
      long askedAt = clock();
      long held = candidacy.held();
      String asking = id;
      if (cutUntil > world.now) {
        world.at(SECOND, () -> inLife(lived, () -> unanswered()));
        return;
      }
      world.at(
          world.delay(),
          () -> {
            Leader leader = world.row.campaign(asking, held, world.now);
            world.at(world.delay(), () -> inLife(lived, () -> answered(askedAt, held, leader)));
          });
    }

    private void unanswered() {
      candidacy.expired(clock());
      again();
    }

    private void answered(long askedAt, long held, Leader leader) {
      Outcome outcome = candidacy.answered(askedAt, held, clock(), leader);
      if (outcome == Outcome.ELECTED) {
        assertThat(world.epochs.add(leader.epoch())).as("epoch %s", leader.epoch()).isTrue();
      } else if (outcome == Outcome.UNWANTED) {
        long unwanted = leader.epoch();
        world.at(world.delay(), () -> world.row.resign(unwanted));
      }
      again();
    }

    private void again() {
      int lived = life;
      long wait = candidacy.nextLook(clock()) - clock();
      world.at(wait, () -> inLife(lived, this::ask));
    }
  }
}
