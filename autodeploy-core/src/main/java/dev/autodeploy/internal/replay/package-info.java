/**
 * The replay of requests of the past: the decisions and the ledger of a deployment in virtual time,
 * with instances that always start.
 */
@NullMarked
package dev.autodeploy.internal.replay;

import org.jspecify.annotations.NullMarked;
