package dev.autodeploy.replay;

import dev.autodeploy.Money;
import java.time.Duration;
import java.time.Instant;

/**
 * The outcome of a {@link CostReplay}. Instances that still exist at the end count up to it.
 *
 * @param cost the money that instances cost
 * @param instanceTime how long instances existed, in all
 * @param gpuTime the same for each of their GPUs; an instance without one counts as one
 * @param requests the requests that were served
 * @param refused those that were not, as by a budget that was spent or a schedule that was closed
 * @param starts the instances that were started
 * @param coldStarts the starts that requests waited for
 * @param coldRequests the requests that waited for them
 * @param waitP50 the time within which half of the requests that were served had an instance
 * @param waitP95 the same for 95 of 100
 * @param from when what is counted begins
 * @param until when it ends
 */
public record ReplayResult(
    Money cost,
    Duration instanceTime,
    Duration gpuTime,
    long requests,
    long refused,
    long starts,
    long coldStarts,
    long coldRequests,
    Duration waitP50,
    Duration waitP95,
    Instant from,
    Instant until) {}
