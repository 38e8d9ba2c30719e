package dev.autodeploy.proxy.gateway;

import dev.autodeploy.proxy.NoWakeRule;
import dev.autodeploy.spi.Ticker;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a gateway. Immutable.
 *
 * @param deployments what it serves
 * @param linkBase what a service link begins with, up to the deployment's name
 * @param hostSuffix the domain below which each deployment has its own host, or null for none
 * @param maxWait how long a request is held at most
 * @param maxPendingTotal how many requests are held at most
 * @param responseTimeout how long an instance may take to begin its answer, or to go on with it
 * @param stallTimeout how long a client may take no bytes of its answer
 * @param maxRequestBody how many bytes a request's body may have
 * @param minTransferRate how many bytes a second a client has to send or take
 * @param requestBodyTimeout how long a client may be waited for while it sends a body
 * @param connectTimeout how long connecting to an instance may take
 * @param watchInterval how often the limits are looked after
 * @param presenceInterval how often clients that have left are looked for
 * @param trustForwarded whether what a proxy in front says about the client is passed on
 * @param closeAfterChunked whether a connection is closed after a chunked request
 * @param access who may use which deployment
 * @param sites the hosts and web pages that links are served to
 * @param sandboxLinks whether pages of instances get an origin of their own
 * @param forwardAuthorization whether the caller's {@code Authorization} goes on to the instance;
 *     null for yes unless tokens of the link itself come in it
 * @param rateRequests how many requests a caller may send in a period, or 0 for any number
 * @param ratePeriod the period
 * @param noWake the requests that are answered from the status
 * @param preflightOrigins the origins whose CORS preflight requests the link answers itself
 * @param okHttpOnly whether plain HTTP goes through OkHttp as well
 * @param waitingPage whether browsers get a page while an instance starts
 * @param ticker the clock that limits are measured by
 */
public record GatewayConfig(
    Deployments deployments,
    Function<String, URI> linkBase,
    @Nullable String hostSuffix,
    Duration maxWait,
    int maxPendingTotal,
    Duration responseTimeout,
    Duration stallTimeout,
    long maxRequestBody,
    long minTransferRate,
    Duration requestBodyTimeout,
    Duration connectTimeout,
    Duration watchInterval,
    Duration presenceInterval,
    boolean trustForwarded,
    boolean closeAfterChunked,
    AccessRules access,
    SiteRules sites,
    boolean sandboxLinks,
    @Nullable Boolean forwardAuthorization,
    int rateRequests,
    Duration ratePeriod,
    List<NoWakeRule> noWake,
    Set<String> preflightOrigins,
    boolean okHttpOnly,
    boolean waitingPage,
    Ticker ticker) {

  /**
   * Returns how fast a client has to send a body.
   *
   * @return the limits
   */
  public BodyPace.Limits pace() {
    return new BodyPace.Limits(minTransferRate, stallTimeout.dividedBy(3), requestBodyTimeout);
  }

  /** Returns whether the caller's {@code Authorization} is for the instance. */
  boolean keepAuthorization() {
    return forwardAuthorization != null ? forwardAuthorization : !access.useTokens();
  }
}
