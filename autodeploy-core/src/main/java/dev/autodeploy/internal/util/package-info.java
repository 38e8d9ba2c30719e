/**
 * Helpers that know nothing of deployments: durations in messages, errors in one line, threads and
 * timers. Uses nothing else of the library.
 */
@NullMarked
package dev.autodeploy.internal.util;

import org.jspecify.annotations.NullMarked;
