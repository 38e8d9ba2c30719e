package dev.autodeploy.internal.decision;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.StartReason;
import dev.autodeploy.internal.decision.StartPlanner.Plan;
import dev.autodeploy.internal.decision.StartPlanner.Situation;
import org.junit.jupiter.api.Test;

/** The branches of the decision tree, by their numbers. */
final class StartPlannerTest {
  private boolean open = true;
  private int ready;
  private int starting;
  private int releasing;
  private int waiting;
  private long requestsToCome;
  private int minimum;
  private boolean expected;
  private boolean backingOff;
  private int asleep;

  @Test
  void closed_startsNothing() { // 1
    open = false;
    waiting = 5;
    minimum = 2;
    assertThat(plan().count()).isZero();
  }

  @Test
  void minimum_isFilledUp() { // 2
    minimum = 3;
    starting = 1;
    assertThat(plan().count()).isEqualTo(2);
    assertThat(plan().reason(0)).isEqualTo(StartReason.MINIMUM);

    ready = 2;
    assertThat(plan().count()).isZero();
  }

  @Test
  void expectedRequest_startsOne_unlessOneIsThereOrStarts() { // 3
    expected = true;
    assertThat(plan()).isEqualTo(new Plan(1, 0, 0, StartReason.REQUEST, false));
    assertThat(plan().reason(0)).isEqualTo(StartReason.EXPECTED);

    minimum = 2; // covers it
    assertThat(plan().count()).isEqualTo(2);
    assertThat(plan().reason(1)).isEqualTo(StartReason.MINIMUM);

    minimum = 0;
    starting = 1;
    assertThat(plan().count()).isZero();
    starting = 0;
    ready = 1;
    assertThat(plan().count()).isZero();
  }

  @Test
  void nobodyWaits_startsNothing() { // 4a
    assertThat(plan().count()).isZero();
  }

  @Test
  void wake_startsExactlyOne_howeverManyWait() { // 4b
    waiting = 500;
    assertThat(plan()).isEqualTo(new Plan(1, 1, 0, StartReason.REQUEST, false));
  }

  @Test
  void wakeUnderWay_startsNoOther() { // 4c
    waiting = 500;
    starting = 1;
    assertThat(plan().count()).isZero();
  }

  @Test
  void demandBesideAReadyOne_isWhatStartsDoNotCover() { // 4d
    ready = 1;
    waiting = 5;
    assertThat(plan().count()).isEqualTo(2); // four callers each
    assertThat(plan().reason(0)).isEqualTo(StartReason.DEMAND);

    starting = 1;
    requestsToCome = 4;
    assertThat(plan().count()).isEqualTo(1);

    waiting = 4;
    assertThat(plan().count()).isZero();
  }

  @Test
  void instancesBeingReleased_takeUpRoom() { // 5
    waiting = 100;
    ready = 1;
    releasing = 7;
    assertThat(plan().count()).isEqualTo(2);

    releasing = 9;
    assertThat(plan().count()).isZero();
  }

  @Test
  void sleepers_areWokenBesideWhatGoes_butStartNoOthers() { // 5
    waiting = 100;
    releasing = 10;
    assertThat(plan().count()).isZero();

    asleep = 1;
    assertThat(plan().count()).isEqualTo(1);

    ready = 10; // as many as there may be take requests
    assertThat(plan().count()).isZero();
  }

  @Test
  void failedStart_holdsTheOthersBack() { // 6
    waiting = 1;
    backingOff = true;
    assertThat(plan().heldBack()).isTrue();

    waiting = 0;
    assertThat(plan().heldBack()).isFalse();
  }

  @Test
  void startsForCallers_comeFirst() { // 7
    waiting = 1;
    minimum = 3;
    assertThat(plan().count()).isEqualTo(3);
    assertThat(plan().reason(0)).isEqualTo(StartReason.REQUEST);
    assertThat(plan().reason(1)).isEqualTo(StartReason.MINIMUM);
  }

  private Plan plan() {
    int existing = ready + starting + releasing;
    return StartPlanner.plan(
        new Situation(
            open,
            ready,
            starting,
            asleep,
            existing,
            waiting,
            requestsToCome,
            minimum,
            expected,
            10,
            4,
            backingOff));
  }
}
