package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;
import static java.util.Comparator.comparing;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.internal.decision.Party.Occupant;
import dev.autodeploy.internal.decision.RoomFinder.Choice;
import dev.autodeploy.internal.decision.RoomTable.Ease;
import dev.autodeploy.internal.decision.RoomTable.Holding;
import dev.autodeploy.internal.text.ByteSize;
import dev.autodeploy.spi.ProviderCapacity;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The arbiter between deployments that share GPUs, or what the engine's instances may have together
 * ({@link HostShare}): who gets room for an instance, and who makes it. Like {@link
 * DeploymentMachine}, plain code: events come in with their time, in nanoseconds of the engine's
 * ticker; {@link #decide} ends each and returns the effects. Not thread-safe: called under one
 * lock.
 *
 * <p>The rules, in order:
 *
 * <ol>
 *   <li>Whoever finds no room waits in line, first come, first served; a deployment that serves
 *       already, and only wants another instance, or one that only expects a request, after those
 *       that do not.
 *   <li>The first in line gets the room that is cleared most easily ({@link RoomFinder}), all at
 *       once: nobody holds a part and waits for the rest. Those behind it get only what it does not
 *       need.
 *   <li>Room is made by those who are idle, and by busy ones when their turn is over ({@link
 *       Turns}); but not for one that serves already, or only expects a request. Who can sleep and
 *       leave room enough by it does so, instead of being released.
 *   <li>Nobody goes who is pinned or belongs to a minimum.
 * </ol>
 *
 * <p>It holds only who has which room and who is in line; everything else about a deployment it is
 * shown anew for every decision, so it cannot have missed anything.
 */
public final class Arbiter {

  /** A deployment that wants room. */
  private static final class Wish {
    final long party;
    GpuRequest request;
    HostShare need = HostShare.NONE;
    int count;
    long since;

    /** The room of the instance that is to be woken in it, or null for starts. */
    @Nullable Long asleep;

    /** The number of rooms given so far, of which the deployment may not know the last yet. */
    int given;

    /** The last room given of an instance that was asleep, or null. */
    @Nullable Long toWake;

    int received;
    String note = "";

    @Nullable RoomWait told;

    Wish(long party, GpuRequest request) {
      this.party = party;
      this.request = request;
    }

    int open() {
      return Math.max(0, count - (given - received));
    }
  }

  private final Map<Long, Room> rooms = new LinkedHashMap<>();

  /** The deployments that want room, or did: for as long as they exist. */
  private final Map<Long, Wish> wishes = new LinkedHashMap<>();

  private final Refusals refusals = new Refusals();

  /** The rooms that the provider has refused, until their instances are gone. */
  private final Set<Long> refused = new HashSet<>();

  private final HostShare host;
  private ProviderCapacity capacity = ProviderCapacity.unknown();
  private long lastRoom;
  private long nextLook = NEVER;

  /**
   * Makes one.
   *
   * @param host what all instances may have together
   */
  public Arbiter(HostShare host) {
    this.host = host;
  }

  /** Makes one for which only GPUs are scarce. */
  Arbiter() {
    this(HostShare.UNLIMITED);
  }

  /**
   * Refuses a request that can never be met.
   *
   * @throws IllegalArgumentException with what there is
   */
  public static void checkFits(GpuRequest request, ProviderCapacity capacity) {
    List<ProviderCapacity.Gpu> gpus = capacity.gpus();
    if (gpus == null) {
      return;
    }
    int fitting = capacity.fitting(request).size();
    if (fitting == 0 || fitting < RoomFinder.wanted(request, fitting)) {
      String all =
          gpus.stream().map(gpu -> describe(gpu, request)).collect(Collectors.joining(", "));
      throw new IllegalArgumentException(
          "there can never be room for an instance that needs "
              + RoomFinder.needs(request)
              + ": the GPUs are "
              + (all.isEmpty() ? "none" : all)
              + "; ask for fewer or others (gpu), or tell the provider of more"
              + (request.isWhole() ? "" : ", or how much memory they have"));
    }
  }

  private static String describe(ProviderCapacity.Gpu gpu, GpuRequest request) {
    String memory =
        gpu.memoryBytes() > 0
            ? " with " + ByteSize.format(gpu.memoryBytes())
            : request.isWhole() ? "" : " of unknown memory";
    return (gpu.id() + " " + gpu.model()).strip() + memory;
  }

  // The state, to be read.

  /** Returns the rooms that are taken. */
  public Collection<Room> rooms() {
    return Collections.unmodifiableCollection(rooms.values());
  }

  /** Returns whether anybody waits in line. */
  public boolean isContended() {
    return wishes.values().stream().anyMatch(wish -> wish.open() > 0);
  }

  /** Returns the deployments that have room or wait for some. */
  public Set<Long> parties() {
    Set<Long> parties = new HashSet<>();
    rooms.values().forEach(room -> parties.add(room.party()));
    wishes.values().stream()
        .filter(wish -> wish.open() > 0 || wish.told != null)
        .forEach(wish -> parties.add(wish.party));
    return parties;
  }

  /**
   * Returns when {@link #decide} is to be called again at the latest, or {@link Instance#NEVER}.
   */
  public long nextLook() {
    return nextLook;
  }

  // Events.

  /** The provider's GPUs are known, or are others. */
  public void capacity(ProviderCapacity now) {
    capacity = now;
  }

  /** A deployment wants room for starts, of which no memory of the host counts. */
  void want(long now, long party, GpuRequest request, int count, int received) {
    want(now, party, new Effect.Want(request, count, received));
  }

  /** A deployment wants room. */
  public void want(long now, long party, Effect.Want want) {
    Wish wish = wishes.computeIfAbsent(party, key -> new Wish(party, want.request()));
    Long asleep = want.asleep() == null ? null : want.asleep().id();
    HostShare need = new HostShare(1, want.hostBytes());
    boolean waited =
        wish.open() > 0
            && wish.request.equals(want.request())
            && wish.need.equals(need)
            && Objects.equals(wish.asleep, asleep);
    wish.request = want.request();
    wish.need = need;
    wish.asleep = asleep;
    wish.count = want.count();
    wish.received = want.received();
    if (wish.open() > 0 && !waited) {
      wish.since = now;
    }
    if (want.count() == 0) {
      wish.note = "";
    }
  }

  /** An instance that was not started here takes up room, of which no memory of the host counts. */
  Room occupy(long party, GpuRequest request, List<String> gpus) {
    return occupy(party, request, gpus, 0);
  }

  /** An instance that was not started here takes up room. */
  public Room occupy(long party, GpuRequest request, List<String> gpus, long hostBytes) {
    Room room = new Room(++lastRoom, party, request, gpus, false, 0, hostBytes);
    rooms.put(room.id(), room);
    return room;
  }

  /** The instance in a room has started, on these GPUs. */
  public void placed(Room room, List<String> gpus) {
    refusals.accepted(keys(room));
    if (!gpus.isEmpty()) {
      rooms.computeIfPresent(room.id(), (id, known) -> known.on(gpus));
    }
  }

  /** The instance in a room sleeps; others may have what it does not keep. */
  public void slumbers(long now, Room room, long keptBytes) {
    if (rooms.computeIfPresent(room.id(), (id, known) -> known.asleep(keptBytes)) != null) {
      refusals.retry(now);
    }
  }

  /** Room is free: its instance is gone, or was never made. */
  public void freed(long now, Room room) {
    boolean had = rooms.remove(room.id()) != null;
    if (!refused.remove(room.id()) && had) {
      refusals.retry(now);
    }
  }

  /** The provider has no room for an instance to which room was given. */
  public void refused(long now, Room room, String message) {
    refused.add(room.id());
    refusals.refused(now, keys(room));
    Wish wish = wishes.get(room.party());
    if (wish != null) {
      wish.note = message;
    }
  }

  /** Nothing is left of a deployment. */
  public void forget(long party) {
    wishes.remove(party);
  }

  private List<String> keys(Room room) {
    if (!room.gpus().isEmpty()) {
      return room.gpus();
    }
    List<String> ids = room.request().ids();
    return ids.isEmpty() || capacity.gpus() != null ? List.of(RoomFinder.ANY) : ids;
  }

  // Decisions.

  /**
   * Ends every event.
   *
   * @param parties the deployments of {@link #parties()}, as they are now
   * @return what follows, in order
   */
  public List<ArbiterEffect> decide(long now, Map<Long, Party> parties) {
    List<ArbiterEffect> effects = new ArrayList<>();
    Decision decision = new Decision(now, parties, effects);
    nextLook = NEVER;
    for (Wish wish : line(decision.table)) {
      decision.serve(wish);
    }
    for (Wish wish : wishes.values()) {
      RoomWait wait = decision.waits.get(wish);
      if (wait == null ? wish.told != null : !wait.equals(wish.told)) {
        wish.told = wait;
        effects.add(new ArbiterEffect.Waits(wish.party, wait));
      }
    }
    return effects;
  }

  /** Returns those who wait, in order (1). */
  private List<Wish> line(RoomTable table) {
    List<Wish> line = new ArrayList<>(wishes.values());
    line.removeIf(wish -> wish.open() == 0);
    line.sort(
        comparing((Wish wish) -> table.isExtra(wish.party))
            .thenComparingLong(wish -> wish.since)
            .thenComparingLong(wish -> wish.party));
    return line;
  }

  /** One pass along the line. */
  private final class Decision {
    private final long now;
    private final Map<Long, Party> parties;
    private final List<ArbiterEffect> effects;
    private final RoomTable table;
    private final HostShares shares;
    private final Set<String> claimed = new HashSet<>();
    private final Map<Wish, RoomWait> waits = new HashMap<>();
    private final Set<Long> toWake = new HashSet<>();
    private final RoomForecast forecast = new RoomForecast();
    private int place;

    Decision(long now, Map<Long, Party> parties, List<ArbiterEffect> effects) {
      this.now = now;
      this.parties = parties;
      this.effects = effects;
      for (Wish wish : wishes.values()) {
        if (wish.toWake != null && wish.given > wish.received) {
          toWake.add(wish.toWake);
        }
      }
      this.table = new RoomTable(now, parties, rooms.values(), toWake);
      this.shares = new HostShares(host, table, rooms.values());
    }

    void serve(Wish wish) {
      Party party = parties.get(wish.party);
      if (party == null) {
        return;
      }
      boolean extra = table.isExtra(wish.party);
      while (wish.open() > 0) {
        long needed = needed(party);
        Room sleeper = wish.asleep == null ? null : rooms.get(wish.asleep);
        if (wish.asleep != null && (sleeper == null || !sleeper.asleep())) {
          return; // it is gone, or awake: the deployment will say what it wants then
        }
        Choice choice =
            new RoomFinder(capacity, refusals, table, shares, claimed, now)
                .find(wish.party, request(wish, sleeper), wish.need, needed, sleeper);
        if (choice == null || !choice.isFree()) {
          wait(wish, party, choice, extra);
          return;
        }
        give(wish, choice, sleeper);
        extra = true;
      }
    }

    /** Returns what is to be found: for one that sleeps the GPUs that it was started on. */
    private static GpuRequest request(Wish wish, @Nullable Room sleeper) {
      return sleeper == null || sleeper.gpus().isEmpty()
          ? wish.request
          : new GpuRequest(0, sleeper.gpus(), null, sleeper.request().memoryBytes());
    }

    private void give(Wish wish, Choice choice, @Nullable Room sleeper) {
      Room room =
          sleeper == null
              ? occupy(wish.party, wish.request, choice.gpus(), wish.need.memoryBytes())
              : sleeper.awake();
      wish.toWake = null;
      if (sleeper != null) {
        rooms.put(room.id(), room);
        wish.toWake = room.id();
        toWake.add(room.id());
      }
      wish.given++;
      effects.add(new ArbiterEffect.Give(wish.party, room, sleeper != null));
    }

    /** Returns when a start has to begin so that the first caller does not give up before. */
    private long needed(Party party) {
      long deadline = party.earliestDeadline();
      return deadline == NEVER ? NEVER : deadline - 2 * Turns.swap(party);
    }

    private void wait(Wish wish, Party party, @Nullable Choice choice, boolean extra) {
      place++;
      List<String> keys = choice == null ? List.of() : choice.keys();
      List<Holding> inTheWay = choice == null ? List.of() : choice.inTheWay();
      boolean blocked = choice != null && choice.blocked();
      long at = choice == null ? forecast.freeAfterOthers() : RoomForecast.freeAt(now, inTheWay);
      if (blocked) {
        at = NEVER;
      }
      String needs = needs(wish, choice);
      if (choice != null) {
        nextLook = Math.min(nextLook, Math.max(now + 1, choice.retryAt()));
        if (!blocked) {
          claimed.addAll(keys);
          inTheWay.forEach(holding -> makeRoom(holding, choice, party, extra));
          shares.claim(wish.asleep == null ? wish.need : HostShare.NONE, choice.released());
          if (wish.asleep != null) {
            shares.keep(wish.asleep);
          }
        }
      }
      long expected = at == NEVER ? NEVER : at + Turns.swap(party);
      forecast.claimed(keys, expected == NEVER ? NEVER : expected + Turns.TURN * Turns.swap(party));
      waits.put(
          wish,
          new RoomWait(
              needs,
              inTheWay.stream().map(Holding::toHolder).toList(),
              wish.since,
              place,
              expected,
              wish.note,
              choice != null
                  && blocked
                  && choice.retryAt() == NEVER
                  && inTheWay.stream().anyMatch(RoomTable::isForGood)));
    }

    /** Returns what is missing, in words: GPUs, or a part of what all have together. */
    private String needs(Wish wish, @Nullable Choice choice) {
      if (wish.request.isNone() || (choice != null && choice.onlyForHost())) {
        return shares.missing(wish.need);
      }
      return RoomFinder.needs(wish.request);
    }

    /** Asks an instance to go if it is time, else looks again when it is (3). */
    private void makeRoom(Holding holding, Choice choice, Party forWhom, boolean extra) {
      Occupant occupant = holding.occupant();
      Ease ease = holding.ease();
      if (occupant == null || ease.compareTo(Ease.BUSY) > 0) {
        return;
      }
      if (ease == Ease.IDLE || (ease == Ease.BUSY && holding.at() <= now && !extra)) {
        boolean busyToo = ease == Ease.BUSY;
        effects.add(
            new ArbiterEffect.MakeRoom(
                holding.room().party(),
                holding.room().id(),
                busyToo,
                forWhom.name(),
                choice.sleepIsEnough(holding)));
      } else if (holding.at() > now) {
        nextLook = Math.min(nextLook, holding.at());
      }
    }
  }
}
