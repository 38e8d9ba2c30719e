/** Ten thousand requests that wait for one start. */
@NullMarked
package dev.autodeploy.benchmarks.held;

import org.jspecify.annotations.NullMarked;
