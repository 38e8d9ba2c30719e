/** Deployments, their instances and the leases on them: what a host application uses. */
@NullMarked
package dev.autodeploy;

import org.jspecify.annotations.NullMarked;
