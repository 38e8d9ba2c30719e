/** The program that tells from an access log what scale-to-zero would have cost. */
@NullMarked
package dev.autodeploy.examples.whatif;

import org.jspecify.annotations.NullMarked;
