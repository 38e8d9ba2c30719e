/**
 * The use of instances and its cost: the accounts of a deployment, the lines of the ledger, and
 * what the ledger of earlier processes says. {@code Charging} charges an interval by the prices
 * that counted in it; the prices themselves are {@code policy}'s. Where lines are kept is {@code
 * store}'s, when they are written {@code deployment}'s.
 *
 * <p>Start reading at {@link dev.autodeploy.internal.ledger.DeploymentLedger}.
 */
@NullMarked
package dev.autodeploy.internal.ledger;

import org.jspecify.annotations.NullMarked;
