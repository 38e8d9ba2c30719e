/** Virtual time, a simulated provider and the contract tests of the service interfaces. */
@NullMarked
package dev.autodeploy.testing;

import org.jspecify.annotations.NullMarked;
