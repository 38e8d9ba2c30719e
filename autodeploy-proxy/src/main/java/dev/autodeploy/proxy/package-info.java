/**
 * What a host application tells a service link, whatever server carries it: who may use it, and
 * which requests never start an instance.
 *
 * <pre>{@code
 * JdkHttpProxy.Builder builder = JdkHttpProxy.builder(autoDeploy)
 *     .access(request -> request.remote().getAddress().isLoopbackAddress())
 *     .noWake(NoWakeRule.paths("/health", "/favicon.ico"))
 *     .noWake(NoWakeRule.methods("OPTIONS"));
 * }</pre>
 *
 * <p>The links themselves are in {@code dev.autodeploy.proxy.jdk}, a module of its own; {@link
 * dev.autodeploy.proxy.okhttp} does without any.
 */
@NullMarked
package dev.autodeploy.proxy;

import org.jspecify.annotations.NullMarked;
