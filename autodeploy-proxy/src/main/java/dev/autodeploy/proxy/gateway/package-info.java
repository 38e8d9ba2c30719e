/**
 * The work of a service link, whatever server carries it: routing, access, admission, header rules,
 * forwarding, errors. Nothing here knows a server; a front hands each request over as an {@link
 * dev.autodeploy.proxy.gateway.Exchange}.
 *
 * <ul>
 *   <li>{@code Gateway} takes every request. Start reading there: {@code Gateway.steps} is the list
 *       of what a request goes through.
 *   <li>{@code AccessRules} decides by token and by the host's check, {@code SiteRules} by the host
 *       and the web page that a request comes from.
 *   <li>{@code HeaderRules} decides which fields pass; {@code ProxiedRequest} is a request for an
 *       instance, from the wait for a lease to the end of the response.
 * </ul>
 */
@NullMarked
package dev.autodeploy.proxy.gateway;

import org.jspecify.annotations.NullMarked;
