package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class BodyPaceTest {
  private final AtomicLong now = new AtomicLong();
  private final BodyPace pace =
      new BodyPace(now::get, new BodyPace.Limits(500, Duration.ofSeconds(20), Duration.ofHours(1)));

  private void pass(double seconds) {
    now.addAndGet((long) (seconds * TimeUnit.SECONDS.toNanos(1)));
  }

  private void read(double seconds, int bytes) {
    pace.begin();
    pass(seconds);
    pace.end(bytes);
  }

  @Test
  void oneByteInTenSeconds_isTooSlow_afterTheGrace() {
    read(10, 1);
    pace.begin();
    assertThat(pace.tooSlow()).isFalse();
    pass(10.1);
    assertThat(pace.tooSlow()).isTrue();
    pace.end(1);
    assertThat(pace.tooSlow()).as("while it is not waited for").isFalse();
  }

  @Test
  void theSlowestPaceThatIsAllowed_isJustThat() {
    BodyPace exact =
        new BodyPace(
            now::get, new BodyPace.Limits(100, Duration.ofSeconds(1), Duration.ofSeconds(10)));
    exact.begin();
    pass(2);
    exact.end(400);
    exact.begin();
    pass(2);
    assertThat(exact.tooSlow()).as("400 bytes in 4 s").isFalse();
    pass(0.1);
    assertThat(exact.tooSlow()).as("400 bytes in 4.1 s").isTrue();
    exact.end(100_000);
    exact.begin();
    pass(5.9);
    assertThat(exact.tooSlow()).as("10 s in all").isFalse();
    now.incrementAndGet();
    assertThat(exact.tooSlow()).as("a moment longer").isTrue();
  }

  @Test
  void budget_isGivenToItsLastByte() {
    BodyBudget budget = new BodyBudget(10);
    assertThat(budget.take(10)).isEqualTo(10);
    assertThat(budget.take(1)).isZero();
    assertThat(budget.reserve(1)).isFalse();
    budget.giveBack(4);
    assertThat(budget.reserve(4)).isTrue();
    assertThat(budget.reserve(1)).isFalse();
  }

  @Test
  void aModem_isFastEnough() {
    for (int i = 0; i < 1_000; i++) {
      read(1, 1_200);
      pace.begin();
      assertThat(pace.tooSlow()).isFalse();
      pace.end(0);
    }
  }

  @Test
  void whatTheInstanceTakes_doesNotCount() {
    read(1, 1_000);
    pass(7_200);
    pace.begin();
    assertThat(pace.tooSlow()).isFalse();
  }

  @Test
  void allOfIt_hasALimit() {
    for (int i = 0; i < 3_600; i++) {
      read(1, 100_000);
    }
    pace.begin();
    pass(0.1);
    assertThat(pace.tooSlow()).isTrue();
  }

  @Test
  void budget_isTakenForSmallBodiesOnly_andGivenBack() {
    BodyBudget budget = new BodyBudget(100_000);

    assertThat(budget.take(0)).isZero();
    assertThat(budget.take(65_537)).isZero();
    assertThat(budget.take(RequestHead.CHUNKED)).as("may be a stream").isZero();
    int small = budget.take(40_000);
    assertThat(small).isEqualTo(40_000);
    assertThat(budget.take(60_001)).as("more than is left").isZero();
    budget.giveBack(small);
    assertThat(budget.take(65_536)).isEqualTo(BodyBudget.MAX_BODY);
  }
}
