package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.Schedule;
import dev.autodeploy.internal.decision.ArbiterEffect.Give;
import dev.autodeploy.internal.decision.ArbiterEffect.MakeRoom;
import dev.autodeploy.internal.decision.Party.Occupant;
import dev.autodeploy.spi.ProviderCapacity;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The arbiter between instances that share the engine's maximum and the host's memory. */
final class HostSharesTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();
  private static final long GIB = 1L << 30;
  private static final GpuRequest NO_GPU = GpuRequest.none();

  private final Map<Long, List<Occupant>> occupants = new HashMap<>();
  private final Map<Long, Integer> minima = new HashMap<>();
  private final Map<Long, Long> starts = new HashMap<>();
  private final Map<Long, Long> wakes = new HashMap<>();
  private final Map<Long, RoomWait> waits = new HashMap<>();
  private Arbiter arbiter = new Arbiter(HostShare.limits(2, 0));
  private long now = 1000 * SECOND;

  private Room holds(long party, GpuRequest gpu, InstancePhase phase, long idle, long gib) {
    return holds(party, gpu, phase, idle, gib, -1);
  }

  /** An instance that has room; one with an idle time of 0 is busy. */
  private Room holds(
      long party, GpuRequest gpu, InstancePhase phase, long idle, long gib, long kept) {
    Room room = arbiter.occupy(party, gpu, gpu.ids(), gib * GIB);
    boolean up = phase == InstancePhase.READY || phase == InstancePhase.ASLEEP;
    boolean busy = up && idle == 0;
    occupants
        .computeIfAbsent(party, key -> new ArrayList<>())
        .add(
            new Occupant(
                room.id(),
                "i" + room.id(),
                phase,
                busy ? 1 : 0,
                busy,
                kept,
                up ? now - 100 * SECOND : NEVER,
                up && !busy ? now - idle * SECOND : NEVER,
                now - 110 * SECOND));
    return room;
  }

  private Room idle(long party, long seconds) {
    return holds(party, NO_GPU, InstancePhase.READY, seconds, 0);
  }

  private Room busy(long party) {
    return holds(party, NO_GPU, InstancePhase.READY, 0, 0);
  }

  private void gone(Room room) {
    arbiter.freed(now, room);
    occupants.get(room.party()).removeIf(occupant -> occupant.room() == room.id());
  }

  private void want(long party, GpuRequest gpu, long gib) {
    arbiter.want(now, party, new Effect.Want(gpu, 1, 0, null, gib * GIB));
  }

  private void want(long party) {
    want(party, NO_GPU, 0);
  }

  private List<ArbiterEffect> decide() {
    Map<Long, Party> parties = new HashMap<>();
    for (long number : arbiter.parties()) {
      List<Occupant> own = occupants.getOrDefault(number, List.of());
      int ready = (int) own.stream().filter(o -> o.phase() == InstancePhase.READY).count();
      parties.put(
          number,
          new Party(
              number,
              "d" + number,
              Math.max(0, ready - minima.getOrDefault(number, 0)),
              0,
              false,
              0,
              NEVER,
              starts.getOrDefault(number, 10 * SECOND),
              wakes.getOrDefault(number, 10 * SECOND),
              List.of(),
              1,
              own));
    }
    List<ArbiterEffect> effects = arbiter.decide(now, parties);
    for (ArbiterEffect effect : effects) {
      if (effect instanceof ArbiterEffect.Waits waiting) {
        waits.put(waiting.party(), waiting.what());
      }
    }
    return effects;
  }

  private static List<Long> given(List<ArbiterEffect> effects) {
    return effects.stream().filter(Give.class::isInstance).map(ArbiterEffect::party).toList();
  }

  private static List<Long> asked(List<ArbiterEffect> effects) {
    return effects.stream()
        .filter(MakeRoom.class::isInstance)
        .map(effect -> ((MakeRoom) effect).room())
        .toList();
  }

  @Test
  void want_withinTheMaximum_isGiven_andBeyondIt_waitsUntilOneIsGone() {
    busy(1);
    want(2);
    assertThat(given(decide())).containsExactly(2L);

    want(3);
    assertThat(given(decide())).isEmpty();
    assertThat(waits.get(3L).needs()).isEqualTo("a place among 2 instances");
  }

  @Test
  void want_ofAPlace_asksTheIdleInstanceToGo_andGetsItsPlaceWhenThatIsGone() {
    busy(1);
    Room idle = idle(2, 60);
    want(3);

    assertThat(asked(decide())).containsExactly(idle.id());
    assertThat(waits.get(3L).holders())
        .extracting(RoomWait.Holder::deployment)
        .containsExactly("d2");
    assertThat(waits.get(3L).expectedAt()).isEqualTo(now + 10 * SECOND);

    gone(idle);
    assertThat(given(decide())).containsExactly(3L);
  }

  @Test
  void want_ofAPlaceAmongBusyOnes_waitsForTheTurnThatEndsFirst() {
    busy(1);
    busy(2);
    want(3);
    assertThat(asked(decide())).as("their turns are over").hasSize(1);
    assertThat(waits.get(3L).holders()).hasSize(1);
  }

  @Test
  void want_whereMinimaHaveAllPlaces_isBlocked_andAsksNobody() {
    minima.put(1L, 1);
    minima.put(2L, 1);
    idle(1, 60);
    idle(2, 60);
    want(3);

    assertThat(asked(decide())).isEmpty();
    assertThat(waits.get(3L).expectedAt()).isEqualTo(NEVER);
    assertThat(waits.get(3L).forGood()).isTrue();
  }

  @Test
  void want_ofSeveral_asksOneForEach_andThoseForWhomNobodyIsLeftWait() {
    Room first = idle(1, 60);
    Room second = idle(2, 50);
    want(3);
    want(4);
    want(5);

    assertThat(asked(decide())).containsExactlyInAnyOrder(first.id(), second.id());
    assertThat(waits.get(5L).holders()).isEmpty();
    assertThat(waits.get(5L).place()).isEqualTo(3);

    gone(second);
    assertThat(given(decide())).as("first come, first served").containsExactly(3L);
  }

  @Test
  void want_ofAGpu_thatItsHolderLeaves_needsNobodyElse() {
    arbiter.capacity(ProviderCapacity.of(List.of(ProviderCapacity.Gpu.named("0"))));
    idle(1, 60);
    Room onGpu = holds(2, GpuRequest.ids("0"), InstancePhase.READY, 30, 0);
    want(3, GpuRequest.ids("0"), 0);
    assertThat(asked(decide())).containsExactly(onGpu.id());
    assertThat(waits.get(3L).needs()).isEqualTo("GPU 0");
  }

  @Test
  void want_ofAFreeGpu_waitsForAPlace_andHoldsTheGpuMeanwhile() {
    arbiter.capacity(ProviderCapacity.of(List.of(ProviderCapacity.Gpu.named("0"))));
    busy(1);
    Room idle = idle(2, 60);
    want(3, GpuRequest.ids("0"), 0);
    want(4, GpuRequest.ids("0"), 0);

    assertThat(asked(decide())).containsExactly(idle.id());
    assertThat(waits.get(3L).needs()).isEqualTo("a place among 2 instances");
    gone(idle);
    assertThat(given(decide())).containsExactly(3L);
  }

  @Test
  void want_besideOneThatWaitsForTheGpuOfAHolder_getsThePlaceThatIsFree() {
    arbiter.capacity(ProviderCapacity.of(List.of(ProviderCapacity.Gpu.named("0"))));
    holds(1, GpuRequest.ids("0"), InstancePhase.READY, 0, 0);
    want(2, GpuRequest.ids("0"), 0);
    want(3);
    assertThat(given(decide())).as("the holder's own place is enough for the other").contains(3L);
  }

  @Test
  void sleep_leavesNoPlace_soThatOneThatSleepsIsReleased_andOneThatCouldIsNotPutToSleep() {
    arbiter.capacity(ProviderCapacity.of(List.of(ProviderCapacity.Gpu.named("0"))));
    busy(1);
    Room canSleep = holds(2, GpuRequest.ids("0"), InstancePhase.READY, 60, 0, 0);
    want(3, GpuRequest.ids("0"), 0);
    assertThat(decide())
        .filteredOn(MakeRoom.class::isInstance)
        .containsExactly(new MakeRoom(2, canSleep.id(), false, "d3", false));

    arbiter.want(now, 3, new Effect.Want(NO_GPU, 0, 0));
    gone(canSleep);
    Room asleep = holds(2, GpuRequest.ids("0"), InstancePhase.ASLEEP, 60, 0, 0);
    arbiter.slumbers(now, asleep, 0);
    want(3, GpuRequest.ids("0"), 0);
    assertThat(asked(decide())).containsExactly(asleep.id());
  }

  @Test
  void want_ofTwoGpusAndOnePlace_releasesOneHolder_andLetsTheOtherSleep() {
    arbiter = new Arbiter(HostShare.limits(3, 0));
    arbiter.capacity(
        ProviderCapacity.of(
            List.of(ProviderCapacity.Gpu.named("0"), ProviderCapacity.Gpu.named("1"))));
    Room one = holds(1, GpuRequest.ids("0"), InstancePhase.READY, 60, 0, 0);
    Room other = holds(2, GpuRequest.ids("1"), InstancePhase.READY, 90, 0, 0);
    busy(3);
    want(4, GpuRequest.count(2), 0);

    assertThat(decide())
        .filteredOn(MakeRoom.class::isInstance)
        .extracting(effect -> ((MakeRoom) effect).sleep())
        .containsExactlyInAnyOrder(true, false);
    assertThat(asked(decide())).containsExactlyInAnyOrder(one.id(), other.id());
  }

  @Test
  void want_ofTwoGpusAndOnePlace_putsToSleepWhoCan_ifTheOtherLeavesThePlace() {
    arbiter = new Arbiter(HostShare.limits(3, 0));
    arbiter.capacity(
        ProviderCapacity.of(
            List.of(ProviderCapacity.Gpu.named("0"), ProviderCapacity.Gpu.named("1"))));
    Room canSleep = holds(1, GpuRequest.ids("0"), InstancePhase.READY, 90, 0, 0);
    Room cannot = holds(2, GpuRequest.ids("1"), InstancePhase.READY, 60, 0);
    busy(3);
    want(4, GpuRequest.count(2), 0);

    assertThat(decide())
        .filteredOn(MakeRoom.class::isInstance)
        .containsExactlyInAnyOrder(
            new MakeRoom(1, canSleep.id(), false, "d4", true),
            new MakeRoom(2, cannot.id(), false, "d4", false));
  }

  @Test
  void release_goesByTheCostOfAStart_alsoOfOneThatCouldSleep() {
    wakes.put(1L, SECOND);
    starts.put(1L, 30 * SECOND);
    holds(1, NO_GPU, InstancePhase.READY, 60, 0, 0);
    Room other = idle(2, 60);
    want(3);
    assertThat(asked(decide())).containsExactly(other.id());
  }

  @Test
  void sleeper_isWokenWithoutAPlaceOfItsOwn() {
    arbiter.capacity(ProviderCapacity.of(List.of(ProviderCapacity.Gpu.named("0"))));
    busy(1);
    Room room = holds(2, GpuRequest.ids("0"), InstancePhase.ASLEEP, 60, 0, 0);
    arbiter.slumbers(now, room, 0);
    arbiter.want(now, 2, new Effect.Want(GpuRequest.ids("0"), 1, 0, room, 0));
    assertThat(given(decide())).containsExactly(2L);
  }

  @Test
  void sleeper_thatSomebodyWaitsFor_isNotReleasedForOneBehindInLine() {
    arbiter.capacity(ProviderCapacity.of(List.of(ProviderCapacity.Gpu.named("0"))));
    holds(1, GpuRequest.ids("0"), InstancePhase.READY, 0, 0, 0);
    Room room = holds(2, GpuRequest.ids("0"), InstancePhase.ASLEEP, 60, 0, 0);
    arbiter.slumbers(now, room, 0);
    arbiter.want(now, 2, new Effect.Want(GpuRequest.ids("0"), 1, 0, room, 0));
    decide();
    now += SECOND;
    want(3);
    assertThat(asked(decide())).doesNotContain(room.id());
  }

  @Test
  void memory_isSharedByItsSum_andAsManyGoAsHaveTo() {
    arbiter = new Arbiter(HostShare.limits(0, 16 * GIB));
    Room small = holds(1, NO_GPU, InstancePhase.READY, 60, 4);
    Room large = holds(2, NO_GPU, InstancePhase.READY, 50, 8);
    want(3, NO_GPU, 4);
    assertThat(given(decide())).containsExactly(3L);

    want(4, NO_GPU, 8);
    assertThat(asked(decide())).as("the small one alone would not do").containsExactly(large.id());
    assertThat(waits.get(4L).needs()).isEqualTo("8GiB of 16GiB of the host's memory");

    want(5, NO_GPU, 4);
    assertThat(asked(decide())).containsExactlyInAnyOrder(large.id(), small.id());
  }

  @Test
  void memory_thatALargeOneLeaves_isEnoughForSeveral() {
    arbiter = new Arbiter(HostShare.limits(0, 16 * GIB));
    Room large = holds(1, NO_GPU, InstancePhase.READY, 60, 16);
    want(2, NO_GPU, 4);
    want(3, NO_GPU, 8);
    assertThat(asked(decide())).containsOnly(large.id());
    assertThat(waits.get(3L).holders())
        .extracting(RoomWait.Holder::deployment)
        .containsExactly("d1");
    gone(large);
    assertThat(given(decide())).containsExactly(2L, 3L);
  }

  @Test
  void memory_ofThoseThatDoNotSay_isNotCounted() {
    arbiter = new Arbiter(HostShare.limits(0, GIB));
    idle(1, 60);
    want(2);
    assertThat(given(decide())).containsExactly(2L);
  }

  @Test
  void bothLimits_areNamedIfBothAreMissing() {
    arbiter = new Arbiter(HostShare.limits(1, 8 * GIB));
    holds(1, NO_GPU, InstancePhase.READY, 60, 8);
    want(2, NO_GPU, 2);
    decide();
    assertThat(waits.get(2L).needs())
        .isEqualTo("a place among 1 instances and 2GiB of 8GiB of the host's memory");
  }

  @Test
  void check_refusesWhatCanNeverFit_withWhatThereIs() {
    HostShare host = HostShare.limits(3, 8 * GIB);
    DeploymentSpec.Builder spec = DeploymentSpec.builder("a").port(8080).startCommand("serve");
    assertThatThrownBy(() -> host.check(spec.memoryBytes(9 * GIB).build()))
        .hasMessageContaining("may use 9GiB of memory: the host has 8GiB (hostMemoryBytes)");
    assertThatThrownBy(
            () -> host.check(spec.memoryBytes(3 * GIB).minInstances(3).maxInstances(3).build()))
        .hasMessageContaining("the 3 instances that are to be kept ready (minInstances)")
        .hasMessageContaining("at most 3 instances (maxInstances) and 8GiB of memory");
    assertThatCode(() -> host.check(spec.memoryBytes(2 * GIB).build())).doesNotThrowAnyException();
    Schedule four = Schedule.weekly(ZoneOffset.UTC).warm("MON", "08:00", "09:00", 4);
    assertThatThrownBy(
            () ->
                HostShare.limits(3, 0)
                    .check(spec.minInstances(0).maxInstances(4).schedule(four).build()))
        .hasMessageContaining("the engine has at most 3 instances (maxInstances);");
    assertThatCode(() -> HostShare.UNLIMITED.check(spec.build())).doesNotThrowAnyException();
  }
}
