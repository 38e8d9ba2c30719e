/** The servers under test, each in a process of its own. */
@NullMarked
package dev.autodeploy.benchmarks.server;

import org.jspecify.annotations.NullMarked;
