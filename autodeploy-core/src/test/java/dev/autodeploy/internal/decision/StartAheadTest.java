package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.spi.Prewarm;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The start ahead of one request, on a time line in nanoseconds. */
final class StartAheadTest {
  private final StartAhead ahead = new StartAhead();

  private static Prewarm prewarm(long after, long keep) {
    return new Prewarm(Duration.ofNanos(after), Duration.ofNanos(keep));
  }

  @Test
  void plan_isFromWhenNobodyWantedAnything() {
    ahead.plan(50, 10, prewarm(100, 20));
    assertThat(ahead.isPlanned()).isTrue();
    assertThat(ahead.nextLook(50)).isEqualTo(110);
    assertThat(ahead.isDue(109)).isFalse();
    assertThat(ahead.isDue(110)).isTrue();
  }

  @Test
  void start_thatIsHeldBackForTooLong_isGivenUp() {
    ahead.plan(50, 10, prewarm(100, 20));
    assertThat(ahead.nextLook(110)).as("when it is no longer worth it").isEqualTo(131);
    assertThat(ahead.isDue(130)).isTrue();
    assertThat(ahead.isDue(131)).isFalse();
    assertThat(ahead.isPlanned()).isFalse();
    assertThat(ahead.nextLook(131)).isEqualTo(NEVER);
  }

  @Test
  void start_isTakenOnce() {
    ahead.plan(50, 10, prewarm(100, 20));
    assertThat(ahead.take()).isEqualTo(20);
    assertThat(ahead.isPlanned()).isFalse();
    assertThat(ahead.isDue(1000)).isFalse();
  }

  @Test
  void plan_ofWhatIsPast_orOfNothing_isNone() {
    ahead.plan(110, 10, prewarm(100, 20));
    assertThat(ahead.isPlanned()).as("it was made then").isFalse();
    ahead.plan(50, NEVER, prewarm(100, 20));
    assertThat(ahead.isPlanned()).as("somebody wants something").isFalse();
    ahead.plan(50, 10, prewarm(100, 20));
    ahead.plan(50, 10, null);
    assertThat(ahead.isPlanned()).as("the later plan counts").isFalse();
  }

  @Test
  void none_isShared_soNothingIsPlannedInIt() {
    StartAhead.NONE.cancel();
    assertThat(StartAhead.NONE.isPlanned()).isFalse();
    assertThat(StartAhead.NONE.nextLook(0)).isEqualTo(NEVER);
    assertThat(StartAhead.NONE.isDue(0)).isFalse();
  }
}
