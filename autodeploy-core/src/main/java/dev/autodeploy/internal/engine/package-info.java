/**
 * All deployments of one engine: start-up and recovery, maintenance, orphans, shutdown.
 *
 * <p>Start reading at {@link dev.autodeploy.internal.engine.Engine}.
 */
@NullMarked
package dev.autodeploy.internal.engine;

import org.jspecify.annotations.NullMarked;
