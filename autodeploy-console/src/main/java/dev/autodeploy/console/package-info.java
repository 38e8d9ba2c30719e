/** The Auto Deploy page and the JSON API under it, inside the host application's own server. */
@NullMarked
package dev.autodeploy.console;

import org.jspecify.annotations.NullMarked;
