/**
 * The Auto Deploy page and the JSON API under it, on a server inside the host application; and
 * webhooks.
 *
 * <pre>{@code
 * try (Console console = Console.builder(autoDeploy).actions(true).build();
 *     ConsoleServer page = console.start(8001)) {
 *   System.out.println("The Auto Deploy page: " + page.uri());
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
