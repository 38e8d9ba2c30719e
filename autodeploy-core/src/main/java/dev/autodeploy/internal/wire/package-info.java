/**
 * The wire between replicas. Knows nothing of engines; what is said over it is {@code cluster}'s.
 * Not API.
 *
 * <ul>
 *   <li>{@code Mailbox} lets messages arrive in order and once each. Start reading there.
 *   <li>{@code WireConnection} and {@code WireServer} exchange them over HTTP/1.1, signed with a
 *       {@code SharedSecret}.
 *   <li>{@code WireJson} writes values as JSON, {@code WireErrors} errors.
 * </ul>
 */
@NullMarked
package dev.autodeploy.internal.wire;

import org.jspecify.annotations.NullMarked;
