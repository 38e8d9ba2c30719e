/**
 * Measurements of how deployments share GPUs, against simpler rules, on recorded arrivals in
 * virtual time.
 */
@NullMarked
package dev.autodeploy.benchmarks.gpus;

import org.jspecify.annotations.NullMarked;
