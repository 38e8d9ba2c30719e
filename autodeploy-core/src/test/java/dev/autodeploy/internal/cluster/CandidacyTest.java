package dev.autodeploy.internal.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.internal.cluster.Candidacy.Outcome;
import dev.autodeploy.spi.Leader;
import org.junit.jupiter.api.Test;

final class CandidacyTest {
  private static final long TERM = 600;
  private static final long GRACE = 1000;
  private static final Leader OTHER = new Leader(7, "other", "");

  private final Candidacy candidacy = new Candidacy("me", TERM, GRACE);

  @Test
  void answer_thatElects_countsFromBeforeItWasAskedFor() {
    assertThat(candidacy.answered(100, 0, 150, me(3))).isEqualTo(Outcome.ELECTED);
    assertThat(candidacy.held()).isEqualTo(3);
    assertThat(candidacy.actsUntil()).isEqualTo(600);
    assertThat(candidacy.mayAct(599, 3)).isTrue();
    assertThat(candidacy.mayAct(600, 3)).isFalse();
    assertThat(candidacy.mayAct(599, 2)).isFalse();
  }

  @Test
  void renewal_extendsTheTime() {
    candidacy.answered(100, 0, 150, me(3));
    assertThat(candidacy.answered(300, 3, 310, me(3))).isEqualTo(Outcome.UNCHANGED);
    assertThat(candidacy.mayAct(799, 3)).isTrue();
    assertThat(candidacy.mayAct(800, 3)).isFalse();
  }

  @Test
  void renewal_whoseAnswerComesTooLate_onlyServes() {
    candidacy.answered(0, 0, 0, me(3));
    assertThat(candidacy.answered(10, 3, 510, me(3))).isEqualTo(Outcome.UNCHANGED);
    assertThat(candidacy.mayAct(510, 3)).isFalse();
    assertThat(candidacy.onlyServes(510)).isTrue();
  }

  @Test
  void time_withoutAnAnswer_lastsForServingAndDeposesThen() {
    candidacy.answered(0, 0, 0, me(3));
    assertThat(candidacy.onlyServes(499)).isFalse();
    assertThat(candidacy.expired(500)).isEqualTo(Outcome.UNCHANGED);
    assertThat(candidacy.onlyServes(500)).isTrue();
    assertThat(candidacy.mayAct(500, 3)).isFalse();
    assertThat(candidacy.expired(1499)).isEqualTo(Outcome.UNCHANGED);
    assertThat(candidacy.servesUntil()).isEqualTo(1500);
    assertThat(candidacy.mayLend(1499, 3)).isTrue();
    assertThat(candidacy.mayLend(1499, 2)).isFalse();
    assertThat(candidacy.mayLend(1500, 3)).as("before anybody has looked at the time").isFalse();
    assertThat(candidacy.expired(1500)).isEqualTo(Outcome.DEPOSED);
    assertThat(candidacy.onlyServes(1500)).isFalse();
    assertThat(candidacy.expired(1501)).isEqualTo(Outcome.UNCHANGED);
  }

  @Test
  void renewal_whileItOnlyServes_actsAgainInTheSameEpoch() {
    candidacy.answered(0, 0, 0, me(3));
    candidacy.expired(700);
    assertThat(candidacy.answered(1000, 3, 1010, me(3))).isEqualTo(Outcome.UNCHANGED);
    assertThat(candidacy.mayAct(1010, 3)).isTrue();
    assertThat(candidacy.onlyServes(1010)).isFalse();
  }

  @Test
  void answer_thatNamesAnotherWhileItOnlyServes_deposes() {
    candidacy.answered(0, 0, 0, me(3));
    assertThat(candidacy.answered(1000, 3, 1010, OTHER)).isEqualTo(Outcome.DEPOSED);
    assertThat(candidacy.onlyServes(1010)).isFalse();
  }

  @Test
  void answer_thatNamesAnother_deposes() {
    candidacy.answered(0, 0, 0, me(3));
    assertThat(candidacy.answered(10, 3, 11, OTHER)).isEqualTo(Outcome.DEPOSED);
    assertThat(candidacy.anotherLeads(11)).isTrue();
    assertThat(candidacy.anotherLeads(311)).isFalse();
  }

  @Test
  void answer_thatNamesNobody_deposesAndKnowsOfNoOther() {
    candidacy.answered(0, 0, 0, me(3));
    assertThat(candidacy.answered(10, 3, 11, new Leader(9, "", ""))).isEqualTo(Outcome.DEPOSED);
    assertThat(candidacy.anotherLeads(11)).isFalse();
  }

  @Test
  void answer_ofALaterEpochWhileOneIsHeld_deposes() {
    candidacy.answered(0, 0, 0, me(3));
    assertThat(candidacy.answered(10, 3, 11, me(5))).isEqualTo(Outcome.DEPOSED);
  }

  @Test
  void election_whoseAnswerComesLate_isUnwanted() {
    assertThat(candidacy.answered(0, 0, 301, me(3))).isEqualTo(Outcome.UNWANTED);
    assertThat(candidacy.held()).isZero();
  }

  @Test
  void renewal_thatIsAnsweredAfterItWasDeposed_isUnwanted() {
    candidacy.answered(0, 0, 0, me(3));
    candidacy.expired(1500);
    assertThat(candidacy.answered(1499, 3, 1501, me(3))).isEqualTo(Outcome.UNWANTED);
    assertThat(candidacy.mayAct(1501, 3)).isFalse();
  }

  @Test
  void election_afterItHasResigned_isUnwanted() {
    candidacy.resign();
    assertThat(candidacy.isResigned()).isTrue();
    assertThat(candidacy.answered(0, 0, 0, me(3))).isEqualTo(Outcome.UNWANTED);
  }

  @Test
  void resignation_isNotHurried_whileTheEngineEnds() {
    candidacy.answered(0, 0, 0, me(3));
    candidacy.resign();
    candidacy.resign();
    assertThat(candidacy.answered(10, 0, 10, me(3))).isEqualTo(Outcome.UNCHANGED);
    assertThat(candidacy.held()).isZero();
    assertThat(candidacy.answered(20, 0, 20, me(4))).as("others led").isEqualTo(Outcome.UNWANTED);
    candidacy.ended(3);
    assertThat(candidacy.answered(30, 0, 30, me(3))).isEqualTo(Outcome.UNWANTED);
  }

  @Test
  void looks_areMoreOftenWhileItDoesNotActAsLeader() {
    assertThat(candidacy.nextLook(100)).isEqualTo(200);
    candidacy.answered(0, 0, 0, me(3));
    assertThat(candidacy.nextLook(100)).isEqualTo(250);
    assertThat(candidacy.nextLook(1000)).as("it only serves").isEqualTo(1100);
  }

  @Test
  void endOfItsEngine_letsItBeElectedAgain() {
    candidacy.answered(0, 0, 0, me(3));
    candidacy.ended(2);
    assertThat(candidacy.mayAct(1, 3)).as("another engine has ended").isTrue();
    candidacy.ended(3);
    assertThat(candidacy.mayAct(1, 3)).isFalse();
    assertThat(candidacy.answered(10, 0, 10, me(4))).isEqualTo(Outcome.ELECTED);
  }

  private static Leader me(long epoch) {
    return new Leader(epoch, "me", "");
  }
}
