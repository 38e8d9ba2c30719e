package dev.autodeploy.internal.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.internal.store.CapturedLog;
import dev.autodeploy.spi.Leader;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The time of records of a replica whose own clock is wrong. */
final class SharedClockTest {
  private static final Instant PLACE = Instant.parse("2026-01-31T12:00:00Z");
  private static final Duration WRONG = Duration.ofMinutes(10);

  /** The time that has passed in truth. */
  private Duration passed = Duration.ZERO;

  private Instant own = PLACE.plus(WRONG);
  private double rate = 1;
  private long epoch = 1;
  private final SharedClock clock = new SharedClock(() -> own, this::ticks);

  private long ticks() {
    return (long) (passed.toNanos() * rate);
  }

  /** The place answers, half way between question and answer. */
  private void ask(Duration trip) {
    ask(trip, Duration.ZERO);
  }

  private void ask(Duration trip, Duration placeIsAhead) {
    long asked = ticks();
    Instant now = PLACE.plus(passed).plus(trip.dividedBy(2)).plus(placeIsAhead);
    passed = passed.plus(trip);
    answered(asked, now);
  }

  private void answered(long asked, @Nullable Instant now) {
    clock.heard(asked, ticks(), new Leader(epoch, "a", "", now));
  }

  private Duration error() {
    return Duration.between(PLACE.plus(passed), clock.instant());
  }

  @Test
  void beforeTheFirstAnswer_andWithoutAClockOfThePlace_itIsTheOwn() {
    assertThat(clock.instant()).isEqualTo(own);
    answered(0, null);
    assertThat(clock.instant()).isEqualTo(own);
  }

  @Test
  void answer_isBelieved_whateverTheOwnClockSays() {
    ask(Duration.ofMillis(10));
    assertThat(error()).isEqualTo(Duration.ZERO);
    own = PLACE.minus(WRONG); // stepped
    passed = passed.plusSeconds(60);
    assertThat(error()).isEqualTo(Duration.ZERO);
  }

  @Test
  void answerThatTookLong_changesNothing_thatCanBeRight() {
    ask(Duration.ofMillis(2));
    for (int i = 0; i < 20; i++) {
      passed = passed.plusSeconds(2);
      ask(Duration.ofSeconds(5), Duration.ofMillis(i % 2 == 0 ? 2400 : -2400)); // at an end of it
      assertThat(error().abs()).isLessThanOrEqualTo(Duration.ofMillis(1));
    }
  }

  @Test
  void monotonicClockThatRunsWrong_isCorrected() {
    rate = 1.005;
    ask(Duration.ofMillis(2));
    for (int i = 0; i < 10_000; i++) {
      passed = passed.plusMillis(1500);
      Instant before = clock.instant();
      ask(Duration.ofMillis(2));
      assertThat(error().abs()).isLessThanOrEqualTo(Duration.ofMillis(10));
      assertThat(clock.instant()).isAfterOrEqualTo(before); // it does not go back
    }
  }

  @Test
  void ownClockThatIsWrong_isToldOnceInEachEpoch() {
    try (CapturedLog log = new CapturedLog()) {
      ask(Duration.ofMillis(2));
      ask(Duration.ofMillis(2));
      assertThat(log.warnings()).hasSize(1).first().asString().contains("599 s ahead of that of");

      epoch++;
      own = PLACE.minus(WRONG);
      ask(Duration.ofMillis(2));
      assertThat(log.warnings()).hasSize(2).last().asString().contains("600 s behind that of");

      epoch++;
      own = PLACE.plusSeconds(4);
      ask(Duration.ofMillis(2));
      assertThat(log.warnings()).as("a little is nothing to tell").hasSize(2);
    }
  }

  @Test
  void placeThatIsSetForward_isFollowed() {
    ask(Duration.ofMillis(2));
    ask(Duration.ofMillis(2), Duration.ofSeconds(30));
    assertThat(error()).isBetween(Duration.ofSeconds(29), Duration.ofSeconds(31));
  }

  @Test
  void placeThatIsSetBackALittle_isWaitedFor() {
    ask(Duration.ofMillis(2), Duration.ofSeconds(30));
    Instant before = clock.instant();
    ask(Duration.ofMillis(2));
    passed = passed.plusSeconds(10);
    assertThat(clock.instant()).isEqualTo(before);
    passed = passed.plusSeconds(30);
    assertThat(error().abs()).isLessThanOrEqualTo(Duration.ofMillis(5));
  }

  @Test
  void placeThatIsSetBackByFar_isFollowed() {
    ask(Duration.ofMillis(2), Duration.ofHours(2));
    assertThat(error()).isGreaterThan(Duration.ofHours(1));
    ask(Duration.ofMillis(2));
    assertThat(error().abs()).isLessThanOrEqualTo(Duration.ofMillis(5));
  }
}
