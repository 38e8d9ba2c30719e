package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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

/** The line of those who wait, and what its members are told, where one GPU is busy for long. */
final class ArbiterLineTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();
  private static final long START = 10 * SECOND;
  private static final GpuRequest ONE = GpuRequest.count(1);

  private final Arbiter arbiter = new Arbiter();
  private final Map<Long, List<Occupant>> occupants = new HashMap<>();
  private final Map<Long, RoomWait> waits = new HashMap<>();
  private final Map<Long, Room> given = new HashMap<>();
  private long now = 1000 * SECOND;

  private static ProviderCapacity gpus(String... ids) {
    return ProviderCapacity.of(Stream.of(ids).map(ProviderCapacity.Gpu::named).toList());
  }

  /** An instance that has just become ready, and serves. */
  private Room busy(long party, String gpu) {
    Room room = arbiter.occupy(party, GpuRequest.ids(gpu), List.of(gpu));
    occupants.put(
        party,
        List.of(
            new Occupant(room.id(), "i" + party, InstancePhase.READY, 1, true, now, NEVER, now)));
    return room;
  }

  private void want(long party, GpuRequest request, int count) {
    arbiter.want(now, party, request, count, 0);
    decide();
  }

  private void decide() {
    Map<Long, Party> parties = new HashMap<>();
    for (long number : arbiter.parties()) {
      List<Occupant> its = occupants.getOrDefault(number, List.of());
      parties.put(
          number,
          new Party(
              number, "d" + number, its.size(), 0, false, 1, NEVER, START, List.of(), 1, its));
    }
    for (ArbiterEffect effect : arbiter.decide(now, parties)) {
      if (effect instanceof ArbiterEffect.Waits told) {
        waits.put(told.party(), told.what());
      } else if (effect instanceof ArbiterEffect.Give give) {
        given.put(give.party(), give.room());
      }
    }
  }

  private @Nullable RoomWait waitOf(long party) {
    return waits.get(party);
  }

  @Test
  void contended_isOnlyWhileSomebodyWaits() {
    arbiter.capacity(gpus("0"));
    assertThat(arbiter.isContended()).isFalse();
    Room room = busy(1, "0");
    assertThat(arbiter.isContended()).isFalse();

    want(2, ONE, 1);
    assertThat(arbiter.isContended()).isTrue();
    assertThat(arbiter.parties()).containsExactlyInAnyOrder(1L, 2L);

    arbiter.freed(now, room);
    decide();
    assertThat(given).containsKey(2L);
    assertThat(arbiter.isContended()).isFalse();
    assertThat(waitOf(2)).isNull();
    assertThat(arbiter.parties()).containsExactly(2L);
  }

  @Test
  void party_thatNeitherHasNorWants_isNotAskedFor() {
    arbiter.capacity(gpus("0"));
    busy(1, "0");
    want(2, ONE, 1);
    want(2, ONE, 0);

    assertThat(arbiter.parties()).containsExactly(1L);
    assertThat(waitOf(2)).isNull();
  }

  @Test
  void sinceAndPlace_areKept_whileTheSameIsWanted() {
    arbiter.capacity(gpus("0"));
    busy(1, "0");
    want(2, ONE, 1);
    now += SECOND;
    want(3, ONE, 1);
    now += SECOND;
    want(2, ONE, 2); // more of the same

    assertThat(waitOf(2).since()).isEqualTo(1000 * SECOND);
    assertThat(waitOf(2).place()).isEqualTo(1);
    assertThat(waitOf(3).since()).isEqualTo(1001 * SECOND);
    assertThat(waitOf(3).place()).isEqualTo(2);
  }

  @Test
  void whoeverWantsAnotherGpu_goesToTheEnd() {
    arbiter.capacity(gpus("0"));
    busy(1, "0");
    want(2, ONE, 1);
    now += SECOND;
    want(3, ONE, 1);
    now += SECOND;
    want(2, GpuRequest.ids("0"), 1);

    assertThat(waitOf(2).since()).isEqualTo(1002 * SECOND);
    assertThat(waitOf(2).place()).isEqualTo(2);
    assertThat(waitOf(3).place()).isEqualTo(1);
  }

  @Test
  void sameMoment_isOrderedByTheNumberOfTheDeployment() {
    arbiter.capacity(gpus("0"));
    busy(1, "0");
    want(3, ONE, 1);
    want(2, ONE, 1);

    assertThat(waitOf(2).place()).isEqualTo(1);
    assertThat(waitOf(3).place()).isEqualTo(2);
  }

  @Test
  void expected_isAStartAfterTheTurn_andForTheNextOneATurnLater() {
    arbiter.capacity(gpus("0"));
    busy(1, "0");
    want(2, ONE, 1);
    want(3, ONE, 1);

    long turn = Turns.TURN * START;
    assertThat(waitOf(2).expectedAt()).isEqualTo(now + turn + START);
    assertThat(waitOf(3).expectedAt()).isEqualTo(now + turn + START + turn + START);
    assertThat(arbiter.nextLook()).isEqualTo(now + turn);
  }

  @Test
  void refusal_isToldToTheOneThatWaits_untilItWantsNothing() {
    arbiter.capacity(gpus("0"));
    want(2, ONE, 1);
    Room room = given.get(2L);
    arbiter.refused(now, room, "others have it");
    arbiter.freed(now, room);
    arbiter.want(now, 2, ONE, 1, 1);
    decide();
    assertThat(waitOf(2).note()).isEqualTo("others have it");
    assertThat(arbiter.nextLook()).isEqualTo(now + SECOND);

    arbiter.want(now, 2, ONE, 0, 1);
    decide();
    arbiter.want(now, 2, ONE, 1, 1);
    decide();
    assertThat(waitOf(2).note()).isEmpty();
  }

  @Test
  void refused_isTriedAgain_whenAnInstanceOfOursGoes_butNotByItself() {
    arbiter.capacity(gpus("0", "1"));
    Room other = busy(1, "1");
    want(2, GpuRequest.ids("0"), 1);
    Room room = given.remove(2L);
    arbiter.refused(now, room, "others have it");
    arbiter.freed(now, room);
    arbiter.want(now, 2, GpuRequest.ids("0"), 1, 1);
    decide();
    assertThat(given).as("its own end is no news").isEmpty();

    arbiter.freed(now, other);
    decide();
    assertThat(given).containsKey(2L);
  }

  @Test
  void placed_forgetsRefusals_andKnowsTheGpus() {
    arbiter.capacity(gpus("0"));
    want(2, ONE, 1);
    Room room = given.get(2L);
    arbiter.refused(now, room, "others have it");
    arbiter.placed(room, List.of());
    assertThat(arbiter.rooms()).containsExactly(room);
    arbiter.freed(now, room);
    arbiter.want(now, 2, ONE, 1, 1);
    given.clear();
    decide();
    assertThat(given).as("there was room after all").containsKey(2L);

    arbiter.placed(given.get(2L), List.of("7"));
    assertThat(arbiter.rooms())
        .singleElement()
        .satisfies(placed -> assertThat(placed.gpus()).containsExactly("7"));
  }

  @Test
  void checkFits_refusesWhatNeverFits_andSaysWhatThereIs() {
    assertThatCode(() -> Arbiter.checkFits(GpuRequest.count(2), gpus("0", "1")))
        .doesNotThrowAnyException();
    assertThatCode(() -> Arbiter.checkFits(GpuRequest.count(9), ProviderCapacity.unknown()))
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> Arbiter.checkFits(GpuRequest.count(3), gpus("0", "1")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the GPUs are 0, 1;");
    assertThatThrownBy(() -> Arbiter.checkFits(GpuRequest.all(), gpus()))
        .hasMessageContaining("the GPUs are none;");
  }
}
