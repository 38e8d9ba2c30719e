/**
 * The work of a service link, whatever server carries it: routing, access, admission, header rules,
 * forwarding, errors. Nothing here knows the JDK's server; a front hands each request over as an
 * {@link dev.autodeploy.proxy.gateway.Exchange}.
 */
@NullMarked
package dev.autodeploy.proxy.gateway;

import org.jspecify.annotations.NullMarked;
