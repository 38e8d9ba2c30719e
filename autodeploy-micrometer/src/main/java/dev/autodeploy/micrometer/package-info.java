/**
 * The work of an engine, as meters.
 *
 * <pre>{@code
 * try (AutoDeployMetrics metrics = AutoDeployMetrics.of(autoDeploy)) {
 *   metrics.bindTo(registry);
 * }
 * }</pre>
 *
 * <p>{@link dev.autodeploy.micrometer.AutoDeployMetrics} lists them.
 */
@NullMarked
package dev.autodeploy.micrometer;

import org.jspecify.annotations.NullMarked;
