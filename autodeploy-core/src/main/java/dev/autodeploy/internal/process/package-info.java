/** Instances as local processes. */
@NullMarked
package dev.autodeploy.internal.process;

import org.jspecify.annotations.NullMarked;
