package dev.autodeploy.proxy.netty;

import java.time.Duration;

/**
 * The limits of connections.
 *
 * @param maxUnfinishedHeads how many clients may be in the middle of a head
 * @param maxIdleConnections how many connections may be open without a request
 * @param tunnelSilence how long no byte may pass through a tunnel
 * @param readAheadBytes how many bytes of all bodies together wait for instances; beyond it a body
 *     is read as its instance takes it
 */
record FrontLimits(
    int maxUnfinishedHeads, int maxIdleConnections, Duration tunnelSilence, long readAheadBytes) {}
