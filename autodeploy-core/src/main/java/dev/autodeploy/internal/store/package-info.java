/** The store on files. Not API. */
@NullMarked
package dev.autodeploy.internal.store;

import org.jspecify.annotations.NullMarked;
