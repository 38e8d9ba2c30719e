package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.internal.decision.RoomTable.Ease;
import dev.autodeploy.internal.decision.RoomTable.Holding;
import dev.autodeploy.internal.text.ByteSize;
import dev.autodeploy.spi.ProviderCapacity;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The search for room for one instance. The decision tree, in order:
 *
 * <ol>
 *   <li>The GPUs are listed.
 *       <ol type="a">
 *         <li>Those asked for do not exist: the provider is to say so.
 *         <li>Of those that fit, the ones that are cleared most easily are taken, as many as are
 *             asked for; not those that somebody before in line needs, nor those of which the
 *             provider said lately that others have them. Where memory is asked for, one is clear
 *             if so much of it is left and nobody starts there ({@link GpuShares}); of several that
 *             are, the one with the least left is taken.
 *       </ol>
 *   <li>They are not listed.
 *       <ol type="a">
 *         <li>Those asked for by id, or all, are taken at their word: who has one of them has to
 *             go.
 *         <li>The provider said lately that there is no room: the one that goes most easily has to,
 *             of those that could be in the way.
 *         <li>Otherwise the provider is asked.
 *       </ol>
 *   <li>All instances together are too many, or take too much of the host's memory, if there is one
 *       more: some have to be released ({@link HostShares}), of those in the way already first.
 *       Waking needs no more than there is.
 * </ol>
 */
final class RoomFinder {
  /** The GPU that stands for a provider's whole room, where its GPUs are not listed. */
  static final String ANY = "*";

  /**
   * A place in which an instance gets room.
   *
   * @param gpus the GPUs that it gets, empty if the provider chooses
   * @param keys the same as nobody after it in line may take them
   * @param inTheWay who has to go first
   * @param blocked whether somebody in the way stays, or the provider has no room
   * @param retryAt when it may be tried again, or {@link Instance#NEVER}
   * @param sleepers whether there is memory left for what they keep who sleep rather than go
   * @param forHost who of those has to be released for what all have together: that it sleeps is
   *     not enough
   * @param onlyForHost whether nobody is in the way for the GPUs
   */
  record Choice(
      List<String> gpus,
      List<String> keys,
      List<Holding> inTheWay,
      boolean blocked,
      long retryAt,
      boolean sleepers,
      List<Holding> forHost,
      boolean onlyForHost) {

    /** Makes one that is about GPUs alone, and leaves no memory to those who sleep. */
    Choice(
        List<String> gpus,
        List<String> keys,
        List<Holding> inTheWay,
        boolean blocked,
        long retryAt) {
      this(gpus, keys, inTheWay, blocked, retryAt, false);
    }

    /** Makes one that is about GPUs alone. */
    Choice(
        List<String> gpus,
        List<String> keys,
        List<Holding> inTheWay,
        boolean blocked,
        long retryAt,
        boolean sleepers) {
      this(gpus, keys, inTheWay, blocked, retryAt, sleepers, List.of(), false);
    }

    boolean isFree() {
      return inTheWay.isEmpty() && !blocked;
    }

    /** Returns whether it is enough that an instance in the way sleeps. */
    boolean sleepIsEnough(Holding holding) {
      long kept = RoomTable.kept(holding);
      return !forHost.contains(holding)
          && (kept == 0 || (kept > 0 && sleepers && !holding.room().asleep()));
    }

    /** Returns who is going to be released. */
    List<Holding> released() {
      return inTheWay.stream().filter(holding -> !sleepIsEnough(holding)).toList();
    }

    Ease ease() {
      return inTheWay.stream().map(Holding::ease).max(Comparator.naturalOrder()).orElse(Ease.GOING);
    }
  }

  /**
   * One GPU and who has to go from it.
   *
   * @param left the memory that is left of it then, of which the least is the best; 0 for a GPU as
   *     a whole
   */
  private record Clearing(String gpu, List<Holding> inTheWay, boolean free, long left) {
    private static final Comparator<Clearing> BY_EASE =
        Comparator.<Clearing, Boolean>comparing(c -> !c.free)
            .thenComparing(
                c -> c.inTheWay.stream().max(Holding.byEase()).orElse(null),
                Comparator.nullsFirst(Holding.byEase()))
            .thenComparingLong(Clearing::left);

    /** Returns whether what is left is enough for what those keep who can sleep. */
    boolean hasRoomForSleepers() {
      return inTheWay.stream().mapToLong(holding -> Math.max(0, RoomTable.kept(holding))).sum()
          <= left;
    }
  }

  private final ProviderCapacity capacity;
  private final Refusals refusals;
  private final RoomTable table;
  private final HostShares host;
  private final Set<String> claimed;
  private final long now;
  private @Nullable Room waking;

  /**
   * Makes one for a decision.
   *
   * @param claimed the GPUs that those before in line need
   */
  RoomFinder(
      ProviderCapacity capacity,
      Refusals refusals,
      RoomTable table,
      HostShares host,
      Set<String> claimed,
      long now) {
    this.capacity = capacity;
    this.refusals = refusals;
    this.table = table;
    this.host = host;
    this.claimed = claimed;
    this.now = now;
  }

  /**
   * Searches.
   *
   * @param party who wants the room
   * @param need the share of all there is that it takes
   * @param needed when its start has to begin for the first caller, or {@link Instance#NEVER}
   * @param sleeper the room of the instance that is to be woken in it, which is not in its own way,
   *     or null for a start
   * @return where, or null if those before in line need it all
   */
  @Nullable Choice find(
      long party, GpuRequest request, HostShare need, long needed, @Nullable Room sleeper) {
    waking = sleeper;
    Choice choice = gpus(party, request, needed);
    return choice == null || choice.blocked() || sleeper != null
        ? choice
        : withHost(choice, party, need, needed); // (3)
  }

  private @Nullable Choice gpus(long party, GpuRequest request, long needed) {
    if (request.isNone()) {
      return new Choice(List.of(), List.of(), List.of(), false, NEVER);
    }
    return capacity.gpus() == null
        ? unlisted(party, request, needed) // (2)
        : listed(party, request, needed); // (1)
  }

  private @Nullable Choice withHost(Choice choice, long party, HostShare need, long needed) {
    List<Holding> go = host.inTheWay(party, needed, need, choice.inTheWay(), choice::sleepIsEnough);
    if (go == null) {
      choice.inTheWay().forEach(table::drop);
      return null;
    }
    List<Holding> all = new ArrayList<>(choice.inTheWay());
    go.stream().filter(holding -> !all.contains(holding)).forEach(all::add);
    boolean blocked = go.stream().anyMatch(holding -> holding.ease() == Ease.STAYS);
    if (blocked) {
      choice.inTheWay().forEach(table::drop);
    } else {
      go.forEach(table::pick);
    }
    boolean onlyForHost = choice.isFree() && !go.isEmpty();
    return new Choice(
        choice.gpus(),
        choice.keys(),
        all,
        blocked,
        choice.retryAt(),
        choice.sleepers(),
        go,
        onlyForHost);
  }

  private @Nullable Choice listed(long party, GpuRequest request, long needed) {
    List<ProviderCapacity.Gpu> fitting = capacity.fitting(request);
    int wanted = wanted(request, fitting.size());
    if (fitting.size() < wanted || wanted == 0) { // (1a)
      return new Choice(List.of(), List.of(), List.of(), false, NEVER);
    }
    List<ProviderCapacity.Gpu> left = new ArrayList<>(fitting); // (1b)
    left.removeIf(gpu -> claimed.contains(gpu.id()));
    if (left.size() < wanted) {
      return null;
    }
    List<ProviderCapacity.Gpu> ours = new ArrayList<>(left);
    ours.removeIf(gpu -> refusals.until(gpu.id()) > now);
    if (ours.size() < wanted) {
      return blockedBy(left, party, needed);
    }
    return cheapest(ours, request, wanted, party, needed, retryAt(left));
  }

  /** Returns when GPUs that others have may be tried again, or {@link Instance#NEVER}. */
  private long retryAt(List<ProviderCapacity.Gpu> gpus) {
    return gpus.stream()
        .mapToLong(gpu -> refusals.until(gpu.id()))
        .filter(until -> until > now)
        .min()
        .orElse(NEVER);
  }

  private Choice cheapest(
      List<ProviderCapacity.Gpu> gpus,
      GpuRequest request,
      int wanted,
      long party,
      long needed,
      long retryAt) {
    List<String> chosen = new ArrayList<>();
    List<Holding> inTheWay = new ArrayList<>();
    Set<Long> goes = new HashSet<>();
    boolean sleepers = true;
    List<ProviderCapacity.Gpu> left = new ArrayList<>(gpus);
    while (chosen.size() < wanted) {
      // One at a time: whoever goes from one GPU may leave others too.
      Clearing best =
          left.stream()
              .map(gpu -> clearing(gpu, request, party, needed, goes))
              .min(Clearing.BY_EASE)
              .orElseThrow();
      chosen.add(best.gpu());
      sleepers &= best.hasRoomForSleepers();
      left.removeIf(gpu -> gpu.id().equals(best.gpu()));
      for (Holding holding : best.inTheWay()) {
        goes.add(holding.room().id());
        inTheWay.add(holding);
        table.pick(holding);
      }
    }
    boolean blocked = isBlocked(inTheWay);
    // As they were asked for or are listed, since programs number them in that order.
    List<String> ordered =
        gpus.stream().map(ProviderCapacity.Gpu::id).filter(chosen::contains).toList();
    return new Choice(ordered, ordered, inTheWay, blocked, retryAt, sleepers);
  }

  private boolean isBlocked(List<Holding> inTheWay) {
    boolean blocked = inTheWay.stream().anyMatch(holding -> holding.ease() == Ease.STAYS);
    if (blocked) {
      inTheWay.forEach(table::drop);
    }
    return blocked;
  }

  private Clearing clearing(
      ProviderCapacity.Gpu gpu, GpuRequest request, long party, long needed, Set<Long> goesAnyway) {
    List<Holding> all =
        table.holdings(party, needed, room -> !isWaking(room) && RoomTable.holds(room, gpu.id()));
    List<Holding> others =
        all.stream().filter(holding -> !goesAnyway.contains(holding.room().id())).toList();
    GpuShares shares = new GpuShares(table, gpu, others);
    List<Holding> inTheWay = shares.inTheWay(request, party, needed);
    boolean free = request.isWhole() ? all.isEmpty() : inTheWay.isEmpty();
    return new Clearing(gpu.id(), inTheWay, free, request.isWhole() ? 0 : shares.left());
  }

  /** The provider said lately that others have what is needed. */
  private Choice blockedBy(List<ProviderCapacity.Gpu> gpus, long party, long needed) {
    List<String> ids = gpus.stream().map(ProviderCapacity.Gpu::id).toList();
    List<Holding> holders =
        table.holdings(party, needed, room -> room.gpus().stream().anyMatch(ids::contains));
    return new Choice(List.of(), ids, holders, true, retryAt(gpus));
  }

  private @Nullable Choice unlisted(long party, GpuRequest request, long needed) {
    List<String> keys = request.ids().isEmpty() ? List.of(ANY) : request.ids();
    if (keys.stream().anyMatch(this::isClaimed)) {
      return null;
    }
    List<Holding> rivals = table.holdings(party, needed, room -> mayBeInTheWay(room, request));
    List<Holding> starting = rivals.stream().filter(it -> it.ease() == Ease.STARTING).toList();
    if (!request.isWhole() && !starting.isEmpty()) { // it may get the same GPU as they
      return new Choice(request.ids(), keys, starting, false, NEVER);
    }
    if (capacity.exclusive() && request.count() <= 0) { // (2a)
      List<Holding> all = rivals.stream().filter(h -> hasFixedGpus(h.room())).toList();
      if (!all.isEmpty()) {
        all.forEach(table::pick);
        boolean blocked = isBlocked(all);
        return new Choice(request.ids(), keys, all, blocked, NEVER);
      }
    }
    long until = keys.stream().mapToLong(refusals::until).max().orElse(0);
    if (until > now) { // (2b)
      List<Holding> first =
          rivals.stream()
              .filter(holding -> holding.ease() != Ease.STAYS)
              .min(Holding.byEase())
              .map(List::of)
              .orElse(List.of());
      return new Choice(request.ids(), keys, first, first.isEmpty(), until);
    }
    return new Choice(request.ids(), keys, List.of(), false, NEVER); // (2c)
  }

  private boolean isClaimed(String key) {
    return claimed.contains(key)
        || claimed.contains(ANY)
        || (key.equals(ANY) && !claimed.isEmpty());
  }

  private static boolean hasFixedGpus(Room room) {
    return !room.gpus().isEmpty() || room.request().count() == GpuRequest.ALL;
  }

  private boolean isWaking(Room room) {
    return waking != null && waking.id() == room.id();
  }

  private boolean mayBeInTheWay(Room room, GpuRequest request) {
    if (isWaking(room) || room.isLeft()) {
      return false;
    }
    return room.gpus().isEmpty()
        || request.ids().isEmpty()
        || room.gpus().stream().anyMatch(request.ids()::contains);
  }

  /** Returns how many GPUs a request is for. */
  static int wanted(GpuRequest request, int fitting) {
    if (!request.ids().isEmpty()) {
      return request.ids().size();
    }
    return request.count() == GpuRequest.ALL ? fitting : request.count();
  }

  /** Returns what a request is for, in words. */
  static String needs(GpuRequest request) {
    String model = request.model() == null ? "" : " of model " + request.model();
    String part = request.isWhole() ? "" : ByteSize.format(request.memoryBytes()) + " of ";
    if (!request.ids().isEmpty()) {
      String ids = request.ids().stream().collect(Collectors.joining(", "));
      return part + (request.ids().size() == 1 ? "GPU " : "GPUs ") + ids;
    }
    if (request.count() == GpuRequest.ALL) {
      return "all GPUs" + model;
    }
    return part + (request.count() == 1 ? "a GPU" : request.count() + " GPUs") + model;
  }
}
