/** Holds the documentation against the code. */
@NullMarked
package dev.autodeploy.examples.docs;

import org.jspecify.annotations.NullMarked;
