package dev.autodeploy.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.UsageHistory;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract that every {@link IdlePolicy} has to keep. Extend it in a test class of your own and
 * override {@link #policy()}:
 *
 * <pre>{@code
 * class BusinessHoursTest extends IdlePolicyContract {
 *   @Override
 *   protected IdlePolicy policy() {
 *     return new BusinessHours();
 *   }
 * }
 * }</pre>
 */
@ExtendWith(BrokenPromise.class)
public abstract class IdlePolicyContract {

  /** For subclasses. */
  protected IdlePolicyContract() {}

  /**
   * Returns the policy under test.
   *
   * @return a policy, the same or a new one each time
   */
  protected abstract IdlePolicy policy();

  @DisplayName("The policy answers for a deployment of which nothing is known yet.")
  @Test
  void idleTimeout_withoutAnyHistory_isAnswered() {
    assertAnswers(history(0, Duration.ZERO));
  }

  @DisplayName(
      "The policy answers for every amount of history, the shortest and longest times "
          + "included.")
  @Test
  void idleTimeout_withAnyHistory_isAnswered() {
    for (int values : new int[] {1, 2, 3, UsageHistory.LIMIT}) {
      for (Duration value :
          List.of(
              Duration.ZERO, Duration.ofNanos(1), Duration.ofSeconds(40), Duration.ofDays(365))) {
        assertAnswers(history(values, value));
      }
    }
  }

  @DisplayName("The policy answers for gaps of very different lengths.")
  @Test
  void idleTimeout_withMixedGaps_isAnswered() {
    assertAnswers(
        new History(
            List.of(Duration.ofDays(30), Duration.ZERO, Duration.ofMillis(3), Duration.ofHours(8)),
            List.of(Duration.ofMinutes(10), Duration.ofMillis(1))));
  }

  @DisplayName("The policy only reads the history that it is handed.")
  @Test
  void idleTimeout_askedAgainWithTheSameHistory_isAnsweredAgain() {
    UsageHistory history = history(5, Duration.ofMinutes(2));
    IdlePolicy policy = policy();
    for (int i = 0; i < 1000; i++) {
      assertValid(policy.idleTimeout(history));
    }
  }

  private void assertAnswers(UsageHistory history) {
    assertValid(policy().idleTimeout(history));
  }

  // The contract forbids what is checked here; a policy under test may break it.
  @SuppressWarnings("OptionalAssignedToNull")
  private static void assertValid(Optional<Duration> answer) {
    assertThat(answer != null).as("the answer is a value, not null").isTrue();
    answer.ifPresent(
        timeout -> assertThat(timeout).as("idle timeout").isGreaterThanOrEqualTo(Duration.ZERO));
  }

  private static UsageHistory history(int values, Duration value) {
    List<Duration> all = Stream.generate(() -> value).limit(values).toList();
    return new History(all, all);
  }

  private record History(List<Duration> recentGaps, List<Duration> recentStartDurations)
      implements UsageHistory {
    @Override
    public String deployment() {
      return "contract";
    }
  }
}
