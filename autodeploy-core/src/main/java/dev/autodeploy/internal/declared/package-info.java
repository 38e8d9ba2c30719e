/**
 * Deployments that a file declares. What a setting means is {@code spec}'s; deployments are made by
 * {@code engine}.
 *
 * <ul>
 *   <li>{@code DeploymentsDocument} reads a file: it makes each entry a specification, or says what
 *       is wrong with it, and at which place. Start reading there.
 *   <li>{@code YamlText} and {@code JsonText} read its text as a tree with places, a {@code
 *       Document}.
 *   <li>{@code References} puts in the values of the environment and of other files.
 *   <li>{@code DeploymentsFileWatch} deploys and removes what has changed.
 * </ul>
 */
@NullMarked
package dev.autodeploy.internal.declared;

import org.jspecify.annotations.NullMarked;
