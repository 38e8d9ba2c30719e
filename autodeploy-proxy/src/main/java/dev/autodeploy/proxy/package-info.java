/**
 * Service links, whatever server carries them: their settings, the rules about who may use them,
 * and about which requests never start an instance.
 *
 * <pre>{@code
 * JdkHttpProxy.Builder builder = JdkHttpProxy.builder(autoDeploy)
 *     .access(request -> request.remote().getAddress().isLoopbackAddress())
 *     .wake(Wake.never("/health", "/favicon.ico"))
 *     .wake(Wake.notKept("/mcp"));
 * }</pre>
 *
 * <p>The proxies that serve them are in modules of their own, such as {@code
 * dev.autodeploy.proxy.jdk}; {@link dev.autodeploy.proxy.okhttp} does without any.
 */
@NullMarked
package dev.autodeploy.proxy;

import org.jspecify.annotations.NullMarked;
