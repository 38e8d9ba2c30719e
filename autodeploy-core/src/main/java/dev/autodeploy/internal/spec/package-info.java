/**
 * A specification seen from outside: the digest that instances are labelled with. The specification
 * itself is {@link dev.autodeploy.DeploymentSpec}. Start reading at {@link
 * dev.autodeploy.internal.spec.SpecFingerprint}.
 */
@NullMarked
package dev.autodeploy.internal.spec;

import org.jspecify.annotations.NullMarked;
