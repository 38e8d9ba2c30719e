/** Events and big bodies through a link. */
@NullMarked
package dev.autodeploy.benchmarks.streams;

import org.jspecify.annotations.NullMarked;
