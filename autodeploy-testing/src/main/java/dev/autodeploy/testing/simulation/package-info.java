/**
 * The simulation: a walk at random over whole engines in virtual time, with faults, and books of
 * its own that it compares the engines with. Stands on the published test kit, which knows nothing
 * of it. Not exported. Start reading at {@link dev.autodeploy.testing.simulation.RandomWalk};
 * {@code Walk} takes the steps, {@code WalkEngine} checks one engine after each, {@code WalkDraw}
 * draws from the seed.
 */
@NullMarked
package dev.autodeploy.testing.simulation;

import org.jspecify.annotations.NullMarked;
