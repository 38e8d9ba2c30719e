/**
 * The wire between replicas: signed requests over HTTP/1.1, messages that arrive in order and once
 * each, and values as JSON. Knows nothing of engines. Not API. Start reading at {@code Mailbox}.
 */
@NullMarked
package dev.autodeploy.internal.wire;

import org.jspecify.annotations.NullMarked;
