/** The engine itself: the decisions, their shell, and the embedded adapters. Not API. */
@NullMarked
package dev.autodeploy.internal;

import org.jspecify.annotations.NullMarked;
