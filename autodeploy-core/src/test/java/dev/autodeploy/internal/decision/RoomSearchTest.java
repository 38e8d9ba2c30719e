package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.internal.decision.Party.Occupant;
import dev.autodeploy.internal.decision.RoomFinder.Choice;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.ProviderCapacity.Gpu;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The search for room beside parts of GPUs, sleepers, and GPUs that are not listed. */
final class RoomSearchTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();
  private static final long NOW = 1000 * SECOND;
  private static final long WANTING = 9;
  private static final GpuRequest ZERO = GpuRequest.ids("0");
  private static final GpuRequest ONE = GpuRequest.ids("1");

  private final Refusals refusals = new Refusals();
  private final List<Room> rooms = new ArrayList<>();
  private final Map<Long, Party> parties = new HashMap<>();
  private ProviderCapacity capacity = ProviderCapacity.unlisted();

  private void gpus(String... ids) {
    capacity = ProviderCapacity.of(Stream.of(ids).map(Gpu::named).toList());
  }

  /** GPUs of 16 GiB. */
  private void gpusWithMemory(String... ids) {
    capacity =
        ProviderCapacity.of(
            Stream.of(ids).map(id -> new Gpu(id, List.of(id), "", gib(16))).toList());
  }

  private static long gib(long amount) {
    return amount << 30;
  }

  private static GpuRequest part(long gib) {
    return GpuRequest.memory(gib + "GiB");
  }

  private Room holds(long party, InstancePhase phase, GpuRequest request, String... gpus) {
    Room room = new Room(rooms.size() + 1, party, request, List.of(gpus));
    return holds(room, phase);
  }

  private Room holds(Room room, InstancePhase phase) {
    rooms.add(room);
    long since = NOW - 100 * SECOND;
    List<Occupant> occupants = new ArrayList<>();
    Party before = parties.get(room.party());
    if (before != null) {
      occupants.addAll(before.occupants());
    }
    occupants.add(new Occupant(room.id(), "i" + room.id(), phase, 0, false, since, since, since));
    parties.put(room.party(), party(room.party(), 1, occupants));
    return room;
  }

  private static Party party(long number, int mayGo, List<Occupant> occupants) {
    return new Party(
        number, "d" + number, mayGo, 0, false, 0, NEVER, 10 * SECOND, List.of(), 1, occupants);
  }

  private RoomFinder finder() {
    RoomTable table = new RoomTable(NOW, parties, rooms, Set.of());
    HostShares host = new HostShares(HostShare.UNLIMITED, table, rooms);
    return new RoomFinder(capacity, refusals, table, host, new HashSet<>(), NOW);
  }

  private static Choice find(RoomFinder finder, GpuRequest request, @Nullable Room sleeper) {
    Choice choice = finder.find(WANTING, request, HostShare.NONE, NEVER, sleeper);
    assertThat(choice).isNotNull();
    return choice;
  }

  private Choice find(GpuRequest request) {
    return find(finder(), request, null);
  }

  private static List<Long> goes(Choice choice) {
    return choice.inTheWay().stream().map(holding -> holding.room().id()).toList();
  }

  // GPUs that are listed.

  @Test
  void listed_allOfNone_isLeftToTheProvider() {
    gpus();
    Choice choice = find(GpuRequest.all());
    assertThat(choice.isFree()).isTrue();
    assertThat(choice.gpus()).isEmpty();
    assertThat(choice.keys()).isEmpty();
  }

  @Test
  void listed_aPart_isGivenWhereTheLeastIsLeft() {
    gpusWithMemory("0", "1", "2");
    holds(1, InstancePhase.READY, part(4), "1");
    holds(2, InstancePhase.READY, part(10), "2");
    assertThat(find(part(5)).gpus()).containsExactly("2");
    assertThat(find(part(8)).gpus()).containsExactly("1");
    assertThat(find(GpuRequest.count(1)).gpus()).as("as a whole").containsExactly("0");
  }

  @Test
  void listed_oneThatLeavesTwoGpus_goesForBoth_beforeAnotherHasToGo() {
    gpus("0", "1", "2");
    holds(1, InstancePhase.READY, GpuRequest.count(2), "0", "2");
    holds(2, InstancePhase.DRAINING, GpuRequest.count(1), "1");
    Choice choice = find(GpuRequest.count(2));
    assertThat(goes(choice)).containsExactly(1L);
    assertThat(choice.gpus()).containsExactly("0", "2");
  }

  @Test
  void listed_thatWasRefused_namesThoseWhoAreThere_andNobodyElse() {
    gpus("0", "1");
    holds(1, InstancePhase.READY, ONE, "1");
    refusals.refused(NOW, List.of("0"));
    Choice choice = find(ZERO);
    assertThat(choice.blocked()).isTrue();
    assertThat(goes(choice)).isEmpty();
  }

  @Test
  void listed_sleeper_isNotInItsOwnWay_butAnotherIs() {
    gpus("0");
    Room sleeper =
        holds(new Room(1, WANTING, ZERO, List.of("0"), true, 5, 0), InstancePhase.ASLEEP);
    assertThat(find(finder(), ZERO, sleeper).isFree()).isTrue();
    Room other = holds(1, InstancePhase.READY, ZERO, "0");
    assertThat(goes(find(finder(), ZERO, sleeper))).containsExactly(other.id());
    assertThat(goes(find(ZERO))).as("for a start it is").contains(sleeper.id(), other.id());
  }

  // GPUs that are not listed.

  @Test
  void unlisted_aPart_waitsForWhoStarts_asItMayGetTheSameGpu() {
    capacity = ProviderCapacity.unknown();
    Room starting = holds(1, InstancePhase.STARTING, GpuRequest.count(1));
    holds(2, InstancePhase.READY, GpuRequest.count(1));
    Choice choice = find(part(4));
    assertThat(goes(choice)).containsExactly(starting.id());
    assertThat(choice.blocked()).isFalse();
    assertThat(choice.keys()).containsExactly(RoomFinder.ANY);
    assertThat(find(GpuRequest.count(1)).isFree()).as("a whole one is another").isTrue();
    rooms.remove(starting);
    assertThat(find(part(4)).isFree()).isTrue();
  }

  @Test
  void unlisted_oneThatDoesNotSayWhichItHas_isAskedToGoOnlyIfItHasAll() {
    holds(1, InstancePhase.READY, GpuRequest.count(1));
    assertThat(find(ZERO).isFree()).isTrue();
    Room all = holds(2, InstancePhase.READY, GpuRequest.all());
    assertThat(goes(find(ZERO))).containsExactly(all.id());
  }

  @Test
  void unlisted_noMoreOfADeploymentAreAskedToGo_thanMay() {
    holds(1, InstancePhase.READY, ZERO, "0");
    holds(1, InstancePhase.READY, ONE, "1");
    RoomFinder finder = finder();
    assertThat(find(finder, ZERO, null).blocked()).isFalse();
    assertThat(find(finder, ONE, null).blocked()).as("the other one has to stay").isTrue();
  }

  @Test
  void unlisted_sleeper_isInTheWayWithWhatItKeeps_butNotInItsOwn() {
    Room sleeper =
        holds(new Room(1, WANTING, ZERO, List.of("0"), true, 5, 0), InstancePhase.ASLEEP);
    assertThat(goes(find(ZERO))).containsExactly(sleeper.id());
    assertThat(find(finder(), ZERO, sleeper).isFree()).isTrue();
    rooms.clear();
    holds(new Room(2, 1, ZERO, List.of("0"), true, 0, 0), InstancePhase.ASLEEP);
    assertThat(find(ZERO).isFree()).as("it keeps nothing").isTrue();
  }

  @Test
  void unlisted_onceRefused_onlyWhoMayHaveThatGpuIsAskedToGo() {
    capacity = ProviderCapacity.unknown();
    refusals.refused(NOW, List.of("0"));
    holds(1, InstancePhase.READY, ONE, "1");
    assertThat(goes(find(ZERO))).isEmpty();
    Room unknown = holds(2, InstancePhase.READY, GpuRequest.count(1));
    assertThat(goes(find(ZERO))).containsExactly(unknown.id());
  }
}
