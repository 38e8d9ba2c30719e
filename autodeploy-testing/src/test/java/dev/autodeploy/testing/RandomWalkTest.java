package dev.autodeploy.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.EnumSet;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class RandomWalkTest {
  private static final int WALKS = 340;

  @Test
  void walks_overAHundredThousandLifecycles_breakNoInvariant() {
    List<RandomWalk.Result> results =
        LongStream.range(0, WALKS)
            .parallel()
            .mapToObj(seed -> RandomWalk.seed(seed).lifecycles(300).run())
            .toList();

    assertThat(results.stream().mapToInt(RandomWalk.Result::lifecycles).sum())
        .isGreaterThanOrEqualTo(100_000);
    assertThat(results).allMatch(result -> result.leases() > 0 && result.restarts() >= 0);
    assertThat(results.stream().mapToInt(RandomWalk.Result::restarts).sum()).isPositive();
  }

  @Test
  void walk_ofSeveralEnginesOnOneProvider_breaksNoInvariant() {
    RandomWalk.Result result = RandomWalk.seed(1).engines(3).deployments(2).lifecycles(500).run();

    assertThat(result.lifecycles()).isGreaterThanOrEqualTo(500);
  }

  @Test
  void walk_inAWorldWithoutFaults_seesNone() {
    RandomWalk.Result result = RandomWalk.seed(2).faults().lifecycles(500).run();

    assertThat(result.restarts()).isZero();
    assertThat(result.leases()).isGreaterThan(500);
  }

  @Test
  void walk_withTheSameSeed_isTheSame_andWithAnotherIsNot() {
    RandomWalk walk = RandomWalk.seed(7).lifecycles(200);

    assertThat(walk.run()).isEqualTo(walk.run());
    assertThat(RandomWalk.seed(8).lifecycles(200).run().virtualTime())
        .isNotEqualTo(walk.run().virtualTime());
  }

  @Test
  void walk_endsAfterItsSteps() {
    assertThat(RandomWalk.seed(3).steps(50).run().steps()).isEqualTo(50);
  }

  @Test
  void aBrokenInvariant_isToldWithSeedStepAndTheStepsBefore() {
    WalkSettings settings =
        new WalkSettings(9, 10_000, 10_000, 1, 1, EnumSet.noneOf(RandomWalk.Fault.class));
    Walk walk = new Walk(settings, WalkSchedule.everything());
    walk.time.schedule(
        java.time.Duration.ofSeconds(20), () -> walk.broken("no more than nothing is allowed"));

    assertThatThrownBy(() -> walk.run())
        .isInstanceOfSatisfying(
            BrokenInvariantError.class,
            e -> {
              assertThat(e.seed()).isEqualTo(9);
              assertThat(e.step()).isPositive();
              assertThat(e.invariant()).isEqualTo("no more than nothing is allowed");
            })
        .hasMessageContaining("seed 9, step ")
        .hasMessageContaining("owner-0/d0: #")
        .hasMessageContaining("let ");
  }
}
