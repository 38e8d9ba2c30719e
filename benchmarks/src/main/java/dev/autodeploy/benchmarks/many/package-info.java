/** Many deployments on one engine. */
@NullMarked
package dev.autodeploy.benchmarks.many;

import org.jspecify.annotations.NullMarked;
