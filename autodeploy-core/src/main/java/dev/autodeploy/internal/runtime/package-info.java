/**
 * The services that all deployments of an engine share: provider calls with limits, timers with a
 * fallback, the dispatch of events to listeners, and the engine's lock. Nothing here knows a
 * deployment.
 *
 * <p>Start reading at {@link dev.autodeploy.internal.runtime.EngineServices}.
 */
@NullMarked
package dev.autodeploy.internal.runtime;

import org.jspecify.annotations.NullMarked;
