/**
 * The idle policies and cost meters that come with the library, made by {@link
 * dev.autodeploy.spi.IdlePolicy} and {@link dev.autodeploy.spi.CostMeter}. When they are asked is
 * decided in {@code decision}; the sums of their prices are {@code ledger}'s. {@code
 * CostMeters.Hourly.rate} picks the price of an interval.
 */
@NullMarked
package dev.autodeploy.internal.policy;

import org.jspecify.annotations.NullMarked;
