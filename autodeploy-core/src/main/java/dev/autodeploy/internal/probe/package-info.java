/** The readiness probes that come with the library. Not API. */
@NullMarked
package dev.autodeploy.internal.probe;

import org.jspecify.annotations.NullMarked;
