/** Runs instances as containers of a Docker Engine, with GPUs. */
@NullMarked
package dev.autodeploy.docker;

import org.jspecify.annotations.NullMarked;
