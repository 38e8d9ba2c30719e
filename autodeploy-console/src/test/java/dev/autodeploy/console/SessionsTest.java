package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SessionsTest {
  private static final Duration IDLE = Duration.ofMinutes(30);
  private static final Duration AGE = Duration.ofHours(12);

  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1000); // it may wrap around
  private final Sessions sessions = new Sessions(IDLE, AGE, nanos::get);
  private final SignInThrottle throttle = new SignInThrottle(nanos::get);

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  @Test
  void aSession_endsWhenItsUserDoesNothing() {
    String secret = sessions.begin("mei", ConsoleRole.ACT);
    pass(IDLE);
    assertThat(sessions.find(secret, true)).isNotNull();
    pass(IDLE);
    assertThat(sessions.find(secret, false)).isNotNull();
    pass(Duration.ofSeconds(1));
    assertThat(sessions.find(secret, true)).isNull();
    assertThat(sessions.expire()).extracting(Sessions.Session::user).containsExactly("mei");
    assertThat(sessions.expire()).isEmpty();
  }

  @Test
  void aSession_endsAtItsAge_howeverBusyItsUser() {
    String secret = sessions.begin("mei", ConsoleRole.ACT);
    for (Duration at = Duration.ZERO; at.compareTo(AGE) < 0; at = at.plusMinutes(20)) {
      assertThat(sessions.find(secret, true)).isNotNull();
      pass(Duration.ofMinutes(20));
    }
    pass(Duration.ofSeconds(1));
    assertThat(sessions.find(secret, true)).isNull();
  }

  @Test
  void secrets_areLongAndDifferent_andGuessesFindNothing() {
    List<String> secrets = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      secrets.add(sessions.begin("mei", ConsoleRole.READ));
    }
    assertThat(secrets).doesNotHaveDuplicates().allMatch(s -> s.length() == 43);
    assertThat(sessions.find("", true)).isNull();
    assertThat(sessions.find(secrets.get(0).substring(1), true)).isNull();
    Sessions.Session session = sessions.find(secrets.get(0), true);
    assertThat(session).isNotNull();
    assertThat(session.key()).doesNotContain(secrets.get(0));
    assertThat(sessions.find(session.key(), true)).isNull();
    sessions.end(session.key());
    assertThat(sessions.find(secrets.get(0), true)).isNull();
  }

  @Test
  void oneUser_hasTwentySessions_theLastOnes_andTakesNoneFromOthers() {
    String other = sessions.begin("kenji", ConsoleRole.READ);
    List<String> secrets = new ArrayList<>();
    for (int i = 0; i < 25; i++) {
      secrets.add(sessions.begin("mei", ConsoleRole.READ));
    }
    assertThat(secrets.stream().filter(s -> sessions.find(s, true) != null).toList())
        .isEqualTo(secrets.subList(5, 25));
    assertThat(sessions.find(other, true)).isNotNull();
  }

  @Test
  void wrongPasswords_fromAddressesOfOneNetwork_areOfOneCaller() {
    for (int i = 0; i < 5; i++) {
      throttle.attempted("mei", "2001:db8:0:1::" + Integer.toHexString(i + 1));
    }
    assertThat(throttle.pause("mei", "2001:db8:0:1:ffff::7")).isEqualTo(Duration.ofSeconds(1));
    assertThat(throttle.pause("mei", "2001:db8:0:2::1")).isZero();
  }

  /** A user of this machine has sixteen million of them. */
  @Test
  void attemptsFromAllAddressesOfThisMachine_countTogether() {
    for (int i = 0; i < 6; i++) {
      throttle.attempted("mei", "127.0." + i + ".1");
    }
    assertThat(throttle.pause("mei", "127.9.9.9")).isPositive();
    assertThat(throttle.pause("mei", "::1")).isPositive();
  }

  @Test
  void wrongPasswords_haveToWaitLongerAndLonger() {
    for (int i = 0; i < 4; i++) {
      throttle.attempted("mei", "192.0.2.1");
      assertThat(throttle.pause("mei", "192.0.2.1")).isZero();
    }
    for (long seconds : new long[] {1, 2, 4, 8, 16, 32, 60, 60}) {
      throttle.attempted("mei", "192.0.2.1");
      assertThat(throttle.pause("mei", "192.0.2.1")).isEqualTo(Duration.ofSeconds(seconds));
      pass(Duration.ofSeconds(seconds));
      assertThat(throttle.pause("mei", "192.0.2.1")).isZero();
    }
    assertThat(throttle.pause("mei", "192.0.2.2")).isZero();
    assertThat(throttle.pause("kenji", "192.0.2.1")).isZero();
    throttle.succeeded("mei", "192.0.2.1");
    throttle.attempted("mei", "192.0.2.1");
    assertThat(throttle.pause("mei", "192.0.2.1")).isZero();
  }

  @Test
  void oneAddress_cannotTryOneUserAfterTheOther() {
    for (int i = 0; i < 20; i++) {
      throttle.attempted("user" + i, "192.0.2.1");
    }
    assertThat(throttle.pause("mei", "192.0.2.1")).isPositive();
    assertThat(throttle.pause("mei", "192.0.2.2")).isZero();
  }

  @Test
  void failures_areForgottenAfterAWhile() {
    for (int i = 0; i < 8; i++) {
      throttle.attempted("mei", "192.0.2.1");
    }
    pass(Duration.ofMinutes(16));
    throttle.attempted("mei", "192.0.2.1");
    assertThat(throttle.pause("mei", "192.0.2.1")).isZero();
  }
}
