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
 * dev.autodeploy.console.Webhook} sends events elsewhere. Inside, {@code ConsoleHandler} takes
 * every request, {@code RequestGuard} decides who may send which, {@code Api} routes, and {@code
 * SignInApi} with {@code Sessions} knows who is signed in.
 */
@NullMarked
package dev.autodeploy.console;

import org.jspecify.annotations.NullMarked;
