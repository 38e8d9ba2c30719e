package dev.autodeploy.internal.decision;

import dev.autodeploy.internal.decision.RoomTable.Holding;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The shares of an engine's instances in what they have together, a number of instances and the
 * host's memory, and those who are in the way of one more: as many as have to go for the sum to
 * fit, those first that go anyway, then those that would sleep, then those that go most easily. To
 * sleep is not to go: one that sleeps is still there, and in memory. Made anew for every decision
 * of the {@link Arbiter}.
 */
final class HostShares {
  private final HostShare limit;
  private final RoomTable table;
  private final Collection<Room> rooms;

  /** The rooms that are left for those before in line. */
  private final Set<Long> leave = new HashSet<>();

  /** The part that those before in line need beyond what is left for them, and what they leave. */
  private HostShare claimed = HostShare.NONE;

  private HostShare surplus = HostShare.NONE;

  /**
   * The rooms of those that wait to be woken: whoever comes later in line does not get their share.
   */
  private final Set<Long> kept = new HashSet<>();

  HostShares(HostShare limit, RoomTable table, Collection<Room> rooms) {
    this.limit = limit;
    this.table = table;
    this.rooms = rooms;
  }

  /** Returns what would be left if somebody got a share now, for those before in line as well. */
  private HostShare left(HostShare need) {
    HostShare held = rooms.stream().map(Room::host).reduce(HostShare.NONE, HostShare::plus);
    return limit.minus(held).minus(claimed).minus(need);
  }

  /**
   * Returns who has to be released for one more instance, nobody if there is room, or null if those
   * before in line need it all.
   *
   * @param party who wants it
   * @param startBy when its start has to begin, or {@link Instance#NEVER}
   * @param anyway who is asked to go in any case, for its GPUs
   * @param maySleep whether it is enough for those GPUs that one of these sleeps
   */
  @Nullable List<Holding> inTheWay(
      long party, long startBy, HostShare need, List<Holding> anyway, Predicate<Holding> maySleep) {
    HostShare left = left(need);
    if (!limit.isLimited() || left.isEnough()) {
      return List.of();
    }
    HostShare soon = left.plus(surplus);
    if (soon.isEnough()) {
      return table.holdings(party, startBy, room -> leave.contains(room.id()));
    }
    List<Holding> go = new ArrayList<>(anyway);
    go.removeIf(holding -> leave.contains(holding.room().id()));
    Set<Long> sleepers = new HashSet<>();
    go.stream().filter(maySleep).forEach(holding -> sleepers.add(holding.room().id()));
    go.removeIf(maySleep);
    Set<Long> others = new HashSet<>();
    rooms.forEach(room -> others.add(room.id()));
    others.removeAll(leave);
    others.removeAll(kept);
    others.removeAll(sleepers);
    go.forEach(holding -> others.remove(holding.room().id()));
    for (Set<Long> next : List.of(sleepers, others)) {
      HostShare later = soon.plus(sum(go));
      go.addAll(
          table.clear(
              next,
              party,
              startBy,
              Holding.byEaseOfRelease(),
              some -> later.plus(sum(some)).isEnough()));
    }
    return soon.plus(sum(go)).isEnough() ? go : null;
  }

  /** Somebody in line gets a share first, and these leave. */
  void claim(HostShare need, List<Holding> leaving) {
    List<Holding> news = new ArrayList<>(leaving);
    news.removeIf(holding -> !leave.add(holding.room().id()));
    HostShare freed = sum(news);
    claimed = claimed.plus(need.minus(freed).atLeastNone());
    surplus = surplus.plus(freed.minus(need).atLeastNone());
  }

  /** Somebody in line waits to wake the one in this room, which therefore stays. */
  void keep(long room) {
    kept.add(room);
  }

  /** Returns what is missing for one more instance, in words. */
  String missing(HostShare need) {
    return limit.missing(left(need), need);
  }

  private static HostShare sum(List<Holding> holdings) {
    return holdings.stream()
        .map(holding -> holding.room().host())
        .reduce(HostShare.NONE, HostShare::plus);
  }
}
