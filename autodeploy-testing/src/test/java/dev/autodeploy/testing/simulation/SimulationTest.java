package dev.autodeploy.testing.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Many walks with all faults, over one to four deployments and one to three engines on a provider.
 * How many lifecycles they go through and with which seed they begin is set with {@code
 * -Dautodeploy.simulation.lifecycles} and {@code -Dautodeploy.simulation.seed}.
 */
class SimulationTest {
  private static final long LIFECYCLES = setting("lifecycles", 20_000);
  private static final long FIRST_SEED = setting("seed", 0);
  private static final int LIFECYCLES_OF_A_WALK = 300;

  /** So many walks are run at a time, on all processors; the outcome does not depend on it. */
  private static final int BLOCK = 32;

  private record Outcome(
      long seed, RandomWalk.@Nullable Result result, @Nullable BrokenInvariantError error) {
    int lifecycles() {
      return result != null ? result.lifecycles() : error != null ? error.lifecycles() : 0;
    }
  }

  @Test
  void walksOfAllKinds_withAllFaults_breakNoInvariant() {
    long lifecycles = 0;
    long requests = 0;
    long restarts = 0;
    long seed = FIRST_SEED;
    for (; lifecycles < LIFECYCLES; seed += BLOCK) {
      for (Outcome outcome : walkBlock(seed)) {
        lifecycles += outcome.lifecycles();
        if (outcome.error() != null) {
          fail(outcome.seed(), lifecycles, outcome.error());
        } else if (outcome.result() != null) {
          requests += outcome.result().requests();
          restarts += outcome.result().restarts();
        }
      }
    }
    System.out.printf(
        "simulation: %d lifecycles, %d requests, %d restarts; seeds %d to %d; nothing broke%n",
        lifecycles, requests, restarts, FIRST_SEED, seed - 1);
    assertThat(requests).isGreaterThan(lifecycles);
    assertThat(restarts).isPositive();
  }

  private static List<Outcome> walkBlock(long firstSeed) {
    return LongStream.range(firstSeed, firstSeed + BLOCK)
        .parallel()
        .mapToObj(SimulationTest::walk)
        .toList();
  }

  private static Outcome walk(long seed) {
    try {
      return new Outcome(seed, of(seed).runOnce(), null);
    } catch (BrokenInvariantError e) {
      return new Outcome(seed, null, e);
    }
  }

  private static void fail(long seed, long lifecycles, BrokenInvariantError error) {
    System.out.printf("simulation: seed %d breaks, and is shrunk: %s%n", seed, error.invariant());
    BrokenInvariantError told = error;
    try {
      of(seed).run();
    } catch (BrokenInvariantError shrunk) {
      told = shrunk;
    }
    System.out.printf(
        "simulation: broke after %d lifecycles, by seed %d, in %d steps and faults: %s%n",
        lifecycles, seed, told.schedule().size(), told.invariant());
    throw told;
  }

  private static RandomWalk of(long seed) {
    return RandomWalk.seed(seed)
        .deployments(1 + (int) (seed % 4))
        .engines(seed % 3 == 0 ? 1 + (int) (seed / 3 % 3) : 1)
        .gpus(seed % 2 == 1 ? 1 + (int) (seed / 2 % 3) : 0)
        .maxInstances(seed % 5 == 2 ? 4 : 0)
        .engineBudget(seed % 7 == 3)
        .lifecycles(LIFECYCLES_OF_A_WALK);
  }

  private static long setting(String name, long byDefault) {
    String value = System.getProperty("autodeploy.simulation." + name, "");
    return value.isEmpty() ? byDefault : Long.parseLong(value);
  }
}
