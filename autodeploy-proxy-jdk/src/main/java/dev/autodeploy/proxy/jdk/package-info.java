/** A reverse proxy that holds a request until an instance is there to answer it. */
@NullMarked
package dev.autodeploy.proxy.jdk;

import org.jspecify.annotations.NullMarked;
