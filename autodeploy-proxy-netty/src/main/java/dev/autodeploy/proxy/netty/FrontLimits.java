package dev.autodeploy.proxy.netty;

import java.time.Duration;

/**
 * The limits of connections.
 *
 * @param maxUnfinishedHeads how many clients may be in the middle of a head
 * @param maxIdleConnections how many connections may be open without a request
 * @param tunnelSilence how long no byte may pass through a tunnel
 * @param readAheadBytes how many bytes of all bodies together wait for instances, with what clients
 *     send ahead of their next requests; beyond it a body is read as its instance takes it, and a
 *     client that sends far ahead gets no further response on its connection
 */
record FrontLimits(
    int maxUnfinishedHeads, int maxIdleConnections, Duration tunnelSilence, long readAheadBytes) {}
