/** What listeners get: one record for every change of a deployment or of one of its instances. */
@NullMarked
package dev.autodeploy.event;

import org.jspecify.annotations.NullMarked;
