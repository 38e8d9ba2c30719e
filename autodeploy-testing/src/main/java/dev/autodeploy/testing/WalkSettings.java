package dev.autodeploy.testing;

import java.util.Set;

/** What a walk is drawn from and how far it goes. */
record WalkSettings(
    long seed,
    int steps,
    int lifecycles,
    int deployments,
    int engines,
    Set<RandomWalk.Fault> faults) {}
