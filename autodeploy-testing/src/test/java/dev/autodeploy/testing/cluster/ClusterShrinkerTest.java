package dev.autodeploy.testing.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What is left of a walk that breaks: here as soon as it had two faults and three requests. */
final class ClusterShrinkerTest {
  private static final long SEED = 3;
  private static final int STEPS = 500;

  private static ClusterWalk walk(@Nullable Set<Integer> parts) {
    ClusterWalk walk = new ClusterWalk(SEED, parts);
    walk.planted = () -> breaks(walk);
    return walk;
  }

  private static boolean breaks(ClusterWalk walk) {
    boolean breaks = walk.faults >= 2 && walk.requests >= 3;
    if (!breaks && walk.isEnding()) {
      throw new IllegalStateException("it breaks in another way, which is not looked for");
    }
    return breaks && walk.time.read() > AFTER;
  }

  /**
   * The time, in nanoseconds, before which it does not break, so that there is much to leave out.
   */
  private static final long AFTER = 30 * ClusterWalk.SECOND;

  private static ClusterWalk shrunk(ClusterWalk broken, Duration limit) {
    Throwable error = catchThrowable(() -> broken.run(STEPS));
    assertThat(error).isInstanceOf(AssertionError.class).hasMessageContaining("nothing is planted");
    assertThat(broken.happened).hasSizeGreaterThan(10);
    return ClusterShrinker.shrink(
        broken, ClusterShrinkerTest::walk, STEPS, error.getMessage(), limit);
  }

  @Test
  void walkThatBreaks_isLeftWithWhatItNeeds() {
    ClusterWalk left = shrunk(walk(null), Duration.ofHours(1));

    assertThat(left.happened).filteredOn(it -> it % 2 == 1).as("faults").hasSize(2);
    assertThat(left.happened).filteredOn(it -> it % 2 == 0).as("requests").hasSize(3);
    assertThat(left.trace).filteredOn(it -> it.contains("fault")).hasSize(2);
  }

  @Test
  void walkThatBreaks_isShownAsItWas_whereThereIsNoTime() {
    ClusterWalk broken = walk(null);

    assertThat(shrunk(broken, Duration.ZERO).happened).isEqualTo(broken.happened);
  }
}
