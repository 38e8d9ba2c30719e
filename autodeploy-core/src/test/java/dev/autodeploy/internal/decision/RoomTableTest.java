package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.internal.decision.Party.Occupant;
import dev.autodeploy.internal.decision.RoomTable.Ease;
import dev.autodeploy.internal.decision.RoomTable.Holding;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The holders of rooms as they stand for one that wants them. */
final class RoomTableTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();
  private static final long NOW = 1000 * SECOND;
  private static final long START = 10 * SECOND;
  private static final long WANTING = 9;
  private static final GpuRequest ZERO = GpuRequest.ids("0");

  private final List<Room> rooms = new ArrayList<>();
  private final Map<Long, Party> parties = new HashMap<>();
  private final Set<Long> toWake = new HashSet<>();

  private Room room(long party) {
    Room room = new Room(rooms.size() + 1, party, ZERO, List.of("0"));
    rooms.add(room);
    return room;
  }

  private void party(long number, int mayGo, int priority, Occupant... occupants) {
    parties.put(
        number,
        new Party(
            number,
            "d" + number,
            mayGo,
            priority,
            false,
            0,
            NEVER,
            START,
            List.of(),
            1,
            Arrays.asList(occupants)));
  }

  private static Occupant occupant(Room room, InstancePhase phase, int inFlight, long ago) {
    long since = NOW - ago * SECOND;
    return new Occupant(
        room.id(), "i" + room.id(), phase, inFlight, inFlight > 0, 0, since, since, since);
  }

  /** A deployment whose one instance is in a phase since some seconds. */
  private Room one(long party, InstancePhase phase, int inFlight, long ago) {
    Room room = room(party);
    party(party, 1, 0, occupant(room, phase, inFlight, ago));
    return room;
  }

  private RoomTable table() {
    return new RoomTable(NOW, parties, rooms, toWake);
  }

  private List<Holding> all(RoomTable table) {
    return table.holdings(WANTING, NEVER, room -> true);
  }

  private Holding only() {
    List<Holding> all = all(table());
    assertThat(all).hasSize(1);
    return all.get(0);
  }

  private List<Long> inOrder() {
    return all(table()).stream()
        .sorted(Holding.byEase())
        .map(holding -> holding.room().id())
        .toList();
  }

  // How easily one goes.

  @Test
  void start_isReadyAfterAsLongAsStartsTake_atOnceIfItTakesLonger() {
    one(1, InstancePhase.STARTING, 0, 4);
    assertThat(only().ease()).isEqualTo(Ease.STARTING);
    assertThat(only().at()).isEqualTo(NOW + 6 * SECOND);
    rooms.clear();
    one(1, InstancePhase.WAKING, 0, 25);
    assertThat(only().ease()).isEqualTo(Ease.STARTING);
    assertThat(only().at()).isEqualTo(NOW);
  }

  @Test
  void sleeper_goesAtOnce_unlessItIsGivenItsRoomToWake() {
    Room room = one(1, InstancePhase.ASLEEP, 0, 100);
    assertThat(only().ease()).isEqualTo(Ease.IDLE);
    assertThat(only().at()).isEqualTo(NOW);
    assertThat(table().isExtra(1)).isFalse();
    toWake.add(room.id());
    assertThat(only().ease()).isEqualTo(Ease.STARTING);
    assertThat(table().isExtra(1)).as("it serves soon").isTrue();
  }

  @Test
  void roomToWake_ofOneThatIsAwake_isNoStart() {
    Room room = one(1, InstancePhase.READY, 0, 100);
    toWake.add(room.id());
    assertThat(only().ease()).isEqualTo(Ease.IDLE);
  }

  @Test
  void oneThatFallsAsleep_goes_asSoonAsItServesNothing() {
    one(1, InstancePhase.FALLING_ASLEEP, 1, 5);
    assertThat(only().ease()).isEqualTo(Ease.DRAINING);
    rooms.clear();
    one(1, InstancePhase.FALLING_ASLEEP, 0, 5);
    assertThat(only().ease()).isEqualTo(Ease.GOING);
    assertThat(only().at()).isEqualTo(NOW);
  }

  @Test
  void oneThatDrains_isOnItsWay_butNotGoneBeforeItsRequests() {
    one(1, InstancePhase.DRAINING, 1, 5);
    assertThat(only().ease()).isEqualTo(Ease.DRAINING);
    rooms.clear();
    one(1, InstancePhase.RELEASING, 0, 5);
    assertThat(only().ease()).isEqualTo(Ease.GOING);
  }

  @Test
  void instanceOfTheOneThatWants_stays() {
    one(WANTING, InstancePhase.READY, 0, 100);
    assertThat(only().ease()).isEqualTo(Ease.STAYS);
    assertThat(only().at()).isEqualTo(NEVER);
  }

  @Test
  void costOfOneThatServes_isThatOfOneThatIsNeededNow() {
    Room room = room(1);
    Occupant busy =
        new Occupant(
            room.id(), "i", InstancePhase.READY, 1, true, NOW - SECOND, NEVER, NOW - SECOND);
    party(1, 1, 0, busy);
    assertThat(only().ease()).isEqualTo(Ease.BUSY);
    assertThat(only().cost()).isEqualTo(VictimCost.of(parties.get(1L), 0, START));
  }

  // The order in which they go.

  @Test
  void busyOnes_goInTheOrderInWhichTheirTurnsEnd_idleOnesByPriorityAndCost() {
    Room late = one(1, InstancePhase.READY, 1, 5);
    Room early = one(2, InstancePhase.READY, 1, 25);
    assertThat(inOrder()).containsExactly(early.id(), late.id());

    rooms.clear();
    Room long1 = room(3);
    party(3, 1, 5, occupant(long1, InstancePhase.READY, 0, 500));
    Room short1 = room(4);
    party(4, 1, 1, occupant(short1, InstancePhase.READY, 0, 100));
    assertThat(inOrder()).as("the lowest priority").containsExactly(short1.id(), long1.id());
  }

  @Test
  void amongEquals_theOneWhoseRoomWasGivenFirst_goesFirst() {
    Room first = room(1);
    Room second = room(2);
    rooms.add(rooms.remove(0));
    party(1, 1, 0, occupant(first, InstancePhase.READY, 0, 100));
    party(2, 1, 0, occupant(second, InstancePhase.READY, 0, 100));
    assertThat(inOrder()).containsExactly(first.id(), second.id());
  }

  @Test
  void roomsOfNoDeployment_stay_inTheOrderInWhichTheyWereGiven() {
    room(77);
    room(78);
    assertThat(all(table())).allMatch(holding -> holding.ease() == Ease.STAYS);
    assertThat(inOrder()).containsExactly(1L, 2L);
    assertThat(RoomTable.isForGood(all(table()).get(0))).isTrue();
  }

  // No more than may.

  @Test
  void picked_countsAsGoing_andTheLastThatMustStay_stays() {
    Room first = room(1);
    Room second = room(1);
    party(
        1,
        1,
        0,
        occupant(first, InstancePhase.READY, 0, 100),
        occupant(second, InstancePhase.READY, 0, 100));
    RoomTable table = table();
    Holding one = all(table).get(0);
    assertThat(table.pick(one)).isTrue();
    assertThat(table.pick(one)).as("again").isFalse();
    assertThat(all(table)).extracting(Holding::ease).containsExactly(Ease.IDLE, Ease.STAYS);

    table.drop(one);
    assertThat(all(table)).extracting(Holding::ease).containsExactly(Ease.IDLE, Ease.IDLE);
    table.drop(one);
    table.pick(one);
    assertThat(all(table)).as("dropped once").extracting(Holding::ease).contains(Ease.STAYS);
  }

  @Test
  void pickOfOneThatIsNotReady_countsForNothing() {
    Room ready = room(1);
    Room sleeps = room(1);
    party(
        1,
        1,
        0,
        occupant(ready, InstancePhase.READY, 0, 100),
        occupant(sleeps, InstancePhase.ASLEEP, 0, 100));
    RoomTable table = table();
    Holding sleeper = all(table).get(1);
    assertThat(table.pick(sleeper)).isFalse();
    assertThat(all(table).get(0).ease()).isEqualTo(Ease.IDLE);
    assertThat(table.pick(new Holding(room(1), null, null, Ease.STAYS, NEVER, 0, 0))).isFalse();
  }

  @Test
  void clear_takesThoseThatGoMostEasily_andNoSmallOneBesideALargeOneThatIsEnough() {
    Room small = one(1, InstancePhase.READY, 0, 500);
    Room large = one(2, InstancePhase.READY, 1, 25);
    RoomTable table = table();
    Set<Long> both = Set.of(small.id(), large.id());
    assertThat(table.clear(both, WANTING, NEVER, Holding.byEase(), some -> !some.isEmpty()))
        .extracting(holding -> holding.room().id())
        .containsExactly(small.id());
    assertThat(
            table.clear(
                both,
                WANTING,
                NEVER,
                Holding.byEase(),
                some -> some.stream().anyMatch(h -> h.room().id() == large.id())))
        .extracting(holding -> holding.room().id())
        .containsExactly(large.id());
    assertThat(table.clear(both, WANTING, NEVER, Holding.byEase(), some -> false))
        .as("all")
        .hasSize(2);
    assertThat(all(table)).as("nobody is picked by it").noneMatch(h -> h.ease() == Ease.STAYS);
  }

  // What is held.

  @Test
  void held_isAllOfAGpuAsAWhole_aPartOfIt_orWhatASleeperKeeps() {
    long mib = 1 << 20;
    Room whole = new Room(1, 1, ZERO, List.of("0"));
    Room part = new Room(2, 1, ZERO.withMemory("6MiB"), List.of("0"));
    assertThat(RoomTable.held(whole, 10 * mib)).isEqualTo(10 * mib);
    assertThat(RoomTable.held(part, 10 * mib)).isEqualTo(6 * mib);
    assertThat(RoomTable.held(part, 4 * mib)).isEqualTo(4 * mib);
    assertThat(RoomTable.held(whole.asleep(3), 10)).isEqualTo(3);
    assertThat(RoomTable.held(whole.asleep(30), 10)).isEqualTo(10);
  }

  @Test
  void holds_isOnTheGpusItIsOn_onAllIfItHasAllAndDoesNotSayWhich_onNoneOnceItKeepsNothing() {
    Room zero = new Room(1, 1, ZERO, List.of("0"));
    assertThat(RoomTable.holds(zero, "0")).isTrue();
    assertThat(RoomTable.holds(zero, "1")).isFalse();
    assertThat(RoomTable.holds(zero.asleep(0), "0")).isFalse();
    assertThat(RoomTable.holds(zero.asleep(1), "0")).isTrue();
    assertThat(RoomTable.holds(new Room(2, 1, GpuRequest.all(), List.of()), "1")).isTrue();
    assertThat(RoomTable.holds(new Room(3, 1, GpuRequest.all(), List.of("0")), "1")).isFalse();
    assertThat(RoomTable.holds(new Room(4, 1, GpuRequest.count(1), List.of()), "1")).isFalse();
  }

  @Test
  void forGood_isOnlyOneThatStays_andWhoseDeploymentHasNoneOnItsWay() {
    one(1, InstancePhase.READY, 0, 100);
    assertThat(RoomTable.isForGood(only())).as("it may go").isFalse();
    for (InstancePhase phase : InstancePhase.values()) {
      rooms.clear();
      Room stays = room(2);
      Room other = new Room(50, 2, GpuRequest.ids("1"), List.of("1"));
      party(2, 0, 0, occupant(stays, InstancePhase.READY, 0, 100), occupant(other, phase, 0, 100));
      assertThat(RoomTable.isForGood(only()))
          .as("beside one that is %s", phase)
          .isEqualTo(phase != InstancePhase.STARTING && phase != InstancePhase.WAKING);
    }
  }
}
