package dev.autodeploy.proxy.gateway;

import dev.autodeploy.spi.Ticker;

/**
 * The parts of a gateway that a proxied request uses.
 *
 * @param config the settings
 * @param headers the rules for header fields
 * @param addresses finds the addresses that clients see
 * @param refusals recognizes instances that refuse the link's host
 * @param pendingLimit the limit of requests that wait
 * @param shares the callers that wait
 * @param upstreams the connections to instances
 * @param active the requests under way
 * @param connections the rules about the ends of connections
 * @param responder sends the link's own responses
 * @param ticker the clock that limits are measured by
 */
record LinkServices(
    GatewayConfig config,
    HeaderRules headers,
    LinkAddresses addresses,
    HostRefusals refusals,
    PendingLimit pendingLimit,
    QueueShares shares,
    Upstreams upstreams,
    ActiveRequests active,
    ConnectionRules connections,
    LinkResponder responder,
    Ticker ticker) {}
