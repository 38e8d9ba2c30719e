/**
 * Deployments that a file declares: its text as a tree with places, references to the environment
 * and to files, specifications, and what happens when it changes. Start reading at {@link
 * dev.autodeploy.internal.declared.DeploymentsDocument}.
 */
@NullMarked
package dev.autodeploy.internal.declared;

import org.jspecify.annotations.NullMarked;
