/**
 * The machines behind simulated providers: what exists, what it does by its plan, and the truth
 * about it. Uses the interfaces of the engine only, and is used by the published test kit and by
 * the simulation. Not exported. Start reading at {@link
 * dev.autodeploy.testing.world.SimulatedWorld}.
 */
@NullMarked
package dev.autodeploy.testing.world;

import org.jspecify.annotations.NullMarked;
