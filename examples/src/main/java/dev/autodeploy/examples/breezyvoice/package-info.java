/** The BreezyVoice launcher: the walk-through of AutoDeploy on one machine. */
@NullMarked
package dev.autodeploy.examples.breezyvoice;

import org.jspecify.annotations.NullMarked;
