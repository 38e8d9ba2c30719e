package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LastAnswersTest {
  private static final long MOST = 64L << 20;

  private final LastAnswers answers = new LastAnswers(false, () -> 0);

  private LastAnswers.Recording begun(String key, HttpHeaders headers) {
    LastAnswers.Recording recording = answers.new Recording(key, 1 << 20);
    assertThat(recording.begin(200, new HttpHeaders(), headers)).isNotNull();
    return recording;
  }

  @Test
  void recordingsUnderWay_areBoundedInAll() {
    byte[] piece = new byte[1 << 18];
    List<LastAnswers.Recording> all = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      LastAnswers.Recording recording = begun("k" + i, new HttpHeaders());
      for (int j = 0; j < 4; j++) {
        recording.add(piece, 0, piece.length);
      }
      all.add(recording);
    }
    assertThat(answers.recorded()).isBetween(MOST / 2, MOST);

    all.forEach(LastAnswers.Recording::complete);
    all.forEach(LastAnswers.Recording::close);
    assertThat(answers.recorded()).isZero();
    assertThat(answers.kept()).isBetween(MOST / 2, MOST);
  }

  @Test
  void recordingThatIsTooLong_orGivenUp_leavesNothing() {
    LastAnswers.Recording tooLong = begun("a", new HttpHeaders());
    tooLong.add(new byte[1 << 20], 0, 1 << 20);
    tooLong.add(new byte[1], 0, 1);
    tooLong.complete();
    begun("b", new HttpHeaders()).close();
    assertThat(answers.recorded()).isZero();
    assertThat(answers.kept()).isZero();
  }

  @Test
  void headersCount() {
    for (int i = 0; i < 6000; i++) {
      LastAnswers.Recording recording =
          begun("k" + i, new HttpHeaders().add("X-Long", "x".repeat(20_000)));
      recording.complete();
      recording.close();
    }
    assertThat(answers.kept()).isBetween(MOST / 2, MOST);
  }
}
