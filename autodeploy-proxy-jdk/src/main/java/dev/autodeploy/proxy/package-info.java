/** What a host application tells a service link, whatever server carries it. */
@NullMarked
package dev.autodeploy.proxy;

import org.jspecify.annotations.NullMarked;
