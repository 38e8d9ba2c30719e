/** The engine behind the API; not for host applications, and free to change in any version. */
@NullMarked
package dev.autodeploy.internal;

import org.jspecify.annotations.NullMarked;
