package dev.autodeploy.testing.simulation;

import java.util.Set;

/** The settings of a walk: the seed, and how far it goes. */
record WalkSettings(
    long seed,
    int steps,
    int lifecycles,
    int deployments,
    int engines,
    int gpus,
    int maxInstances,
    boolean engineBudget,
    Set<RandomWalk.Fault> faults) {}
