/** Network rules that the fronts and the console share. Not API. */
@NullMarked
package dev.autodeploy.internal.net;

import org.jspecify.annotations.NullMarked;
