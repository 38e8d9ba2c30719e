/**
 * A specification seen from outside: its JSON, one and the same in the state directory, on the page
 * and in its API, and the digest that instances are labelled with. The specification itself is
 * {@link dev.autodeploy.DeploymentSpec}. Start reading at {@link
 * dev.autodeploy.internal.spec.SpecJson}.
 */
@NullMarked
package dev.autodeploy.internal.spec;

import org.jspecify.annotations.NullMarked;
