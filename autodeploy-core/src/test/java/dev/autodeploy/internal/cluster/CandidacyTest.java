package dev.autodeploy.internal.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.internal.cluster.Candidacy.Outcome;
import dev.autodeploy.spi.Leader;
import org.junit.jupiter.api.Test;

final class CandidacyTest {
  private static final long TERM = 600;
  private static final Leader OTHER = new Leader(7, "other", "");

  private final Candidacy candidacy = new Candidacy("me", TERM);

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
  void renewal_whoseAnswerComesTooLate_deposes() {
    candidacy.answered(0, 0, 0, me(3));
    assertThat(candidacy.answered(10, 3, 510, me(3))).isEqualTo(Outcome.DEPOSED);
    assertThat(candidacy.held()).isZero();
  }

  @Test
  void time_withoutAnAnswer_deposes() {
    candidacy.answered(0, 0, 0, me(3));
    assertThat(candidacy.expired(499)).isEqualTo(Outcome.UNCHANGED);
    assertThat(candidacy.expired(500)).isEqualTo(Outcome.DEPOSED);
    assertThat(candidacy.expired(501)).isEqualTo(Outcome.UNCHANGED);
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
  void renewal_thatIsAnsweredAfterTheTimeWasOver_isUnwanted() {
    candidacy.answered(0, 0, 0, me(3));
    candidacy.expired(500);
    assertThat(candidacy.answered(499, 3, 501, me(3))).isEqualTo(Outcome.UNWANTED);
    assertThat(candidacy.mayAct(501, 3)).isFalse();
  }

  @Test
  void election_afterItHasResigned_isUnwanted() {
    candidacy.resign();
    assertThat(candidacy.isResigned()).isTrue();
    assertThat(candidacy.answered(0, 0, 0, me(3))).isEqualTo(Outcome.UNWANTED);
  }

  @Test
  void looks_areMoreOftenWhileAnotherLeads() {
    assertThat(candidacy.nextLook(1000)).isEqualTo(1100);
    candidacy.answered(0, 0, 0, me(3));
    assertThat(candidacy.nextLook(1000)).isEqualTo(1150);
  }

  @Test
  void giveUp_letsItBeElectedAgain() {
    candidacy.answered(0, 0, 0, me(3));
    candidacy.giveUp();
    assertThat(candidacy.mayAct(1, 3)).isFalse();
    assertThat(candidacy.answered(10, 0, 10, me(4))).isEqualTo(Outcome.ELECTED);
  }

  private static Leader me(long epoch) {
    return new Leader(epoch, "me", "");
  }
}
