/**
 * A reverse proxy on Netty that holds a request until an instance is there to answer it. No
 * exchange takes a thread, a client that leaves is noticed at once, and a WebSocket passes.
 *
 * <pre>{@code
 * try (NettyHttpProxy proxy = NettyHttpProxy.builder(autoDeploy).port(8000).start()) {
 *   System.out.println(proxy.serviceLink(voice)); // http://localhost:8000/d/breezyvoice
 * }
 * }</pre>
 *
 * <p>It speaks HTTP/1.1; {@link dev.autodeploy.proxy.LinkBuilder} has the settings.
 */
@NullMarked
package dev.autodeploy.proxy.netty;

import org.jspecify.annotations.NullMarked;
