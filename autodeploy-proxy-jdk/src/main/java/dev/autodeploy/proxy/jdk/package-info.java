/**
 * A reverse proxy on the JDK's own HTTP server that holds a request until an instance is there to
 * answer it.
 *
 * <pre>{@code
 * try (JdkHttpProxy proxy = JdkHttpProxy.builder(autoDeploy).port(8000).start()) {
 *   System.out.println(proxy.serviceLink(voice)); // http://localhost:8000/d/breezyvoice
 * }
 * }</pre>
 *
 * <p>Bodies are streamed both ways, a waiting request costs no thread, and what goes wrong is
 * answered with {@code application/problem+json}. {@link dev.autodeploy.proxy.jdk.JdkHttpProxy} has
 * the settings.
 */
@NullMarked
package dev.autodeploy.proxy.jdk;

import org.jspecify.annotations.NullMarked;
