/**
 * The Auto Deploy page and the JSON API under it, inside the host application's own server; and
 * webhooks.
 *
 * <pre>{@code
 * try (Console console = Console.builder(autoDeploy).actions(true).build();
 *     JdkHttpProxy proxy = JdkHttpProxy.builder(autoDeploy)
 *         .port(8000)
 *         .console(console.handler("/"))
 *         .start()) {
 *   System.out.println("links and page: " + proxy.serviceLink(voice).resolve("/"));
 * }
 * }</pre>
 *
 * <p>{@link dev.autodeploy.console.Console} makes the page, {@link
 * dev.autodeploy.console.ConsoleServer} is a server for it alone, {@link
 * dev.autodeploy.console.Webhook} sends events elsewhere.
 */
@NullMarked
package dev.autodeploy.console;

import org.jspecify.annotations.NullMarked;
