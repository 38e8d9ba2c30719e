package dev.autodeploy.internal.decision;

import static dev.autodeploy.InstancePhase.ASLEEP;
import static dev.autodeploy.InstancePhase.READY;
import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Money;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.SleepMode;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.decision.Party.Occupant;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The part of a deployment in sharing room with others: takes the room that the {@link Arbiter}
 * gives, and makes room when it asks. Whether an instance may go is decided here, at one moment
 * with everything else about it: the arbiter may have seen an older one. It has no state of its
 * own, and is made for each occasion.
 */
public final class RoomProcess {
  /** The duration of a start before the first. */
  private static final long GUESSED_START = Duration.ofSeconds(10).toNanos();

  /** The part of a start that waking is taken for before the first time. */
  private static final int GUESSED_WAKE = 10;

  private final Declaration declaration;
  private final Instances instances;
  private final Callers callers;
  private final StartProcess starts;
  private final ReleaseProcess releases;
  private final RecentUsage history;
  private final Outbox outbox;
  private final LongConsumer after;

  /**
   * Makes one.
   *
   * @param after ends an event
   */
  RoomProcess(
      Declaration declaration,
      Instances instances,
      Callers callers,
      StartProcess starts,
      ReleaseProcess releases,
      RecentUsage history,
      Outbox outbox,
      LongConsumer after) {
    this.declaration = declaration;
    this.instances = instances;
    this.callers = callers;
    this.starts = starts;
    this.releases = releases;
    this.history = history;
    this.outbox = outbox;
    this.after = after;
  }

  /** Returns what is waited for, or null. */
  public @Nullable RoomWait waitsFor() {
    return starts.waitsForRoom();
  }

  // Events.

  /**
   * There is room for one instance: it is started or woken, or the room is given back.
   *
   * @param wake whether it is that of an instance that is to be woken in it
   */
  public void given(long now, Room room, boolean wake) {
    starts.rooms().received();
    if (wake) {
      Instance sleeper = sleepers().in(room); // or it goes, and its room with it
      if (sleeper != null && !starts.wakeIn(now, sleeper)) {
        sleepers().giveRoomUp(now, sleeper);
      }
    } else if (!starts.startIn(now, room)) {
      outbox.add(new Effect.RoomBack(room));
    }
    after.accept(now);
  }

  /**
   * An instance is asked to go. One that sleeps is released. Any other does if it is ready, nobody
   * else may still use it as one that was adopted, its deployment can spare it, and
   *
   * <ol>
   *   <li>nobody uses it, nor is about to: at once;
   *   <li>or its turn is over: it takes no further request, and goes after those in flight.
   * </ol>
   *
   * <p>To go is to be released; or, if it can and that is enough, to be put to sleep.
   *
   * @param forWhom the deployment that waits
   * @param sleep whether it is enough that it sleeps
   */
  public void makeRoom(long now, long room, boolean busyToo, String forWhom, boolean sleep) {
    for (Instance instance : List.copyOf(instances.all())) {
      if (instance.room != null && instance.room.id() == room && !instance.isHeld(now)) {
        boolean idle = instance.isIdle() && !isWanted(instance) && callers.waiting() == 0;
        boolean goes = instance.is(READY) && mayGo() > 0 && (idle || busyToo);
        // Said twice, the second time may come after it was given its room to wake.
        boolean said = sleep && instance.sleep.roomGivenUp;
        if (goes || (instance.is(ASLEEP) && !said && !declaration.spec().pinned())) {
          int inFlight = instance.inFlight;
          outbox.publish(
              at ->
                  new DeploymentEvent.InstanceMakesRoom(
                      at, outbox.deployment(), instance.id, forWhom, inFlight));
          if (sleep && instance.is(ASLEEP)) {
            sleepers().giveRoomUp(now, instance); // it was pinned, and kept it so far
          } else if (sleep && Sleepers.canSleep(instance)) {
            sleepers().put(now, instance, forWhom);
          } else {
            releases.drain(now, instance, ReleaseReason.MADE_ROOM);
          }
          after.accept(now);
        }
        return;
      }
    }
  }

  private Sleepers sleepers() {
    return new Sleepers(instances, outbox);
  }

  /** Returns when an instance may make room at the earliest: others look again then. */
  static long nextLook(long now, Instance instance) {
    return instance.room != null && instance.isHeld(now) ? instance.heldUntil() : NEVER;
  }

  /** The provider has no room for an instance that it was asked to start. */
  public void noRoom(long now, Instance instance, String message) {
    if (!instance.isStarting()) {
      return;
    }
    // Who waits in line waits for GPUs, not for what else a provider may lack: the backoff repeats.
    if (instance.room == null || instance.room.request().isNone()) {
      starts.failed(now, instance, message, null);
    } else {
      outbox.add(new Effect.NoRoom(instance.room, message));
      releases.drain(now, instance, ReleaseReason.NO_ROOM);
    }
    after.accept(now);
  }

  // Facts.

  /**
   * The deployment waits for room, or no longer. An instance that cannot be woken, because others
   * keep its GPUs for good, is released: another one may find room elsewhere.
   */
  public void waits(long now, @Nullable RoomWait what) {
    if (what != null && waitsFor() == null) {
      String message = "waits for " + what.describe();
      outbox.publish(
          at -> new DeploymentEvent.WaitsForRoom(at, outbox.deployment(), what.place(), message));
    }
    starts.rooms().waits(what);
    Room asleep = starts.rooms().asleep();
    Instance sleeper = asleep == null ? null : sleepers().in(asleep);
    if (what != null && sleeper != null && what.forGood()) {
      String message = "it cannot be woken: others keep " + what.needs() + " for good";
      outbox.publish(
          at ->
              new DeploymentEvent.InstanceReplaced(
                  at,
                  outbox.deployment(),
                  sleeper.id,
                  ReleaseReason.SLEEP_FAILED,
                  message,
                  sleeper.inFlight));
      releases.drain(now, sleeper, ReleaseReason.SLEEP_FAILED);
      after.accept(now);
    }
  }

  /** Nobody waits for room any longer: nothing need be said. */
  public void unwatched() {
    outbox.watched(false);
  }

  /** Returns the instances that take up room, with their times on the ticker. */
  public List<Occupant> occupants(long origin) {
    List<Occupant> occupants = new ArrayList<>();
    for (Instance instance : instances.all()) {
      if (instance.room != null) {
        occupants.add(
            new Occupant(
                instance.room.id(),
                instance.id,
                keepsRoomAsleep(instance) ? READY : instance.phase(),
                instance.countedInFlight(),
                instance.inFlight > 0 || isWanted(instance),
                keptBytes(instance),
                onTicker(instance.awakeSince(), origin),
                onTicker(instance.idleSince, origin),
                onTicker(instance.startRequestedAt, origin)));
      }
    }
    return occupants;
  }

  /**
   * Returns the deployment as the arbiter sees it, and has it look again when that changes.
   *
   * @param number which deployment
   * @param origin the moment of the ticker at which the deployment's time line begins
   */
  public Party watch(long number, long origin) {
    outbox.watched(true);
    DeploymentSpec spec = declaration.spec();
    Money price = spec.pricePerHour();
    List<Occupant> occupants = occupants(origin);
    return new Party(
        number,
        spec.name(),
        mayGo(),
        spec.priority(),
        starts.onlyExpects(),
        callers.waiting(),
        onTicker(callers.earliestDeadline(), origin),
        learnedStart(GUESSED_START),
        learnedWake(),
        history.recentGaps().stream().map(Duration::toNanos).toList(),
        price == null ? 1 : price.amount().doubleValue(),
        occupants);
  }

  /** Returns whether one sleeps that is pinned: for others it is as good as awake. */
  private boolean keepsRoomAsleep(Instance instance) {
    return instance.is(ASLEEP) && !instance.sleep.roomGivenUp && declaration.spec().pinned();
  }

  private long keptBytes(Instance instance) {
    SleepMode mode = instance.isResting() ? instance.sleep.mode : instance.spec.sleepMode();
    return mode == null || instance.reserved || !declaration.sleepersCanLeave()
        ? -1
        : mode.keptBytes();
  }

  private static boolean isWanted(Instance instance) {
    return instance.reserved || !instance.bound.isEmpty();
  }

  private int mayGo() {
    DeploymentSpec spec = declaration.spec();
    return spec.pinned() ? 0 : Math.max(0, instances.count(READY) - declaration.minInstances());
  }

  private static long onTicker(long moment, long origin) {
    return moment == NEVER ? NEVER : moment + origin;
  }

  /** Returns the median of the recent starts, or a guess. */
  long learnedStart(long guess) {
    long[] recent =
        history.recentStartDurations().stream().mapToLong(Duration::toNanos).sorted().toArray();
    return recent.length == 0 ? guess : recent[recent.length / 2];
  }

  /** Returns the median of the recent wake-ups, or a tenth of a start. */
  private long learnedWake() {
    long[] recent = history.wakeNanos();
    return recent.length == 0
        ? learnedStart(GUESSED_START) / GUESSED_WAKE
        : recent[recent.length / 2];
  }
}
