package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.PlaceInLine.Next;
import dev.autodeploy.internal.decision.Party.Occupant;
import dev.autodeploy.spi.ProviderCapacity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The arbiter alone: what it decides on what it is shown. */
class ArbiterTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();
  private static final GpuRequest ONE = GpuRequest.count(1);
  private static final GpuRequest ZERO = GpuRequest.ids("0");

  private final Arbiter arbiter = new Arbiter();
  private final Map<Long, Shown> shown = new HashMap<>();
  private long now = 1000 * SECOND;

  /** A deployment whose starts take ten seconds, as the arbiter is shown it. */
  private static final class Shown {
    final long number;
    int minimum;
    int priority;
    int waiting;
    long deadline = NEVER;
    long start = 10 * SECOND;
    long wake = start;
    double price = 1;
    boolean expects;
    List<Long> gaps = List.of();
    final List<Occupant> occupants = new ArrayList<>();

    Shown(long number) {
      this.number = number;
    }

    Party party() {
      long ready = occupants.stream().filter(o -> o.phase() == InstancePhase.READY).count();
      int mayGo = (int) Math.max(0, ready - minimum);
      return new Party(
          number,
          "d" + number,
          mayGo,
          priority,
          expects,
          waiting,
          deadline,
          start,
          wake,
          gaps,
          price,
          occupants);
    }
  }

  private void gpus(String... ids) {
    arbiter.capacity(ProviderCapacity.of(Stream.of(ids).map(ProviderCapacity.Gpu::named).toList()));
  }

  private Shown party(long number) {
    return shown.computeIfAbsent(number, Shown::new);
  }

  private List<ArbiterEffect> decide() {
    Map<Long, Party> parties = new HashMap<>();
    for (long number : arbiter.parties()) {
      parties.put(number, party(number).party());
    }
    return arbiter.decide(now, parties);
  }

  private void want(long party, GpuRequest request) {
    party(party).waiting = 1;
    arbiter.want(now, party, request, 1, 0);
  }

  private <T> List<T> only(Class<T> type) {
    return decide().stream().filter(type::isInstance).map(type::cast).toList();
  }

  private List<ArbiterEffect.MakeRoom> asked() {
    return only(ArbiterEffect.MakeRoom.class);
  }

  private List<ArbiterEffect.Give> given() {
    return only(ArbiterEffect.Give.class);
  }

  private RoomWait waitOf(long party) {
    RoomWait last = null;
    for (ArbiterEffect.Waits waits : only(ArbiterEffect.Waits.class)) {
      last = waits.party() == party ? waits.what() : last;
    }
    assertThat(last).as("what %s waits for", party).isNotNull();
    return last;
  }

  /** An instance that has room already. */
  private Room holds(
      long party, InstancePhase phase, boolean busy, long readyAgo, long idleAgo, String... gpus) {
    Room room = arbiter.occupy(party, GpuRequest.ids(gpus), List.of(gpus));
    party(party)
        .occupants
        .add(
            new Occupant(
                room.id(),
                "i" + room.id(),
                phase,
                busy ? 2 : 0,
                busy,
                phase == InstancePhase.STARTING ? NEVER : now - readyAgo,
                busy || phase == InstancePhase.STARTING ? NEVER : now - idleAgo,
                now - readyAgo));
    return room;
  }

  private Room busy(long party, long readySecondsAgo, String... gpus) {
    return holds(party, InstancePhase.READY, true, readySecondsAgo * SECOND, 0, gpus);
  }

  private Room idle(long party, long idleSeconds, String... gpus) {
    return holds(
        party, InstancePhase.READY, false, (idleSeconds + 5) * SECOND, idleSeconds * SECOND, gpus);
  }

  private void gone(Room room) {
    arbiter.freed(now, room);
    party(room.party()).occupants.removeIf(o -> o.room() == room.id());
  }

  // Giving.

  @Test
  void want_withFreeGpu_isGivenIt() {
    gpus("0", "1");
    want(1, ONE);
    assertThat(given())
        .singleElement()
        .satisfies(g -> assertThat(g.room().gpus()).containsExactly("0"));
    want(2, ONE);
    assertThat(given())
        .singleElement()
        .satisfies(g -> assertThat(g.room().gpus()).containsExactly("1"));
    want(3, ONE);
    assertThat(given()).isEmpty();
    assertThat(arbiter.isContended()).isTrue();
  }

  @Test
  void want_isGivenOnce_untilTheDeploymentKnows() {
    gpus("0", "1");
    want(1, ONE);
    assertThat(given()).hasSize(1);
    want(1, ONE);
    assertThat(given()).as("said again before the room has arrived").isEmpty();
    arbiter.want(now, 1, ONE, 1, 1);
    assertThat(given()).as("one more").hasSize(1);
  }

  @Test
  void want_byAlias_isTheSameGpu_andAModelChooses() {
    arbiter.capacity(
        ProviderCapacity.of(
            List.of(
                new ProviderCapacity.Gpu("GPU-a", List.of("0", "GPU-a"), "T4", 0),
                new ProviderCapacity.Gpu("GPU-b", List.of("1", "GPU-b"), "H100", 0))));
    want(1, ONE.model("h100"));
    assertThat(given().get(0).room().gpus()).containsExactly("GPU-b");
    want(2, GpuRequest.ids("1"));
    assertThat(given()).isEmpty();
    want(3, GpuRequest.all());
    assertThat(given()).isEmpty();
  }

  @Test
  void ids_areGivenInTheOrderInWhichTheyAreAskedFor_andCountsInTheListed() {
    gpus("0", "1", "2");
    want(1, GpuRequest.ids("2", "0"));
    assertThat(given().get(0).room().gpus()).containsExactly("2", "0");
    gone(arbiter.rooms().iterator().next());
    idle(2, 5, "0");
    arbiter.want(now, 3, GpuRequest.count(2), 1, 0);
    assertThat(given().get(0).room().gpus()).containsExactly("1", "2");
  }

  @Test
  void whatDoesNotExist_isLeftToTheProvider() {
    gpus("0");
    want(1, GpuRequest.ids("7"));
    assertThat(given().get(0).room().gpus()).isEmpty();
    assertThatThrownBy(
            () ->
                Arbiter.checkFits(
                    GpuRequest.count(2),
                    ProviderCapacity.of(List.of(ProviderCapacity.Gpu.named("0")))))
        .hasMessageContaining("2 GPUs")
        .hasMessageContaining("the GPUs are 0");
    Arbiter.checkFits(GpuRequest.count(2), ProviderCapacity.unknown());
    assertThatThrownBy(() -> Arbiter.checkFits(GpuRequest.all(), ProviderCapacity.of(List.of())))
        .hasMessageContaining("all GPUs")
        .hasMessageContaining("none");
  }

  // Making room.

  @Test
  void idleInstance_isAskedToGo_afterAPause() {
    gpus("0");
    Room room = idle(1, 0, "0");
    want(2, ZERO);
    assertThat(asked()).isEmpty();
    assertThat(arbiter.nextLook()).isEqualTo(now + 2 * SECOND);
    now += 2 * SECOND;
    assertThat(asked()).containsExactly(new ArbiterEffect.MakeRoom(1, room.id(), false, "d2"));
    gone(room);
    assertThat(given()).singleElement().satisfies(g -> assertThat(g.party()).isEqualTo(2));
  }

  @Test
  void busyInstance_isAskedToGo_whenItsTurnIsOver() {
    gpus("0");
    Room room = busy(1, 29, "0");
    want(2, ZERO);
    assertThat(asked()).isEmpty();
    assertThat(arbiter.nextLook()).isEqualTo(now + SECOND);
    now += SECOND;
    assertThat(asked()).containsExactly(new ArbiterEffect.MakeRoom(1, room.id(), true, "d2"));
  }

  @Test
  void turn_endsEarlier_forACallerThatWouldGiveUp_butLastsOneStart() {
    gpus("0");
    Room room = busy(1, 9, "0");
    want(2, ZERO);
    party(2).deadline = now + 21 * SECOND;
    assertThat(asked()).isEmpty();
    assertThat(arbiter.nextLook()).isEqualTo(now + SECOND);
    now += SECOND;
    assertThat(asked()).containsExactly(new ArbiterEffect.MakeRoom(1, room.id(), true, "d2"));

    party(2).deadline = now + 25 * SECOND;
    assertThat(asked()).isEmpty();
    assertThat(arbiter.nextLook()).isEqualTo(now + 5 * SECOND);
  }

  @Test
  void idleInstance_whoseTurnIsOver_goesWithoutAPause() {
    gpus("0");
    holds(1, InstancePhase.READY, false, 30 * SECOND, 0, "0");
    want(2, ZERO);
    assertThat(asked()).hasSize(1);
  }

  @Test
  void instanceWhoseDeploymentHasCallers_isBusy() {
    gpus("0");
    idle(1, 8, "0");
    party(1).waiting = 1;
    want(2, ZERO);
    assertThat(asked()).isEmpty();
  }

  @Test
  void instanceOnItsWay_isNotAskedAgain() {
    gpus("0");
    for (InstancePhase phase :
        List.of(InstancePhase.STARTING, InstancePhase.DRAINING, InstancePhase.RELEASING)) {
      Room room = holds(1, phase, phase == InstancePhase.DRAINING, 500 * SECOND, 0, "0");
      want(2, ZERO);
      assertThat(asked()).as("%s", phase).isEmpty();
      gone(room);
      assertThat(given()).hasSize(1);
      arbiter.rooms().stream().toList().forEach(this::gone);
      arbiter.forget(2);
    }
  }

  @Test
  void minimum_stays_andNobodyWaitsInItsPlace() {
    gpus("0", "1");
    idle(1, 100, "0");
    party(1).minimum = 1;
    want(2, ZERO);
    assertThat(asked()).isEmpty();
    assertThat(arbiter.nextLook()).isEqualTo(NEVER);
    want(3, ONE);
    assertThat(given()).as("not kept waiting by one that cannot be served").hasSize(1);
  }

  @Test
  void minimum_countsAlsoWhatGoesForTheSame() {
    gpus("0", "1");
    idle(1, 100, "0");
    idle(1, 100, "1");
    party(1).minimum = 1;
    want(2, GpuRequest.count(2));
    assertThat(asked()).isEmpty();
    want(3, ONE);
    assertThat(asked()).as("one may go").hasSize(1);
  }

  @Test
  void minimum_countsAlsoWhatGoesForOthersInLine() {
    gpus("0", "1");
    idle(1, 100, "0");
    idle(1, 100, "1");
    party(1).minimum = 1;
    want(2, ONE);
    want(3, ONE);
    assertThat(asked()).hasSize(1);
  }

  @Test
  void ownInstance_isNotMadeToGo() {
    gpus("0");
    idle(1, 100, "0");
    want(1, ZERO);
    assertThat(asked()).isEmpty();
  }

  @Test
  void expectedRequest_takesIdleRoom_butEndsNoTurn_andComesLast() {
    gpus("0", "1");
    busy(2, 100, "0");
    idle(3, 100, "1");
    want(1, GpuRequest.ids("0"));
    party(1).waiting = 0;
    party(1).expects = true;
    assertThat(asked()).as("nobody busy goes for it").isEmpty();

    arbiter.forget(1);
    want(5, ONE);
    party(5).waiting = 0;
    party(5).expects = true;
    now++;
    want(4, GpuRequest.ids("1"));
    assertThat(asked()).hasSize(1);
    arbiter.rooms().stream().filter(r -> r.party() == 3).toList().forEach(this::gone);
    assertThat(given()).singleElement().satisfies(g -> assertThat(g.party()).isEqualTo(4));
  }

  @Test
  void secondInstance_takesIdleRoom_butEndsNoTurn_andComesLast() {
    gpus("0", "1", "2");
    busy(1, 100, "0");
    Room other = busy(2, 100, "1");
    idle(3, 100, "2");
    want(1, ONE);
    now++;
    want(4, GpuRequest.ids("2"));
    assertThat(asked()).as("the one that serves nobody first").hasSize(1);
    arbiter.forget(4);
    assertThat(asked()).singleElement().satisfies(m -> assertThat(m.party()).isEqualTo(3));
    arbiter.rooms().stream().filter(r -> r.party() == 3).toList().forEach(this::gone);
    assertThat(given()).hasSize(1);
    arbiter.want(now, 1, ONE, 1, 1);
    assertThat(asked()).as("nobody busy goes for it, as %s", other).isEmpty();
  }

  // Choosing.

  @Test
  void goingFirst_thenIdle_thenPausing_thenDraining_thenBusy_thenStarting() {
    gpus("0", "1", "2", "3", "4", "5");
    Room starting = holds(16, InstancePhase.STARTING, false, SECOND, 0, "0");
    Room busy = busy(15, 1, "1");
    Room draining = holds(14, InstancePhase.DRAINING, true, 50 * SECOND, 0, "2");
    Room pausing = idle(13, 0, "3");
    Room idle = idle(12, 100, "4");
    Room going = holds(11, InstancePhase.RELEASING, false, 50 * SECOND, 0, "5");
    want(2, ONE);
    for (Room room : List.of(going, idle, pausing, draining, busy, starting)) {
      assertThat(waitOf(2).holders())
          .singleElement()
          .satisfies(h -> assertThat(h.instanceId()).isEqualTo("i" + room.id()));
      party(room.party()).minimum = 1;
      Room pinned = room;
      gone(pinned);
      arbiter.occupy(99, GpuRequest.ids(room.gpus().get(0)), room.gpus());
    }
  }

  @Test
  void cheapest_isTheOneThatStartsFastest() {
    gpus("0", "1");
    idle(1, 100, "0");
    idle(2, 100, "1");
    party(1).start = 20 * SECOND;
    want(3, ONE);
    assertThat(asked()).singleElement().satisfies(m -> assertThat(m.party()).isEqualTo(2));
    party(1).priority = -1;
    assertThat(asked())
        .as("the user's word")
        .singleElement()
        .satisfies(m -> assertThat(m.party()).isEqualTo(1));
  }

  @Test
  void cheapest_isTheOneThatIsNotNeededSoon() {
    gpus("0", "1");
    idle(1, 100, "0");
    idle(2, 100, "1");
    party(1).gaps = List.of(120 * SECOND, 130 * SECOND);
    party(2).gaps = List.of(300 * SECOND, 400 * SECOND);
    want(3, ONE);
    assertThat(asked()).singleElement().satisfies(m -> assertThat(m.party()).isEqualTo(2));
    party(2).price = 4;
    assertThat(asked())
        .as("4 x 1/4 is more than 3/4")
        .singleElement()
        .satisfies(m -> assertThat(m.party()).isEqualTo(1));
  }

  private static double cost(Shown one, long idle) {
    return VictimCost.of(one.party(), idle, one.start);
  }

  @Test
  void cheapest_ofThoseThatCanSleep_isTheOneThatWakesSooner_howeverLongItsStartTakes() {
    gpus("0", "1");
    sleepy(1, "0");
    idle(2, 100, "1");
    party(1).start = 100 * SECOND;
    party(1).wake = 3 * SECOND;
    want(3, ONE);
    assertThat(asked()).singleElement().satisfies(m -> assertThat(m.party()).isEqualTo(1));
    party(1).wake = 11 * SECOND;
    assertThat(asked()).singleElement().satisfies(m -> assertThat(m.party()).isEqualTo(2));
    party(2).start = 12 * SECOND;
    assertThat(asked()).singleElement().satisfies(m -> assertThat(m.party()).isEqualTo(1));
  }

  private void sleepy(long party, String gpu) {
    Room room = arbiter.occupy(party, GpuRequest.ids(gpu), List.of(gpu));
    long since = now - 200 * SECOND;
    party(party)
        .occupants
        .add(
            new Occupant(
                room.id(),
                "s",
                InstancePhase.READY,
                0,
                false,
                0,
                since,
                now - 100 * SECOND,
                since));
  }

  @Test
  void cost_ofASleeperWhoseCallersWait_isAWholeStart() {
    Shown one = new Shown(1);
    one.waiting = 1;
    assertThat(cost(one, 0)).isEqualTo(10);
  }

  @Test
  void cost_isStartTimesProbabilityTimesPrice() {
    Shown one = new Shown(1);
    assertThat(cost(one, 0)).isEqualTo(5);
    one.gaps = List.of(50 * SECOND, 100 * SECOND, 101 * SECOND, SECOND - 1);
    assertThat(cost(one, 0)).isCloseTo(10 * 4.0 / 6, within(1e-9));
    assertThat(cost(one, SECOND)).isCloseTo(10 * 4.0 / 5, within(1e-9));
    one.price = 2;
    one.start = SECOND;
    assertThat(cost(one, 45 * SECOND)).isCloseTo(2 * 2.0 / 5, within(1e-9));
  }

  // The line.

  @Test
  void line_isFirstComeFirstServed_andTheFirstGetsAllAtOnce() {
    gpus("0", "1");
    Room a = busy(1, 0, "0");
    Room b = busy(2, 0, "1");
    want(3, GpuRequest.count(2));
    now++;
    want(4, ONE);
    gone(a);
    assertThat(given()).as("nothing of what the first needs").isEmpty();
    gone(b);
    assertThat(given()).singleElement().satisfies(g -> assertThat(g.party()).isEqualTo(3));
  }

  @Test
  void line_lettsOthersHaveWhatTheFirstDoesNotNeed() {
    gpus("0", "1");
    busy(1, 0, "0");
    want(3, ZERO);
    now++;
    want(4, ONE);
    assertThat(given()).singleElement().satisfies(g -> assertThat(g.party()).isEqualTo(4));
  }

  @Test
  void whoStopsWaiting_losesItsPlace() {
    gpus("0");
    Room room = busy(1, 0, "0");
    want(2, ZERO);
    now++;
    want(3, ZERO);
    arbiter.want(now, 2, ZERO, 0, 0);
    now++;
    want(2, ZERO);
    gone(room);
    assertThat(given()).singleElement().satisfies(g -> assertThat(g.party()).isEqualTo(3));
  }

  @Test
  void multiGpuHolder_goesOnce_andFreesBoth() {
    gpus("0", "1", "2");
    busy(1, 0, "0");
    Room both = idle(2, 100, "1", "2");
    want(3, GpuRequest.count(2));
    assertThat(asked()).singleElement().satisfies(m -> assertThat(m.room()).isEqualTo(both.id()));
    gone(both);
    assertThat(given().get(0).room().gpus()).containsExactly("1", "2");
  }

  @Test
  void wait_saysWhoHoldsIt_andWhen() {
    gpus("0");
    busy(1, 20, "0");
    want(2, ZERO);
    RoomWait wait = waitOf(2);
    assertThat(wait.needs()).isEqualTo("GPU 0");
    assertThat(wait.place()).isEqualTo(1);
    assertThat(wait.since()).isEqualTo(now);
    assertThat(wait.holders())
        .containsExactly(
            new RoomWait.Holder(
                "d1", "i1", InstancePhase.READY, 2, Next.TURN_ENDS, now + 10 * SECOND));
    assertThat(wait.expectedAt()).isEqualTo(now + 20 * SECOND);
    assertThat(decide()).as("told once").isEmpty();
    long since = now;
    now++;
    want(3, ZERO);
    assertThat(waitOf(3).place()).isEqualTo(2);
    assertThat(arbiter.parties()).contains(1L, 2L, 3L);
    arbiter.want(now, 2, ZERO, 0, 0);
    assertThat(decide()).contains(new ArbiterEffect.Waits(2, null));
    assertThat(since).isLessThan(now);
  }

  // Unknown and foreign capacity.

  @Test
  void unlistedGpus_areTakenAtTheirWord() {
    arbiter.capacity(ProviderCapacity.unlisted());
    Room room = idle(1, 100, "0");
    want(2, GpuRequest.ids("1"));
    assertThat(given()).hasSize(1);
    want(3, ZERO);
    assertThat(asked()).singleElement().satisfies(m -> assertThat(m.room()).isEqualTo(room.id()));
    want(4, GpuRequest.all());
    now++;
    assertThat(given()).isEmpty();
    gone(room);
    assertThat(given()).singleElement().satisfies(g -> assertThat(g.party()).isEqualTo(3));
  }

  @Test
  void refusal_asksOneOfTheOthersToGo_andIsRepeated() {
    Room other = idle(1, 100, "x");
    idle(5, 200, "y");
    want(2, ONE);
    Room room = given().get(0).room();
    arbiter.want(now, 2, ONE, 0, 1);
    arbiter.refused(now, room, "full");
    gone(room);
    want(2, ONE);
    arbiter.want(now, 2, ONE, 1, 1);
    assertThat(waitOf(2).note()).isEqualTo("full");
    assertThat(asked()).as("one of them").hasSize(1);
    assertThat(given()).isEmpty();
    gone(other);
    assertThat(given()).as("tried at once when one has gone").hasSize(1);
  }

  @Test
  void refusal_ofAListedGpu_meansThatOthersHaveIt_forAWhile() {
    gpus("0", "1");
    want(1, ONE);
    Room room = given().get(0).room();
    arbiter.want(now, 1, ONE, 0, 1);
    arbiter.refused(now, room, "held by another host");
    gone(room);
    arbiter.want(now, 1, ONE, 1, 1);
    Room next = given().get(0).room();
    assertThat(next.gpus()).containsExactly("1");
    want(2, ONE);
    assertThat(given()).isEmpty();
    assertThat(arbiter.nextLook()).isEqualTo(now + SECOND);
    now += SECOND;
    assertThat(given())
        .singleElement()
        .satisfies(g -> assertThat(g.room().gpus()).containsExactly("0"));
    arbiter.placed(
        arbiter.rooms().stream().filter(r -> r.party() == 2).findFirst().orElseThrow(),
        List.of("0"));
  }

  @Test
  void refusals_areRepeatedMoreAndMoreSlowly_untilOneIsAccepted() {
    Refusals refusals = new Refusals();
    long at = 0;
    for (int wait : List.of(1, 2, 4, 8, 10, 10)) {
      refusals.refused(at, List.of("0"));
      assertThat(refusals.until("0")).isEqualTo(at + wait * SECOND);
      at = refusals.until("0");
    }
    refusals.retry(at - 5);
    assertThat(refusals.until("0")).isEqualTo(at - 5);
    refusals.accepted(List.of("0"));
    refusals.refused(at, List.of("0"));
    assertThat(refusals.until("0")).isEqualTo(at + SECOND);
    assertThat(refusals.until("1")).isEqualTo(Long.MIN_VALUE);
  }

  @Test
  void placed_tellsWhichGpusTheProviderChose() {
    arbiter.capacity(ProviderCapacity.unlisted());
    want(1, ONE);
    Room room = given().get(0).room();
    arbiter.placed(room, List.of("GPU-b"));
    gpus("GPU-a", "GPU-b");
    want(2, ONE);
    assertThat(given().get(0).room().gpus()).containsExactly("GPU-a");
    arbiter.freed(now, room);
    assertThat(arbiter.rooms()).hasSize(1);
  }

  @Test
  void start_besideOneThatIsGivenItsRoomToWake_waitsUntilThatIsAwake() {
    GpuRequest part = ZERO.withMemory("6GiB");
    arbiter.capacity(ProviderCapacity.of(List.of(ProviderCapacity.Gpu.of("0", "", "16GiB"))));
    Room room = arbiter.occupy(1, part, List.of("0"));
    arbiter.slumbers(now, room, 0);
    InstancePhase asleep = InstancePhase.ASLEEP;
    party(1).occupants.add(new Occupant(room.id(), "i-1", asleep, 0, true, 0, now, now, now));
    party(1).waiting = 1;
    arbiter.want(now, 1, new Effect.Want(part, 1, 0, room, 0));
    want(2, part);

    assertThat(given()).singleElement().satisfies(give -> assertThat(give.party()).isEqualTo(1));
    assertThat(given()).as("it does not know yet that it may wake").isEmpty();

    party(1).occupants.clear();
    party(1).waiting = 0;
    InstancePhase ready = InstancePhase.READY;
    party(1).occupants.add(new Occupant(room.id(), "i-1", ready, 1, true, 0, now, NEVER, now));
    arbiter.want(now, 1, part, 0, 1);
    assertThat(given()).singleElement().satisfies(give -> assertThat(give.party()).isEqualTo(2));
  }

  @Test
  void sleeperBesideAShareThatStays_isBlockedForGood_butNotByARefusal_norWhileAnotherStarts() {
    GpuRequest part = GpuRequest.ids("0").withMemory("10GiB");
    arbiter.capacity(ProviderCapacity.of(List.of(ProviderCapacity.Gpu.of("0", "", "16GiB"))));
    Room room = arbiter.occupy(1, part, List.of("0"));
    arbiter.slumbers(now, room, 0);
    InstancePhase asleep = InstancePhase.ASLEEP;
    party(1).occupants.add(new Occupant(room.id(), "i-1", asleep, 0, true, 0, now, now, now));
    Room share = arbiter.occupy(2, part, List.of("0"));
    InstancePhase ready = InstancePhase.READY;
    party(2).occupants.add(new Occupant(share.id(), "i-2", ready, 1, true, now, NEVER, now));
    party(2).minimum = 1;
    party(1).waiting = 1;
    arbiter.want(now, 1, new Effect.Want(part, 1, 0, room, 0));
    assertThat(waitOf(1).forGood()).isTrue();

    Room next = arbiter.occupy(2, ZERO, List.of("1"));
    InstancePhase starting = InstancePhase.STARTING;
    party(2).occupants.add(new Occupant(next.id(), "i-3", starting, 0, false, NEVER, NEVER, now));
    assertThat(waitOf(1).forGood()).as("its deployment may spare it soon").isFalse();

    party(2).occupants.remove(1);
    Room tried = arbiter.occupy(3, part, List.of("0"));
    arbiter.refused(now, tried, "full");
    arbiter.freed(now, tried);
    assertThat(waitOf(1).forGood()).as("the provider refuses for a moment").isFalse();
  }

  /** Returns whether an idle instance that keeps some GiB of a GPU of 24 is to sleep or to go. */
  private boolean sleepIsEnough(GpuRequest has, long keptGib, GpuRequest wanted) {
    arbiter.capacity(ProviderCapacity.of(List.of(ProviderCapacity.Gpu.of("0", "", "24GiB"))));
    Room room = arbiter.occupy(1, has, List.of("0"));
    InstancePhase ready = InstancePhase.READY;
    party(1).occupants.clear();
    party(1)
        .occupants
        .add(new Occupant(room.id(), "i-1", ready, 0, false, keptGib << 30, now, now, now));
    now += 1000 * SECOND;
    want(2, wanted);
    boolean enough = asked().get(0).sleep();
    arbiter.forget(2);
    arbiter.freed(now, room);
    return enough;
  }

  @Test
  void makeRoom_bySleep_isEnoughIfWhatIsKeptFitsBesideWhoWaits() {
    GpuRequest whole = GpuRequest.ids("0");
    assertThat(sleepIsEnough(whole, 1, whole.withMemory("23GiB"))).isTrue();
    assertThat(sleepIsEnough(whole, 2, whole.withMemory("23GiB"))).isFalse();
    assertThat(sleepIsEnough(whole, 1, whole)).as("it wants all of the GPU").isFalse();
    assertThat(sleepIsEnough(whole, 0, whole)).isTrue();
    assertThat(sleepIsEnough(whole.withMemory("20GiB"), 4, whole.withMemory("20GiB"))).isTrue();
    assertThat(sleepIsEnough(whole.withMemory("20GiB"), 5, whole.withMemory("20GiB"))).isFalse();
  }

  @Test
  void sleeperOfWhichTheRestIsInTheWay_hasToGo() {
    GpuRequest part = ZERO.withMemory("20GiB");
    arbiter.capacity(ProviderCapacity.of(List.of(ProviderCapacity.Gpu.of("0", "", "24GiB"))));
    Room room = arbiter.occupy(1, part, List.of("0"));
    arbiter.slumbers(now, room, 5L << 30);
    InstancePhase asleep = InstancePhase.ASLEEP;
    party(1)
        .occupants
        .add(new Occupant(room.id(), "i-1", asleep, 0, false, 5L << 30, now, now, now));
    want(2, part);
    assertThat(asked())
        .singleElement()
        .satisfies(ask -> assertThat(ask.sleep()).as("it does already").isFalse());
  }
}
