package dev.autodeploy.proxy.gateway;

import java.net.URI;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a gateway. Immutable.
 *
 * @param deployments what it serves
 * @param linkBase what a service link begins with, up to the deployment's name
 * @param hostSuffix the domain below which each deployment has its own host, or null for none
 * @param maxWait how long a request is held at the most
 * @param maxHeld how many requests are held at the most
 * @param answerTimeout how long an instance may take to begin its answer
 * @param stallTimeout how long a client may take no bytes of its answer
 * @param maxRequestBody how many bytes a request's body may have
 * @param connectTimeout how long connecting to an instance may take
 * @param watchInterval how often the limits are looked after
 * @param presenceInterval how often clients that have left are looked for
 * @param trustForwarded whether what a proxy in front says about the client is passed on
 * @param closeAfterChunked whether a connection is closed after a chunked request
 */
public record GatewayConfig(
    Deployments deployments,
    Function<String, URI> linkBase,
    @Nullable String hostSuffix,
    Duration maxWait,
    int maxHeld,
    Duration answerTimeout,
    Duration stallTimeout,
    long maxRequestBody,
    Duration connectTimeout,
    Duration watchInterval,
    Duration presenceInterval,
    boolean trustForwarded,
    boolean closeAfterChunked) {}
