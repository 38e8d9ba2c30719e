/** What listeners get: one record per phase change of a deployment or an instance. */
@NullMarked
package dev.autodeploy.event;

import org.jspecify.annotations.NullMarked;
