/** What an engine does, as meters. */
@NullMarked
package dev.autodeploy.micrometer;

import org.jspecify.annotations.NullMarked;
