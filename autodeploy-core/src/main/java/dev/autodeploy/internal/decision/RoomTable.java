package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.PlaceInLine.Next;
import dev.autodeploy.internal.decision.Party.Occupant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * The holders of rooms at a moment, and how soon each could go: made anew for every decision of the
 * {@link Arbiter}.
 */
final class RoomTable {

  /** The ease with which an instance can go, best first. */
  enum Ease {
    /** Being released. */
    GOING,
    /** Idle, and was for long enough. */
    IDLE,
    /** Idle, but its next request may be on its way. */
    PAUSING,
    /** Taking no further request, while it finishes those in flight. */
    DRAINING,
    /** Busy until its turn ends. */
    BUSY,
    /** Being started. */
    STARTING,
    /** An instance that is not to go. */
    STAYS
  }

  /**
   * A room and who has it.
   *
   * @param room the room
   * @param party its deployment, or null if that is not known
   * @param occupant its instance, or null if it is not made yet
   * @param ease how easily it can go
   * @param at when it can be asked to, or {@link Instance#NEVER}
   * @param cost what it would cost to bring it back, from its sleep if it can go by sleeping
   * @param costOfRelease what it would cost to bring it back if it was released
   */
  record Holding(
      Room room,
      @Nullable Party party,
      @Nullable Occupant occupant,
      Ease ease,
      long at,
      double cost,
      double costOfRelease) {

    private static final Comparator<Holding> BY_EASE = byEase(Holding::cost);
    private static final Comparator<Holding> BY_EASE_OF_RELEASE = byEase(Holding::costOfRelease);

    private static Comparator<Holding> byEase(ToDoubleFunction<Holding> cost) {
      return Comparator.comparing(Holding::ease)
          .thenComparing((a, b) -> a.ease == Ease.IDLE ? 0 : Long.compare(a.at, b.at))
          .thenComparingInt(h -> h.party == null ? 0 : h.party.priority())
          .thenComparingDouble(cost)
          .thenComparingLong(h -> h.room.id());
    }

    /** Returns the order in which rooms are cleared, for which it is enough to sleep. */
    static Comparator<Holding> byEase() {
      return BY_EASE;
    }

    /** Returns the order in which instances are released. */
    static Comparator<Holding> byEaseOfRelease() {
      return BY_EASE_OF_RELEASE;
    }

    RoomWait.Holder toHolder() {
      Next next =
          switch (ease) {
            case GOING, DRAINING -> Next.GOES;
            case IDLE, PAUSING -> Next.GOES_IF_IDLE;
            case BUSY -> Next.TURN_ENDS;
            case STARTING -> Next.WAITED_FOR;
            case STAYS -> Next.STAYS;
          };
      return new RoomWait.Holder(
          party == null ? "an instance of no deployment" : party.name(),
          occupant == null ? "" : occupant.instanceId(),
          occupant == null ? InstancePhase.STARTING : occupant.phase(),
          occupant == null ? 0 : occupant.inFlight(),
          next,
          at);
    }
  }

  private final long now;
  private final Map<Long, Party> parties;
  private final Collection<Room> rooms;
  private final Map<Long, Occupant> occupants = new HashMap<>();

  /**
   * The number of ready instances of a deployment that may still go, those picked here excluded.
   */
  private final Map<Long, Integer> mayGo = new HashMap<>();

  private final Set<Long> picked = new HashSet<>();
  private final Set<Long> toWake;

  /**
   * Makes one.
   *
   * @param toWake the rooms that were given to instances asleep, which do not know it yet
   */
  RoomTable(long now, Map<Long, Party> parties, Collection<Room> rooms, Set<Long> toWake) {
    this.now = now;
    this.parties = parties;
    this.rooms = rooms;
    this.toWake = toWake;
    for (Party party : parties.values()) {
      mayGo.put(party.number(), party.mayGo());
      party.occupants().forEach(occupant -> occupants.put(occupant.room(), occupant));
    }
  }

  /**
   * Returns whether what a deployment wants is not needed by anybody now: an instance of it serves,
   * or will soon, or nobody has asked yet.
   */
  boolean isExtra(long party) {
    Party wanting = parties.get(party);
    return isServed(party) || (wanting != null && wanting.expects());
  }

  private boolean isServed(long party) {
    return rooms.stream()
        .filter(room -> room.party() == party)
        .map(room -> occupants.get(room.id()))
        .anyMatch(
            occupant ->
                occupant == null || occupant.phase() == InstancePhase.READY || isComing(occupant));
  }

  /** Returns the rooms that a condition is true of, as they stand for one that wants them. */
  List<Holding> holdings(long wanting, long needed, Predicate<Room> which) {
    List<Holding> all = new ArrayList<>();
    for (Room room : rooms) {
      if (which.test(room)) {
        all.add(holding(room, wanting, needed));
      }
    }
    return all;
  }

  private Holding holding(Room room, long wanting, long needed) {
    Party party = parties.get(room.party());
    Occupant occupant = occupants.get(room.id());
    if (party == null) {
      return new Holding(room, null, occupant, Ease.STAYS, NEVER, 0, 0);
    }
    if (occupant == null || isComing(occupant)) {
      long readyAt = (occupant == null ? now : occupant.startedAt()) + Turns.swap(party);
      return new Holding(room, party, occupant, Ease.STARTING, Math.max(now, readyAt), 0, 0);
    }
    boolean fallsAsleep = occupant.phase() == InstancePhase.FALLING_ASLEEP;
    if (occupant.phase() == InstancePhase.RELEASING || (fallsAsleep && occupant.inFlight() == 0)) {
      return new Holding(room, party, occupant, Ease.GOING, now, 0, 0);
    }
    if (occupant.phase() == InstancePhase.DRAINING || fallsAsleep) {
      return new Holding(room, party, occupant, Ease.DRAINING, now, 0, 0);
    }
    if (occupant.phase() == InstancePhase.ASLEEP) {
      double gone = cost(party, occupant, Turns.swap(party));
      return new Holding(room, party, occupant, Ease.IDLE, now, gone, gone);
    }
    boolean stays =
        room.party() == wanting
            || (!picked.contains(room.id()) && mayGo.getOrDefault(room.party(), 0) <= 0);
    if (stays) {
      return new Holding(room, party, occupant, Ease.STAYS, NEVER, 0, 0);
    }
    long turnEnd = Turns.end(party, occupant, needed);
    double release = cost(party, occupant, Turns.swap(party));
    double cost = occupant.keptBytes() == 0 ? cost(party, occupant, Turns.wake(party)) : release;
    if (!Turns.isIdle(party, occupant)) {
      return new Holding(room, party, occupant, Ease.BUSY, turnEnd, cost, release);
    }
    long idleEnd = Turns.idleEnd(party, occupant, turnEnd);
    Ease ease = idleEnd <= now ? Ease.IDLE : Ease.PAUSING;
    return new Holding(room, party, occupant, ease, idleEnd, cost, release);
  }

  private boolean isComing(Occupant occupant) {
    return occupant.phase() == InstancePhase.STARTING
        || occupant.phase() == InstancePhase.WAKING
        || (occupant.phase() == InstancePhase.ASLEEP && toWake.contains(occupant.room()));
  }

  /** Returns the expected effort to bring an idle instance back, which takes so long. */
  private double cost(Party party, Occupant occupant, long nanos) {
    long idle = occupant.idleSince() == NEVER ? 0 : Math.max(0, now - occupant.idleSince());
    return VictimCost.of(party, idle, nanos);
  }

  /** Counts one as going, so that no more go than may; returns whether it did not before. */
  boolean pick(Holding holding) {
    boolean news = isReady(holding) && picked.add(holding.room().id());
    if (news) {
      mayGo.merge(holding.room().party(), -1, Integer::sum);
    }
    return news;
  }

  /** Undoes {@link #pick}. */
  void drop(Holding holding) {
    if (isReady(holding) && picked.remove(holding.room().id())) {
      mayGo.merge(holding.room().party(), 1, Integer::sum);
    }
  }

  /**
   * Returns who has to go until it is enough, those first that go most easily; all, if it never is.
   *
   * @param among the rooms of those who may be chosen
   * @param party who wants room
   * @param startBy when its start has to begin, or {@link Instance#NEVER}
   * @param order who goes more easily
   * @param isEnough whether these are enough
   */
  List<Holding> clear(
      Set<Long> among,
      long party,
      long startBy,
      Comparator<Holding> order,
      Predicate<List<Holding>> isEnough) {
    Set<Long> rooms = new HashSet<>(among);
    List<Holding> go = new ArrayList<>();
    List<Holding> news = new ArrayList<>();
    while (!rooms.isEmpty() && !isEnough.test(go)) {
      // Seen anew each time: of a deployment no more go than may.
      Holding next =
          holdings(party, startBy, room -> rooms.contains(room.id())).stream()
              .min(order)
              .orElseThrow();
      rooms.remove(next.room().id());
      go.add(next);
      if (pick(next)) {
        news.add(next);
      }
    }
    news.forEach(this::drop);
    for (Holding holding : List.copyOf(go)) { // a small one need not go if a large one has to
      List<Holding> others = new ArrayList<>(go);
      others.remove(holding);
      if (isEnough.test(others)) {
        go.remove(holding);
      }
    }
    return go;
  }

  private static boolean isReady(Holding holding) {
    Occupant occupant = holding.occupant();
    return occupant != null && occupant.phase() == InstancePhase.READY;
  }

  /**
   * Returns how much memory of a GPU an instance holds on which it is.
   *
   * @param memory the memory of the GPU, which is all held by an instance that has whole GPUs
   */
  static long held(Holding holding, long memory) {
    return held(holding.room(), memory);
  }

  /** Returns how much memory of a GPU of so much is held by whoever has a room on it. */
  static long held(Room room, long memory) {
    if (room.asleep()) {
      return Math.min(memory, room.keptBytes());
    }
    return room.request().isWhole() ? memory : Math.min(memory, room.request().memoryBytes());
  }

  /**
   * Returns whether a room holds a GPU, or a part of it; one that does not know its GPUs may hold
   * any, and of one that sleeps only what it keeps is held.
   */
  static boolean holds(Room room, String gpu) {
    return !room.isLeft()
        && (room.gpus().contains(gpu)
            || (room.gpus().isEmpty() && room.request().count() == GpuRequest.ALL));
  }

  /**
   * Returns whether one stays for good: not while its deployment will soon have another ready, and
   * may then spare it.
   */
  static boolean isForGood(Holding holding) {
    Party party = holding.party();
    return holding.ease() == Ease.STAYS
        && (party == null || party.occupants().stream().noneMatch(RoomTable::isOnItsWay));
  }

  private static boolean isOnItsWay(Occupant occupant) {
    return occupant.phase() == InstancePhase.STARTING || occupant.phase() == InstancePhase.WAKING;
  }

  /** Returns the memory of each GPU that an instance would keep if it slept, or -1 if it cannot. */
  static long kept(Holding holding) {
    return holding.occupant() == null ? -1 : holding.occupant().keptBytes();
  }
}
