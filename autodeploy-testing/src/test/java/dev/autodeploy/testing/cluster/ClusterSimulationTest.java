package dev.autodeploy.testing.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/**
 * Walks at random of several replicas, until so many instances were started: {@code
 * autodeploy.simulation.cluster}.
 */
class ClusterSimulationTest {
  private static final long LIFECYCLES = Long.getLong("autodeploy.simulation.cluster", 400);
  private static final long FIRST_SEED = Long.getLong("autodeploy.simulation.seed", 0);
  private static final int STEPS = 3000;

  @Test
  void replicas_withAllFaults_breakNoInvariant() {
    long lifecycles = 0;
    long requests = 0;
    long faults = 0;
    long epochs = 0;
    long seed = FIRST_SEED;
    for (; lifecycles < LIFECYCLES; seed++) {
      ClusterWalk walk = new ClusterWalk(seed);
      try {
        walk.run(STEPS);
      } catch (AssertionError | RuntimeException e) {
        System.out.printf(
            "simulation: broke after %d lifecycles, by seed %d, in %d steps and faults: %s%n",
            lifecycles + walk.machines.machines.size(), seed, walk.faults, e.getMessage());
        walk.trace.forEach(System.out::println);
        throw e;
      }
      lifecycles += walk.machines.machines.size();
      requests += walk.requests;
      faults += walk.faults;
      epochs += walk.epochs.size();
    }
    System.out.printf(
        "simulation: %d lifecycles, %d requests, %d faults, %d leaders; seeds %d to %d; nothing"
            + " broke%n",
        lifecycles, requests, faults, epochs, FIRST_SEED, seed - 1);
    assertThat(epochs).isGreaterThan(seed - FIRST_SEED);
  }
}
