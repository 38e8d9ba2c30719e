/**
 * The replay of requests of the past: the decisions and the ledger of a deployment in virtual time,
 * with instances that always start. What is compared, and how it is shown, is {@link
 * dev.autodeploy.replay}'s.
 *
 * <ul>
 *   <li>{@code Replay} replays. Start reading there.
 *   <li>{@code RequestRecord} keeps the requests of a deployment, {@code AccessLogLine}, {@code
 *       CsvLine} and {@code TrafficLine} read those of files.
 * </ul>
 */
@NullMarked
package dev.autodeploy.internal.replay;

import org.jspecify.annotations.NullMarked;
