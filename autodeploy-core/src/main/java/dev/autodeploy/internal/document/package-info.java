/**
 * Documents that links and the page's API show alike: the types of problems, and lists of
 * deployments in pages. How each of them is sent is the module's that sends it.
 */
@NullMarked
package dev.autodeploy.internal.document;

import org.jspecify.annotations.NullMarked;
