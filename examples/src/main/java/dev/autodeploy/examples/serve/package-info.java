/** A launcher for the deployments of a file. */
@NullMarked
package dev.autodeploy.examples.serve;

import org.jspecify.annotations.NullMarked;
