/** The time that AutoDeploy adds to a container's own cold start. */
@NullMarked
package dev.autodeploy.benchmarks.cost;

import org.jspecify.annotations.NullMarked;
