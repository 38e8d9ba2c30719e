/** The engine's own calls. */
@NullMarked
package dev.autodeploy.benchmarks.engine;

import org.jspecify.annotations.NullMarked;
