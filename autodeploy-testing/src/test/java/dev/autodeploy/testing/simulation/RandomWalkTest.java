package dev.autodeploy.testing.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RandomWalkTest {
  private static final int MANY = 20;

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
        new WalkSettings(
            9, 10_000, 10_000, 1, 1, 0, 0, false, EnumSet.noneOf(RandomWalk.Fault.class));
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

  @Test
  void aBrokenInvariant_isShrunkToTheStepsThatItTakes() {
    WalkSettings settings =
        new WalkSettings(5, 1000, 1000, 2, 1, 0, 0, false, EnumSet.allOf(RandomWalk.Fault.class));
    BrokenInvariantError found = breakWithManyRequests(settings, WalkSchedule.everything());

    BrokenInvariantError shrunk =
        WalkShrinker.shrink(settings, schedule -> manyRequestsBreak(settings, schedule), found);

    assertThat(shrunk.schedule()).hasSizeLessThan(found.schedule().size() / 2);
    assertThat(shrunk.trace())
        .filteredOn(line -> line.contains(" asks for "))
        .hasSizeBetween(MANY, MANY + 2);
    assertThat(shrunk)
        .hasMessageContaining("RandomWalk.seed(5L).deployments(2).engines(1)")
        .hasMessageContaining(".only(\"" + String.join(" ", shrunk.schedule()) + "\").run()");
    assertThat(breakWithManyRequests(settings, WalkSchedule.of(shrunk.schedule())).invariant())
        .isEqualTo(found.invariant());
    for (String part : shrunk.schedule()) {
      List<String> without = new ArrayList<>(shrunk.schedule());
      without.remove(part);
      assertThatCode(() -> manyRequestsBreak(settings, WalkSchedule.of(without)).run())
          .as("without %s", part)
          .doesNotThrowAnyException();
    }
  }

  @Test
  void only_withWhatIsNoSchedule_isRefused() {
    assertThatThrownBy(() -> RandomWalk.seed(1).only("17 x"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'x' is neither a step");
  }

  @Test
  void only_walksTheChosenStepsAlone() {
    RandomWalk walk = RandomWalk.seed(6).faults();
    String first = WalkSchedule.text(IntStream.rangeClosed(1, 40).mapToObj(i -> "" + i).toList());

    assertThat(walk.only(first).run().requests()).isEqualTo(walk.steps(40).run().requests());
    assertThat(walk.only("7").run().requests()).isLessThan(walk.steps(40).run().requests());
  }

  private static BrokenInvariantError breakWithManyRequests(
      WalkSettings settings, WalkSchedule schedule) {
    return catchThrowableOfType(
        BrokenInvariantError.class, () -> manyRequestsBreak(settings, schedule).run());
  }

  private static Walk manyRequestsBreak(WalkSettings settings, WalkSchedule schedule) {
    return new Walk(settings, schedule) {
      @Override
      void check(boolean holds, Supplier<String> invariant) {
        super.check(holds, invariant);
        super.check(requests < MANY, () -> "this many requests are not allowed");
      }
    };
  }
}
