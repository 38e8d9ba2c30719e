package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.internal.decision.ArbiterEffect.Give;
import dev.autodeploy.internal.decision.ArbiterEffect.MakeRoom;
import dev.autodeploy.internal.decision.Party.Occupant;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.ProviderCapacity.Gpu;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The arbiter between instances that share the memory of a GPU. */
final class GpuSharesTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();
  private static final long NOW = 1000 * SECOND;
  private static final long GIB = 1L << 30;

  private final Arbiter arbiter = new Arbiter();
  private final Map<Long, List<Occupant>> occupants = new HashMap<>();
  private final Map<Long, Integer> minima = new HashMap<>();

  private static Gpu gpu(String id, long gib) {
    return new Gpu(id, List.of(id), "", gib * GIB);
  }

  private void gpus(Gpu... gpus) {
    arbiter.capacity(ProviderCapacity.of(List.of(gpus)));
  }

  private static GpuRequest gib(long amount) {
    return GpuRequest.memory(amount + "GiB");
  }

  private Room holds(long party, GpuRequest request, InstancePhase phase, long idle, String gpu) {
    Room room = arbiter.occupy(party, request, List.of(gpu));
    boolean ready = phase == InstancePhase.READY;
    boolean busy = ready && idle == 0;
    occupants
        .computeIfAbsent(party, key -> new ArrayList<>())
        .add(
            new Occupant(
                room.id(),
                "i" + room.id(),
                phase,
                busy ? 1 : 0,
                busy,
                ready ? NOW - 20 * SECOND : NEVER,
                ready && !busy ? NOW - idle * SECOND : NEVER,
                NOW - 25 * SECOND));
    return room;
  }

  private Room idle(long party, long gib, long idleSeconds, String gpu) {
    return holds(party, gib(gib), InstancePhase.READY, idleSeconds, gpu);
  }

  private Room busy(long party, long gib, String gpu) {
    return holds(party, gib(gib), InstancePhase.READY, 0, gpu);
  }

  private List<ArbiterEffect> want(long party, GpuRequest request) {
    arbiter.want(NOW, party, request, 1, 0);
    Map<Long, Party> parties = new HashMap<>();
    for (long number : arbiter.parties()) {
      List<Occupant> its = occupants.getOrDefault(number, List.of());
      long ready = its.stream().filter(o -> o.phase() == InstancePhase.READY).count();
      int mayGo = (int) Math.max(0, ready - minima.getOrDefault(number, 0));
      parties.put(
          number,
          new Party(
              number, "d" + number, mayGo, 0, false, 1, NEVER, 10 * SECOND, List.of(), 1, its));
    }
    return arbiter.decide(NOW, withoutCallers(party, parties));
  }

  /** Only the one that wants room has callers. */
  private static Map<Long, Party> withoutCallers(long wanting, Map<Long, Party> parties) {
    parties.replaceAll(
        (number, party) ->
            number == wanting
                ? party
                : new Party(
                    number,
                    party.name(),
                    party.mayGo(),
                    0,
                    false,
                    0,
                    NEVER,
                    party.startNanos(),
                    List.of(),
                    1,
                    party.occupants()));
    return parties;
  }

  private static List<String> givenGpus(List<ArbiterEffect> effects) {
    return effects.stream()
        .filter(Give.class::isInstance)
        .map(Give.class::cast)
        .flatMap(give -> give.room().gpus().stream())
        .toList();
  }

  private static List<Long> asked(List<ArbiterEffect> effects) {
    return effects.stream()
        .filter(MakeRoom.class::isInstance)
        .map(MakeRoom.class::cast)
        .map(MakeRoom::room)
        .toList();
  }

  @Test
  void want_whatIsLeftBesideOthers_isGivenIt() {
    gpus(gpu("0", 24));
    busy(1, 8, "0");
    busy(2, 8, "0");
    assertThat(givenGpus(want(3, gib(8)))).containsExactly("0");
  }

  @Test
  void want_moreThanIsLeft_waitsForTheSum() {
    gpus(gpu("0", 24));
    busy(1, 8, "0");
    busy(2, 8, "0");
    List<ArbiterEffect> effects = want(3, gib(9));
    assertThat(givenGpus(effects)).isEmpty();
    assertThat(effects)
        .filteredOn(ArbiterEffect.Waits.class::isInstance)
        .singleElement()
        .satisfies(
            waits ->
                assertThat(((ArbiterEffect.Waits) waits).what().needs())
                    .isEqualTo("9GiB of a GPU"));
  }

  @Test
  void severalGpus_theOneWithTheLeastLeftIsTaken() {
    gpus(gpu("0", 24), gpu("1", 24), gpu("2", 24));
    busy(1, 4, "1");
    busy(2, 20, "2");
    assertThat(givenGpus(want(3, gib(8)))).containsExactly("1");
    assertThat(givenGpus(want(4, gib(4)))).containsExactly("2");
  }

  @Test
  void twoStartsOnOneGpu_runOneAfterTheOther() {
    gpus(gpu("0", 24));
    holds(1, gib(4), InstancePhase.STARTING, 0, "0");
    List<ArbiterEffect> effects = want(2, gib(4));
    assertThat(givenGpus(effects)).isEmpty();
    assertThat(asked(effects)).isEmpty();
  }

  @Test
  void startOnOneGpu_doesNotHoldUpOneOnAnother() {
    gpus(gpu("0", 24), gpu("1", 24));
    holds(1, gib(4), InstancePhase.STARTING, 0, "0");
    assertThat(givenGpus(want(2, gib(4)))).containsExactly("1");
  }

  @Test
  void roomForOne_isMadeByAsFewAsFit() {
    gpus(gpu("0", 24));
    Room small = idle(1, 4, 100, "0");
    idle(2, 12, 100, "0");
    idle(3, 8, 100, "0");
    assertThat(asked(want(4, gib(4)))).containsExactly(small.id());
  }

  @Test
  void smallOne_staysIfALargeOneHasToGoAnyway() {
    gpus(gpu("0", 24));
    idle(1, 4, 100, "0");
    Room large = idle(2, 20, 100, "0");
    assertThat(asked(want(3, gib(20)))).containsExactly(large.id());
  }

  @Test
  void wholeGpu_isGivenOnlyWhenAllShareholdersAreGone() {
    gpus(gpu("0", 24));
    Room one = idle(1, 4, 100, "0");
    Room two = idle(2, 4, 100, "0");
    List<ArbiterEffect> effects = want(3, GpuRequest.count(1));
    assertThat(givenGpus(effects)).isEmpty();
    assertThat(asked(effects)).containsExactlyInAnyOrder(one.id(), two.id());
  }

  @Test
  void share_isNotGivenBesideAWholeGpu() {
    gpus(gpu("0", 24));
    Room whole = holds(1, GpuRequest.ids("0"), InstancePhase.READY, 100, "0");
    List<ArbiterEffect> effects = want(2, gib(1));
    assertThat(givenGpus(effects)).isEmpty();
    assertThat(asked(effects)).containsExactly(whole.id());
  }

  @Test
  void nobodyGoesInVain_ifOneOfADeploymentHasToStay() {
    gpus(gpu("0", 24));
    minima.put(1L, 1);
    idle(1, 8, 100, "0");
    idle(1, 8, 100, "0");
    assertThat(asked(want(2, GpuRequest.count(1)))).isEmpty();
    assertThat(asked(want(3, gib(20)))).isEmpty();
    assertThat(asked(want(4, gib(16)))).hasSize(1);
  }

  @Test
  void requestOfMoreThanAnyGpuHas_orOfUnknownMemory_isRefused_withWhatThereIs() {
    ProviderCapacity small = ProviderCapacity.of(List.of(gpu("0", 24)));
    ProviderCapacity unknown = ProviderCapacity.of(List.of(Gpu.named("0")));
    Arbiter.checkFits(gib(24), small);
    assertThatThrownBy(() -> Arbiter.checkFits(gib(25), small))
        .hasMessageContaining("needs 25GiB of a GPU: the GPUs are 0 with 24GiB");
    assertThatThrownBy(() -> Arbiter.checkFits(gib(1), unknown))
        .hasMessageContaining("0 of unknown memory")
        .hasMessageContaining("how much memory they have");
  }

  @Test
  void gpusThatAreNotListed_areGivenToSharesOneStartAtATime() {
    arbiter.capacity(ProviderCapacity.unlisted());
    assertThat(want(1, gib(4))).hasSize(1);
    assertThat(givenGpus(want(2, gib(4)))).isEmpty();
    assertThat(arbiter.rooms()).hasSize(1);
  }
}
