/** The BreezyVoice launcher, and one runnable class for each feature. */
@NullMarked
package dev.autodeploy.examples;

import org.jspecify.annotations.NullMarked;
