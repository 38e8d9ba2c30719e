/**
 * What others implement: where instances run, when they are idle, what they cost, when they are
 * ready, where state is kept, and what time it is.
 */
@NullMarked
package dev.autodeploy.spi;

import org.jspecify.annotations.NullMarked;
