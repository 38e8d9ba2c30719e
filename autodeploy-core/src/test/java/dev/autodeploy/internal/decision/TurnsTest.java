package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.InstancePhase;
import dev.autodeploy.internal.decision.Party.Occupant;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The length of turns, for a deployment whose starts take ten seconds. */
final class TurnsTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();
  private static final long READY = 1000 * SECOND;

  private static Party party(long start, int waiting) {
    return new Party(1, "d", 1, 0, false, waiting, NEVER, start, List.of(), 1, List.of());
  }

  private static Occupant occupant(
      InstancePhase phase, boolean wanted, long readyAt, long idleSince) {
    return new Occupant(1, "i", phase, 0, wanted, readyAt, idleSince, 0);
  }

  private static final Party PARTY = party(10 * SECOND, 0);
  private static final Occupant IDLE = occupant(InstancePhase.READY, false, READY, READY + SECOND);

  @Test
  void swap_isTheDurationOfAStart_withinBounds() {
    assertThat(Turns.swap(PARTY)).isEqualTo(10 * SECOND);
    assertThat(Turns.swap(party(0, 0))).isEqualTo(SECOND / 10);
    assertThat(Turns.swap(party(3600 * SECOND, 0))).isEqualTo(600 * SECOND);
  }

  @Test
  void end_isThreeStartsAfterReady_orWhenAStartIsNeeded_butNotBeforeOne() {
    assertThat(Turns.end(PARTY, IDLE, NEVER)).isEqualTo(READY + 30 * SECOND);
    assertThat(Turns.end(PARTY, IDLE, READY + 15 * SECOND)).isEqualTo(READY + 15 * SECOND);
    assertThat(Turns.end(PARTY, IDLE, READY)).isEqualTo(READY + 10 * SECOND);
    assertThat(Turns.end(PARTY, occupant(InstancePhase.STARTING, false, NEVER, NEVER), NEVER))
        .as("whoever starts has no turn yet")
        .isEqualTo(NEVER);
  }

  @Test
  void idleEnd_isAFifthOfAStart_orTheEndOfTheTurn() {
    long idleSince = READY + SECOND;
    assertThat(Turns.idleEnd(PARTY, IDLE, NEVER)).isEqualTo(idleSince + 2 * SECOND);
    assertThat(Turns.idleEnd(PARTY, IDLE, idleSince + SECOND)).isEqualTo(idleSince + SECOND);
  }

  @Test
  void idle_isWhoeverIsReadyAndNobodyWantsOrWaitsFor() {
    assertThat(Turns.isIdle(PARTY, IDLE)).isTrue();
    assertThat(Turns.isIdle(party(10 * SECOND, 1), IDLE)).isFalse();
    assertThat(Turns.isIdle(PARTY, occupant(InstancePhase.READY, true, READY, READY))).isFalse();
    assertThat(Turns.isIdle(PARTY, occupant(InstancePhase.READY, false, READY, NEVER))).isFalse();
    assertThat(Turns.isIdle(PARTY, occupant(InstancePhase.DRAINING, false, READY, READY)))
        .isFalse();
  }
}
