/** A ledger of millions of intervals: taken over, opened, and asked for the costs of months. */
@NullMarked
package dev.autodeploy.benchmarks.ledger;

import org.jspecify.annotations.NullMarked;
