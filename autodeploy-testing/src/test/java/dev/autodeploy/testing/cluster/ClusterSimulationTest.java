package dev.autodeploy.testing.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Walks at random of several replicas, until so many instances were started: {@code
 * autodeploy.simulation.cluster}.
 */
class ClusterSimulationTest {
  private static final long LIFECYCLES = Long.getLong("autodeploy.simulation.cluster", 400);
  private static final long FIRST_SEED = Long.getLong("autodeploy.simulation.seed", 0);
  private static final int STEPS = 3000;
  private static final Duration SHRINKING = Duration.ofMinutes(1);

  /** The number of walks that are made before anybody looks at what became of them. */
  private static final int BLOCK = LIFECYCLES < 10_000 ? 8 : 128;

  /** Walks at once: more than there are processors, as each stands still when it hands over. */
  private static final ForkJoinPool THREADS =
      new ForkJoinPool(2 * Runtime.getRuntime().availableProcessors());

  private record Outcome(long seed, ClusterWalk walk, @Nullable Throwable error) {}

  @Test
  void replicas_withAllFaults_breakNoInvariant() throws Throwable {
    long lifecycles = 0;
    long requests = 0;
    long faults = 0;
    long epochs = 0;
    long seed = FIRST_SEED;
    for (; lifecycles < LIFECYCLES; seed += BLOCK) {
      for (Outcome outcome : walkBlock(seed)) {
        ClusterWalk walk = outcome.walk();
        lifecycles += walk.machines.machines.size();
        Throwable error = outcome.error();
        if (error != null) {
          show(outcome.seed(), walk, lifecycles, error);
          throw error;
        }
        requests += walk.requests;
        faults += walk.faults;
        epochs += walk.epochs.size();
      }
    }
    System.out.printf(
        "simulation: %d lifecycles, %d requests, %d faults, %d leaders; seeds %d to %d; nothing"
            + " broke%n",
        lifecycles, requests, faults, epochs, FIRST_SEED, seed - 1);
    assertThat(epochs).isGreaterThan(seed - FIRST_SEED);
  }

  private static void show(long seed, ClusterWalk broken, long lifecycles, Throwable error) {
    String invariant = String.valueOf(error.getMessage());
    System.out.printf("simulation: seed %d breaks, and is shrunk: %s%n", seed, invariant);
    ClusterWalk walk =
        ClusterShrinker.shrink(
            broken, parts -> new ClusterWalk(seed, parts), STEPS, invariant, SHRINKING);
    System.out.printf(
        "simulation: broke after %d lifecycles, by seed %d, in %d steps and faults: %s%n",
        lifecycles, seed, walk.happened.size(), invariant);
    walk.trace.forEach(System.out::println);
  }

  private static List<Outcome> walkBlock(long firstSeed) {
    List<ForkJoinTask<Outcome>> walks =
        LongStream.range(firstSeed, firstSeed + BLOCK)
            .mapToObj(seed -> THREADS.submit(() -> walk(seed)))
            .toList();
    return walks.stream().map(ForkJoinTask::join).toList();
  }

  private static Outcome walk(long seed) {
    ClusterWalk walk = new ClusterWalk(seed);
    try {
      walk.run(STEPS);
      return new Outcome(seed, walk, null);
    } catch (AssertionError | RuntimeException e) {
      return new Outcome(seed, walk, e);
    }
  }
}
