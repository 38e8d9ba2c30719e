/**
 * Text that comes from outside: from settings, instances, daemons, registries and callers. Here it
 * is bounded and made harmless; what it means is decided elsewhere. Not API.
 */
@NullMarked
package dev.autodeploy.internal.text;

import org.jspecify.annotations.NullMarked;
