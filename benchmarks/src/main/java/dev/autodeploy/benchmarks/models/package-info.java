/** Measurements of what one address for all models costs. */
@NullMarked
package dev.autodeploy.benchmarks.models;

import org.jspecify.annotations.NullMarked;
