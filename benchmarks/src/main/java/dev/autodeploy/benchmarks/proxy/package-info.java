/** Our service link and other reverse proxies in front of one server, side by side. */
@NullMarked
package dev.autodeploy.benchmarks.proxy;

import org.jspecify.annotations.NullMarked;
