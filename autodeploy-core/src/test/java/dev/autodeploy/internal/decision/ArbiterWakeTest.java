package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.internal.decision.Party.Occupant;
import dev.autodeploy.spi.ProviderCapacity;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Instances that sleep, and the room to wake them in. */
final class ArbiterWakeTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();
  private static final GpuRequest ONE = GpuRequest.count(1);
  private static final GpuRequest ZERO = GpuRequest.ids("0");

  private final Arbiter arbiter = new Arbiter();
  private final Map<Long, List<Occupant>> occupants = new HashMap<>();
  private final Map<Long, RoomWait> waits = new HashMap<>();
  private long now = 1000 * SECOND;

  private void gpus(String... ids) {
    arbiter.capacity(ProviderCapacity.of(Stream.of(ids).map(ProviderCapacity.Gpu::named).toList()));
  }

  private Room asleep(long party, GpuRequest request, String... gpus) {
    Room room = arbiter.occupy(party, request, List.of(gpus));
    is(party, room, InstancePhase.ASLEEP);
    arbiter.slumbers(now, room, 0);
    return room;
  }

  private void is(long party, Room room, InstancePhase phase) {
    boolean busy = phase == InstancePhase.READY;
    occupants.put(
        party,
        List.of(
            new Occupant(
                room.id(), "i" + room.id(), phase, busy ? 1 : 0, busy, 0, now, NEVER, now)));
  }

  private void want(
      long party, GpuRequest request, int count, int received, @Nullable Room asleep) {
    arbiter.want(now, party, new Effect.Want(request, count, received, asleep, 0));
  }

  private List<ArbiterEffect> decide() {
    Map<Long, Party> parties = new HashMap<>();
    for (long number : arbiter.parties()) {
      List<Occupant> its = occupants.getOrDefault(number, List.of());
      parties.put(
          number,
          new Party(
              number,
              "d" + number,
              its.size(),
              0,
              false,
              1,
              NEVER,
              10 * SECOND,
              List.of(),
              1,
              its));
    }
    List<ArbiterEffect> effects = arbiter.decide(now, parties);
    for (ArbiterEffect effect : effects) {
      if (effect instanceof ArbiterEffect.Waits told) {
        waits.put(told.party(), told.what());
      }
    }
    return effects;
  }

  private List<ArbiterEffect.Give> given() {
    return decide().stream()
        .filter(ArbiterEffect.Give.class::isInstance)
        .map(ArbiterEffect.Give.class::cast)
        .toList();
  }

  @Test
  void roomToWake_isItsOwnRoom_onTheGpusThatItHad_andIsHeldFromThenOn() {
    gpus("0", "1");
    Room room = asleep(1, ONE, "1");
    want(1, ONE, 1, 0, room);
    assertThat(given())
        .containsExactly(
            new ArbiterEffect.Give(1, new Room(room.id(), 1, ONE, List.of("1")), true));
    assertThat(arbiter.rooms()).singleElement().satisfies(r -> assertThat(r.asleep()).isFalse());
    want(2, GpuRequest.ids("1"), 1, 0, null);
    assertThat(given()).as("it is about to be woken there").isEmpty();
  }

  @Test
  void roomToWake_whereAnotherHasItsGpu_isWaitedFor_thoughOthersAreFree() {
    gpus("0", "1");
    Room room = asleep(1, ONE, "0");
    Room other = arbiter.occupy(2, ZERO, List.of("0"));
    is(2, other, InstancePhase.READY);
    want(1, ONE, 1, 0, room);
    assertThat(given()).isEmpty();
    assertThat(waits.get(1L).holders()).extracting(h -> h.deployment()).containsExactly("d2");
    arbiter.freed(now, other);
    occupants.remove(2L);
    assertThat(given()).hasSize(1);
  }

  @Test
  void roomToWake_ofOneThatDoesNotSayWhichGpuItHad_isWhatItsDeploymentAsksFor() {
    gpus("0", "1");
    Room room = asleep(1, ONE);
    want(1, ONE, 1, 0, room);
    assertThat(given()).singleElement().satisfies(g -> assertThat(g.wake()).isTrue());
  }

  @Test
  void sleeperThatIsGone_orAwake_isNotWaitedFor() {
    gpus("0");
    Room gone = asleep(1, ZERO, "0");
    arbiter.freed(now, gone);
    want(1, ZERO, 1, 0, gone);
    assertThat(decide()).isEmpty();

    Room awake = arbiter.occupy(2, ZERO, List.of("0"));
    is(2, awake, InstancePhase.READY);
    want(2, ZERO, 1, 0, awake);
    assertThat(decide()).isEmpty();
    assertThat(waits).isEmpty();
  }

  @Test
  void placeInLine_isNewForAnotherSleeper_andKeptForTheSame() {
    gpus("0");
    Room other = arbiter.occupy(9, ZERO, List.of("0"));
    is(9, other, InstancePhase.READY);
    Room first = asleep(1, ZERO, "0");
    Room second = asleep(1, ZERO, "0");
    long since = now;
    want(1, ZERO, 1, 0, first);
    decide();
    now += SECOND;
    want(1, ZERO, 1, 0, first);
    decide();
    assertThat(waits.get(1L).since()).isEqualTo(since);
    want(1, ZERO, 1, 0, second);
    decide();
    assertThat(waits.get(1L).since()).isEqualTo(since + SECOND);
  }

  @Test
  void refusal_isTriedAgainAtOnce_whenAnInstanceOfOursFallsAsleep() {
    gpus("0", "1");
    Room other = arbiter.occupy(2, GpuRequest.ids("1"), List.of("1"));
    is(2, other, InstancePhase.READY);
    want(1, ZERO, 1, 0, null);
    Room tried = given().get(0).room();
    arbiter.refused(now, tried, "others have it");
    arbiter.freed(now, tried);
    want(1, ZERO, 1, 1, null);
    assertThat(given()).isEmpty();
    arbiter.slumbers(now, other, 0);
    is(2, other, InstancePhase.ASLEEP);
    assertThat(given()).hasSize(1);
  }

  @Test
  void sleepOfOneThatIsGone_isNoNews() {
    gpus("0", "1");
    want(1, ZERO, 1, 0, null);
    Room tried = given().get(0).room();
    arbiter.refused(now, tried, "others have it");
    arbiter.freed(now, tried);
    want(1, ZERO, 1, 1, null);
    arbiter.slumbers(now, new Room(77, 2, ZERO, List.of("1")), 0);
    assertThat(given()).isEmpty();
    assertThat(arbiter.rooms()).isEmpty();
  }

  @Test
  void refusalOfAGpuThatIsNotListed_holdsForThatOne() {
    arbiter.capacity(ProviderCapacity.unknown());
    Room tried = arbiter.occupy(1, ZERO, List.of());
    arbiter.refused(now, tried, "others have it");
    arbiter.freed(now, tried);
    want(2, ZERO, 1, 0, null);
    want(3, GpuRequest.ids("1"), 1, 0, null);
    assertThat(given()).extracting(ArbiterEffect.Give::party).containsExactly(3L);
    assertThat(arbiter.nextLook()).isEqualTo(now + SECOND);
    now += SECOND;
    assertThat(given()).extracting(ArbiterEffect.Give::party).containsExactly(2L);
  }

  @Test
  void deploymentThatIsNotShown_isLeftAlone() {
    gpus("0");
    want(1, ZERO, 1, 0, null);
    assertThat(arbiter.decide(now, Map.of())).isEmpty();
  }
}
