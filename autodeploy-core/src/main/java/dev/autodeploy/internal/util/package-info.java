/**
 * Helpers that know nothing of deployments: durations and errors in messages, threads, timers, the
 * shell of dead man's switches. Uses nothing of the library but its errors and {@code text}.
 */
@NullMarked
package dev.autodeploy.internal.util;

import org.jspecify.annotations.NullMarked;
