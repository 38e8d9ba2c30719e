package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.internal.decision.Party.Occupant;
import dev.autodeploy.internal.decision.RoomFinder.Choice;
import dev.autodeploy.internal.decision.RoomTable.Ease;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The search for room alone, on a table of who has which. */
final class RoomFinderTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();
  private static final long NOW = 1000 * SECOND;
  private static final long WANTING = 9;

  private final Refusals refusals = new Refusals();
  private final Set<String> claimed = new HashSet<>();
  private final List<Room> rooms = new ArrayList<>();
  private final Map<Long, Party> parties = new HashMap<>();

  private ProviderCapacity capacity = ProviderCapacity.unlisted();

  private void gpus(String... ids) {
    capacity = ProviderCapacity.of(Stream.of(ids).map(Gpu::named).toList());
  }

  /** A deployment with one instance, idle for so long. */
  private Room idle(long party, int mayGo, long idleSeconds, GpuRequest request, String... gpus) {
    long since = NOW - idleSeconds * SECOND;
    return holds(party, mayGo, InstancePhase.READY, since, request, gpus);
  }

  private Room holds(
      long party, int mayGo, InstancePhase phase, long since, GpuRequest request, String... gpus) {
    Room room = new Room(rooms.size() + 1, party, request, List.of(gpus));
    rooms.add(room);
    Occupant occupant =
        new Occupant(room.id(), "i" + room.id(), phase, 0, false, since, since, since);
    parties.put(party, party(party, mayGo, List.of(occupant)));
    return room;
  }

  private static Party party(long number, int mayGo, List<Occupant> occupants) {
    return new Party(
        number, "d" + number, mayGo, 0, false, 0, NEVER, 10 * SECOND, List.of(), 1, occupants);
  }

  private Choice find(GpuRequest request) {
    Choice choice = search(request);
    assertThat(choice).as("what is left of those before in line").isNotNull();
    return choice;
  }

  private Choice search(GpuRequest request) {
    RoomTable table = new RoomTable(NOW, parties, rooms, Set.of());
    return find(finder(table), request);
  }

  private RoomFinder finder(RoomTable table) {
    HostShares host = new HostShares(HostShare.UNLIMITED, table, rooms);
    return new RoomFinder(capacity, refusals, table, host, claimed, NOW);
  }

  private static Choice find(RoomFinder finder, GpuRequest request) {
    return finder.find(WANTING, request, HostShare.NONE, NEVER, null);
  }

  private static List<Long> goes(Choice choice) {
    return choice.inTheWay().stream().map(holding -> holding.room().id()).toList();
  }

  // GPUs that are listed.

  @Test
  void listed_freeGpusComeBeforeThoseOfOthers() {
    gpus("0", "1", "2");
    idle(1, 1, 100, GpuRequest.ids("0"), "0");
    Choice choice = find(GpuRequest.count(2));
    assertThat(choice.isFree()).isTrue();
    assertThat(choice.gpus()).containsExactly("1", "2");
    assertThat(choice.keys()).isEqualTo(choice.gpus());
    assertThat(choice.ease()).isEqualTo(Ease.GOING);
    assertThat(choice.retryAt()).isEqualTo(NEVER);
  }

  @Test
  void listed_thatSomebodyBeforeNeeds_areLeftToThem() {
    gpus("0", "1");
    claimed.add("0");
    assertThat(find(GpuRequest.count(1)).gpus()).containsExactly("1");
    assertThat(search(GpuRequest.count(2))).isNull();
    assertThat(search(GpuRequest.ids("0"))).isNull();
  }

  @Test
  void listed_thatTheProviderRefused_areTriedWhenTheirTimeHasCome() {
    gpus("0", "1");
    refusals.refused(NOW, List.of("0"));
    Choice other = find(GpuRequest.count(1));
    assertThat(other.gpus()).containsExactly("1");
    assertThat(other.retryAt()).isEqualTo(NOW + SECOND);

    Room room = idle(1, 1, 100, GpuRequest.ids("0"), "0");
    Choice blocked = find(GpuRequest.count(2));
    assertThat(blocked.blocked()).isTrue();
    assertThat(blocked.gpus()).isEmpty();
    assertThat(blocked.keys()).containsExactly("0", "1");
    assertThat(goes(blocked)).containsExactly(room.id());
    assertThat(blocked.retryAt()).isEqualTo(NOW + SECOND);
    assertThat(blocked.isFree()).isFalse();
  }

  @Test
  void listed_refusalThatHasPassed_countsForNothing() {
    gpus("0");
    refusals.refused(NOW - SECOND, List.of("0"));
    Choice choice = find(GpuRequest.count(1));
    assertThat(choice.gpus()).containsExactly("0");
    assertThat(choice.retryAt()).isEqualTo(NEVER);
  }

  @Test
  void listed_whereOneStays_nobodyElseIsCountedAsGoing() {
    gpus("0", "1");
    idle(1, 1, 100, GpuRequest.ids("0"), "0");
    idle(2, 0, 100, GpuRequest.ids("1"), "1");
    RoomTable table = new RoomTable(NOW, parties, rooms, Set.of());
    RoomFinder finder = finder(table);
    assertThat(find(finder, GpuRequest.count(2)).blocked()).isTrue();
    Choice one = find(finder, GpuRequest.count(1));
    assertThat(one.blocked()).as("the one that may go still may").isFalse();
    assertThat(goes(one)).containsExactly(1L);
  }

  @Test
  void listed_oneThatHoldsAllAndDoesNotSayWhich_isInTheWayEverywhere() {
    gpus("0", "1");
    idle(1, 1, 100, GpuRequest.all());
    Choice choice = find(GpuRequest.ids("1"));
    assertThat(goes(choice)).containsExactly(1L);
    rooms.clear();
    idle(1, 1, 100, GpuRequest.count(1));
    assertThat(find(GpuRequest.ids("1")).isFree()).as("the provider knows where it is").isTrue();
  }

  @Test
  void roomOfAnUnknownDeployment_stays() {
    gpus("0");
    rooms.add(new Room(7, 77, GpuRequest.ids("0"), List.of("0")));
    Choice choice = find(GpuRequest.ids("0"));
    assertThat(choice.blocked()).isTrue();
    assertThat(choice.inTheWay().get(0).toHolder().deployment())
        .isEqualTo("an instance of no deployment");
  }

  @Test
  void roomThatIsJustGiven_isTakenForAStart() {
    gpus("0");
    rooms.add(new Room(7, 3, GpuRequest.ids("0"), List.of("0")));
    parties.put(3L, party(3, 0, List.of()));
    RoomTable.Holding holding = find(GpuRequest.ids("0")).inTheWay().get(0);
    assertThat(holding.ease()).isEqualTo(Ease.STARTING);
    assertThat(holding.at()).isEqualTo(NOW + 10 * SECOND);
    assertThat(holding.toHolder().instanceId()).isEmpty();
    assertThat(holding.toHolder().phase()).isEqualTo(InstancePhase.STARTING);
  }

  @ParameterizedTest
  @EnumSource(InstancePhase.class)
  void deploymentWithRoom_wantsMoreIfAnInstanceServesOrWill(InstancePhase phase) {
    holds(1, 0, phase, NOW, GpuRequest.ids("0"), "0");
    RoomTable table = new RoomTable(NOW, parties, rooms, Set.of());
    assertThat(table.isExtra(1))
        .isEqualTo(
            phase == InstancePhase.READY
                || phase == InstancePhase.STARTING
                || phase == InstancePhase.WAKING);
    assertThat(table.isExtra(2)).isFalse();
  }

  // GPUs that are not listed.

  @Test
  void unlisted_asksWhoHoldsWhatIsAskedFor_andNobodyElse() {
    idle(1, 1, 100, GpuRequest.ids("0"), "0");
    idle(2, 1, 100, GpuRequest.ids("1"), "1");
    Choice choice = find(GpuRequest.ids("1"));
    assertThat(goes(choice)).containsExactly(2L);
    assertThat(choice.gpus()).containsExactly("1");
    assertThat(goes(find(GpuRequest.all()))).containsExactly(1L, 2L);
    assertThat(find(GpuRequest.count(1)).isFree()).as("the provider is asked").isTrue();
  }

  @Test
  void unlisted_whereOneStays_isBlocked() {
    idle(1, 0, 100, GpuRequest.ids("0"), "0");
    Choice choice = find(GpuRequest.ids("0"));
    assertThat(choice.blocked()).isTrue();
    assertThat(goes(choice)).containsExactly(1L);
  }

  @Test
  void unlisted_ofAProviderThatShares_asksNobodyToGo() {
    capacity = ProviderCapacity.unknown();
    idle(1, 1, 100, GpuRequest.ids("0"), "0");
    assertThat(find(GpuRequest.ids("0")).isFree()).isTrue();
  }

  @Test
  void unlisted_onceRefused_theEasiestThatCouldBeInTheWayGoes() {
    capacity = ProviderCapacity.unknown();
    idle(1, 0, 300, GpuRequest.count(1));
    idle(2, 1, 1, GpuRequest.count(1));
    idle(3, 1, 100, GpuRequest.count(1));
    refusals.refused(NOW, List.of(RoomFinder.ANY));
    Choice choice = find(GpuRequest.count(1));
    assertThat(goes(choice)).containsExactly(3L);
    assertThat(choice.blocked()).isFalse();
    assertThat(choice.keys()).containsExactly(RoomFinder.ANY);
    assertThat(choice.retryAt()).isEqualTo(NOW + SECOND);
  }

  @Test
  void unlisted_onceRefused_andNobodyCanGo_waitsUntilItIsTriedAgain() {
    capacity = ProviderCapacity.unknown();
    idle(1, 0, 300, GpuRequest.count(1));
    idle(2, 1, 300, GpuRequest.ids("1"), "1");
    refusals.refused(NOW, List.of("0"));
    Choice choice = find(GpuRequest.ids("0"));
    assertThat(choice.blocked()).isTrue();
    assertThat(goes(choice)).isEmpty();
    assertThat(choice.retryAt()).isEqualTo(NOW + SECOND);
  }

  @ParameterizedTest
  @CsvSource({"0, 0, false", "0, 1, true", "*, 1, false", "0, *, false"})
  void unlisted_claimOnAnything_isAClaimOnAll(String before, String asked, boolean left) {
    claimed.add(before);
    GpuRequest request = asked.equals("*") ? GpuRequest.count(1) : GpuRequest.ids(asked);
    assertThat(search(request) != null).isEqualTo(left);
  }

  // Requests.

  @Test
  void fitting_isByIdOrAlias_onceEach_andByModel() {
    List<Gpu> gpus =
        List.of(
            new Gpu("GPU-a", List.of("0", "GPU-a"), "T4", 0),
            new Gpu("GPU-b", List.of("1", "GPU-b"), "H100", 0));
    assertThat(ProviderCapacity.of(gpus).fitting(GpuRequest.ids("1", "GPU-a")))
        .extracting(Gpu::id)
        .containsExactly("GPU-b", "GPU-a");
    assertThat(ProviderCapacity.of(gpus).fitting(GpuRequest.ids("0", "GPU-a"))).hasSize(1);
    assertThat(ProviderCapacity.of(gpus).fitting(GpuRequest.count(1).model("t4")))
        .extracting(Gpu::id)
        .containsExactly("GPU-a");
    assertThat(RoomFinder.wanted(GpuRequest.ids("0", "1"), 1)).isEqualTo(2);
    assertThat(RoomFinder.wanted(GpuRequest.all(), 5)).isEqualTo(5);
    assertThat(RoomFinder.wanted(GpuRequest.count(3), 5)).isEqualTo(3);
  }

  @Test
  void needs_areSaidInWords() {
    assertThat(RoomFinder.needs(GpuRequest.ids("0"))).isEqualTo("GPU 0");
    assertThat(RoomFinder.needs(GpuRequest.ids("0", "2"))).isEqualTo("GPUs 0, 2");
    assertThat(RoomFinder.needs(GpuRequest.count(1).model("T4"))).isEqualTo("a GPU of model T4");
    assertThat(RoomFinder.needs(GpuRequest.count(2))).isEqualTo("2 GPUs");
    assertThat(RoomFinder.needs(GpuRequest.all())).isEqualTo("all GPUs");
  }
}
