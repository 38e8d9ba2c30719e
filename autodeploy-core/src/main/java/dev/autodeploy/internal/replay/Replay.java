package dev.autodeploy.internal.replay;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.decision.Arrival;
import dev.autodeploy.internal.decision.DeploymentMachine;
import dev.autodeploy.internal.decision.Effect;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.internal.decision.Room;
import dev.autodeploy.internal.ledger.BudgetMeter;
import dev.autodeploy.internal.ledger.CostBook;
import dev.autodeploy.internal.ledger.DeploymentLedger;
import dev.autodeploy.replay.ReplayResult;
import dev.autodeploy.replay.Traffic;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.IdlePolicy;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * One run of a deployment over requests of the past, in virtual time. The decisions are those of
 * {@link DeploymentMachine}, {@link BudgetMeter} and {@link DeploymentLedger}; this is only what
 * carries them out: every start succeeds after the same time, and there is always room.
 */
public final class Replay {
  private static final URI NOWHERE = URI.create("http://replay.invalid");

  /** The patience of callers, who wait for as long as it takes. */
  private static final long PATIENCE = Duration.ofDays(365).toNanos();

  private final Traffic traffic;
  private final DeploymentSpec spec;
  private final Timing timing;
  private final Instant origin;
  private final DeploymentMachine machine;
  private final DeploymentLedger ledger;
  private final @Nullable BudgetMeter budget;
  private final PriorityQueue<Happening> happenings = new PriorityQueue<>();
  private final Waits waits = new Waits();

  private long now;
  private long happened;
  private long ids;
  private long timer = NEVER;
  private long refused;
  private long coldStarts;

  /** The time for which the instances that are gone have existed. */
  private Duration closed = Duration.ZERO;

  /** The instance of the last cold start: of the others that wait for it, none counts again. */
  private @Nullable Instance lastCold;

  private Effect.@Nullable Want wanted;
  private int roomsGiven;

  /**
   * The times that a replay goes by.
   *
   * @param start from a start request to ready
   * @param release from the end of an instance to its being verified gone
   * @param measuredFrom from when on it is measured
   */
  public record Timing(Duration start, Duration release, Instant measuredFrom) {}

  /** Something that happens at a moment; of several at one moment, the first to be planned. */
  private record Happening(long at, long number, Runnable event) implements Comparable<Happening> {
    @Override
    public int compareTo(Happening other) {
      int byTime = Long.compare(at, other.at);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }

  /** The counts at a moment. */
  private record Counts(
      Money cost,
      Duration existing,
      long starts,
      long coldStarts,
      long coldRequests,
      long refused) {}

  private Replay(
      Traffic traffic, DeploymentSpec spec, IdlePolicy policy, CostMeter meter, Timing timing) {
    this.traffic = traffic;
    this.spec = spec;
    this.timing = timing;
    origin = traffic.from();
    machine =
        new DeploymentMachine(spec, "", policy, new SplittableRandom(0), () -> "replay-" + ids++);
    ledger = new DeploymentLedger(spec.name(), origin, this::wall, meter, new CostBook(null));
    budget = spec.budget() == null ? null : new BudgetMeter(ledger);
  }

  /** Replays requests; takes a time in proportion to their number. */
  public static ReplayResult run(
      Traffic traffic, DeploymentSpec spec, IdlePolicy policy, CostMeter meter, Timing timing) {
    return new Replay(traffic, spec, policy, meter, timing).run();
  }

  private ReplayResult run() {
    measureBudget();
    decide(() -> machine.open(now));
    long end = offset(traffic.until());
    long measuredFrom = Math.min(end, offset(timing.measuredFrom()));
    Counts before = counts();
    int next = 0;
    while (now < measuredFrom) {
      next = advance(next, measuredFrom);
      before = counts();
      waits.clear();
    }
    advance(next, end);
    Counts after = counts();
    Duration existing = after.existing.minus(before.existing);
    return new ReplayResult(
        new Money(after.cost.amount().subtract(before.cost.amount()), after.cost.currency()),
        existing,
        existing.multipliedBy(Math.max(1, Math.max(spec.gpu().count(), spec.gpu().ids().size()))),
        waits.requests(),
        after.refused - before.refused,
        after.starts - before.starts,
        after.coldStarts - before.coldStarts,
        after.coldRequests - before.coldRequests,
        waits.quantile(0.5),
        waits.quantile(0.95),
        origin.plusNanos(measuredFrom),
        traffic.until());
  }

  private Instant wall() {
    return origin.plusNanos(now);
  }

  private long offset(Instant moment) {
    return moment.isBefore(origin) ? 0 : Duration.between(origin, moment).toNanos();
  }

  private Counts counts() {
    Duration existing = closed;
    for (UsageInterval usage : ledger.open(now)) {
      existing = existing.plus(usage.existing());
    }
    Money cost = ledger.cost(spec.gpu(), now).total();
    return new Counts(cost, existing, machine.starts(), coldStarts, machine.coldStarts(), refused);
  }

  /** Lets happen all up to a moment; returns the next request after it. */
  private int advance(int first, long until) {
    int next = first;
    while (true) {
      long asks = next < traffic.size() ? offset(traffic.at(next)) : NEVER;
      Happening head = happenings.peek();
      long happens = head == null ? NEVER : head.at;
      long at = Math.min(Math.min(asks, happens), timer);
      if (at >= until) {
        now = until;
        return next;
      }
      now = Math.max(now, at);
      if (happens <= asks && happens <= timer && head != null) {
        happenings.poll();
        decide(head.event);
      } else if (timer < asks) { // who asks at the very moment of a timeout comes first
        timer = NEVER;
        decide(() -> machine.timer(now));
      } else {
        ask(next++);
      }
    }
  }

  private void ask(int number) {
    long busy = traffic.busy(number).toNanos();
    boolean leaves = traffic.gaveUp(number);
    ReplayedRequest request =
        new ReplayedRequest(
            this,
            AcquireRequest.within(spec.startTimeout()),
            now,
            now + PATIENCE,
            leaves ? 0 : busy);
    decide(
        () -> {
          Instance instance = machine.acquire(now, request);
          if (instance != null) {
            request.granted(instance, Arrival.READY, 0);
          }
        });
    if (leaves && !request.isAnswered()) {
      in(busy, () -> machine.cancel(now, request));
    }
  }

  private void in(long nanos, Runnable event) {
    happenings.add(new Happening(now + nanos, happened++, event));
  }

  void granted(Instance instance, long busy, long waitedNanos) {
    waits.add(waitedNanos);
    in(busy, () -> machine.leaseClosed(now, instance));
  }

  void refused() {
    refused++;
  }

  // The shell: the time of day and the budget before each decision, and its effects after it.

  private void decide(Runnable decision) {
    if (machine.goesByTheClock()) {
      machine.tell(now, wall());
      carryOut();
    }
    if (budget != null && !budget.isFresh(now)) {
      measureBudget();
    }
    decision.run();
    carryOut();
  }

  private void measureBudget() {
    if (budget != null) {
      machine.allow(now, budget.measure(spec, now, wall(), machine.learnedStart()));
      carryOut();
    }
  }

  private void carryOut() {
    do {
      for (Effect e = machine.effects().poll(); e != null; e = machine.effects().poll()) {
        carryOut(e);
      }
      if (budget != null && budget.last() == null) { // an instance came or went
        machine.allow(now, budget.measure(spec, now, wall(), machine.learnedStart()));
      } else if (wanted != null && wanted.count() > 0 && wanted.received() == roomsGiven) {
        Room room =
            new Room(++roomsGiven, 0, wanted.request(), List.of(), false, 0, wanted.hostBytes());
        machine.rooms().given(now, room, false);
      }
    } while (!machine.effects().isEmpty());
  }

  private void carryOut(Effect effect) {
    if (effect instanceof Effect.Start e) {
      ledger.open(e.instance(), wall(), null);
      cameOrWent();
      machine.startAsked(e.instance());
      in(timing.start.toNanos(), () -> machine.ready(now, e.instance(), NOWHERE));
    } else if (effect instanceof Effect.Release e) {
      long takes = e.startAsked() ? timing.release.toNanos() : 0;
      in(takes, () -> machine.released(now, e.instance()));
    } else if (effect instanceof Effect.Gone e) {
      DeploymentLedger.Closed account = ledger.close(e.instance(), e.at());
      closed = account.paid() ? closed.plus(account.usage().existing()) : closed;
      cameOrWent();
    } else if (effect instanceof Effect.Grant e) {
      if (e.arrival() == Arrival.STARTED && e.instance() != lastCold) {
        lastCold = e.instance();
        coldStarts++;
      }
      e.waiter().granted(e.instance(), e.arrival(), e.waitedNanos());
    } else if (effect instanceof Effect.Reject e) {
      e.waiter().rejected(e.error());
    } else if (effect instanceof Effect.SetTimer e) {
      timer = e.at();
    } else if (effect instanceof Effect.Want e) {
      wanted = e;
    } else if (effect instanceof Effect.Check e && e.liveness()) {
      in(0, () -> machine.health().answered(now, e.instance(), e.number(), null));
    }
    // All others tell somebody of something, and there is nobody.
  }

  private void cameOrWent() {
    if (budget != null) {
      budget.changed();
    }
  }
}
