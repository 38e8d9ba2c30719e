/**
 * The answer to what requests of the past would have cost: with another idle policy, price, budget
 * or schedule, or before anything was ever deployed, from the access log of a server.
 *
 * <pre>{@code
 * Traffic traffic = TrafficReader.accessLog().path("/synthesize").read(Path.of("access.log"));
 * CostReplay replay = CostReplay.of(traffic)
 *     .costMeter(CostMeter.perHour("0.49", "USD"))
 *     .startDuration(Duration.ofSeconds(60));
 *
 * ReplayResult fixed = replay.idlePolicy(IdlePolicy.after(Duration.ofMinutes(5))).run();
 * ReplayResult adaptive = replay.idlePolicy(IdlePolicy.adaptive()).run();
 * System.out.println(fixed.cost() + " against " + adaptive.cost() + " and, always on, "
 *     + replay.alwaysOn().run().cost());
 * }</pre>
 */
@NullMarked
package dev.autodeploy.replay;

import org.jspecify.annotations.NullMarked;
