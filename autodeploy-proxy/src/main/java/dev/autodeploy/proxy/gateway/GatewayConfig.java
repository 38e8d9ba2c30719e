package dev.autodeploy.proxy.gateway;

import dev.autodeploy.proxy.AsyncAnswers;
import dev.autodeploy.proxy.ModelRouter;
import dev.autodeploy.proxy.Sticky;
import dev.autodeploy.proxy.WakeRule;
import dev.autodeploy.spi.Ticker;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a gateway: a copy of the {@link LinkSettings}, which are its builder, and what
 * only the front knows. Immutable. Each is described at {@link dev.autodeploy.proxy.LinkBuilder}.
 */
public final class GatewayConfig {
  private final Deployments deployments;
  private final Function<String, URI> linkBase;
  private final @Nullable String hostSuffix;
  private final @Nullable URI publicUrl;
  private final Duration maxWait;
  private final int maxPendingTotal;
  private final Duration responseTimeout;
  private final Duration stallTimeout;
  private final long maxRequestBody;
  private final long minTransferRate;
  private final Duration requestBodyTimeout;
  private final Duration connectTimeout;
  private final Duration watchInterval;
  private final long headBytes;
  private final Duration presenceInterval;
  private final boolean trustForwarded;
  private final boolean closeAfterChunked;
  private final AccessRules access;
  private final SiteRules sites;
  private final boolean sandboxLinks;
  private final @Nullable Boolean forwardAuthorization;
  private final int rateRequests;
  private final Duration ratePeriod;
  private final List<WakeRule> wake;
  private final Map<String, Sticky> sticky;
  private final Duration exchangeTimeout;
  private final Duration responseBodyTimeout;
  private final CorsRules cors;
  private final boolean okHttpOnly;
  private final boolean waitingPage;
  private final @Nullable ModelRouter models;
  private final AsyncAnswers async;
  private final Ticker ticker;
  private final BodyPace.Limits pace;
  private final BodyPace.Limits responsePace;

  /**
   * Copies settings.
   *
   * @param settings the settings, checked
   * @param linkBase returns what the link of a deployment begins with
   * @param closeAfterChunked whether a connection is closed after a chunked request
   */
  GatewayConfig(LinkSettings settings, Function<String, URI> linkBase, boolean closeAfterChunked) {
    deployments = settings.deployments;
    this.linkBase = linkBase;
    hostSuffix = settings.hostSuffix;
    publicUrl = settings.publicUrl;
    maxWait = settings.maxWait;
    maxPendingTotal = settings.maxPendingTotal;
    responseTimeout = settings.responseTimeout;
    stallTimeout = settings.stallTimeout;
    maxRequestBody = settings.maxRequestBody;
    minTransferRate = settings.minTransferRate;
    requestBodyTimeout = settings.requestBodyTimeout;
    connectTimeout = settings.connectTimeout;
    watchInterval = settings.watchInterval;
    headBytes = settings.headBytes;
    presenceInterval = settings.presenceInterval;
    trustForwarded = settings.trustForwardedHeaders;
    this.closeAfterChunked = closeAfterChunked;
    access =
        new AccessRules(
            settings.tokenHashes, settings.access, settings.tokenCarriers, settings.tokenNames);
    sites = access.any() ? SiteRules.unchecked() : settings.siteRules();
    sandboxLinks = settings.sandboxLinks;
    forwardAuthorization = settings.forwardAuthorization;
    rateRequests = settings.rateRequests;
    ratePeriod = settings.ratePeriod;
    wake = List.copyOf(settings.wake);
    sticky = Map.copyOf(settings.sticky);
    exchangeTimeout = settings.exchangeTimeout;
    responseBodyTimeout = settings.responseBodyTimeout;
    cors = new CorsRules(settings.cors);
    okHttpOnly = settings.okHttpOnly;
    waitingPage = settings.waitingPage;
    models = settings.models;
    async = settings.async;
    ticker = Ticker.system();
    pace = new BodyPace.Limits(minTransferRate, stallTimeout.dividedBy(3), requestBodyTimeout);
    responsePace = new BodyPace.Limits(0, Duration.ZERO, responseBodyTimeout);
  }

  /** Returns what it serves. */
  public Deployments deployments() {
    return deployments;
  }

  /** Returns what a service link begins with, up to the deployment's name. */
  public Function<String, URI> linkBase() {
    return linkBase;
  }

  /** Returns the domain below which each deployment has its own host, or null for none. */
  public @Nullable String hostSuffix() {
    return hostSuffix;
  }

  /** Returns the address at which others reach the links, or null for the one listened on. */
  @Nullable URI publicUrl() {
    return publicUrl;
  }

  /** Returns how long a request is held at most. */
  public Duration maxWait() {
    return maxWait;
  }

  /** Returns how many requests are held at most. */
  public int maxPendingTotal() {
    return maxPendingTotal;
  }

  /** Returns how long an instance may take to begin its answer, or to go on with it. */
  public Duration responseTimeout() {
    return responseTimeout;
  }

  /** Returns how long a client may take no bytes of its answer. */
  public Duration stallTimeout() {
    return stallTimeout;
  }

  /** Returns how many bytes a request's body may have. */
  public long maxRequestBody() {
    return maxRequestBody;
  }

  /** Returns how many bytes a second a client has to send or take. */
  public long minTransferRate() {
    return minTransferRate;
  }

  /** Returns how long a client may be waited for while it sends a body. */
  public Duration requestBodyTimeout() {
    return requestBodyTimeout;
  }

  /** Returns how long connecting to an instance may take. */
  public Duration connectTimeout() {
    return connectTimeout;
  }

  /** Returns how much memory large heads of requests under way may take. */
  long headBytes() {
    return headBytes;
  }

  /** Returns how often the limits are looked after. */
  public Duration watchInterval() {
    return watchInterval;
  }

  /** Returns how often clients that have left are looked for. */
  public Duration presenceInterval() {
    return presenceInterval;
  }

  /** Returns whether what a proxy in front says about the client is passed on. */
  public boolean trustForwarded() {
    return trustForwarded;
  }

  /** Returns whether a connection is closed after a chunked request. */
  public boolean closeAfterChunked() {
    return closeAfterChunked;
  }

  /** Returns who may use which deployment. */
  public AccessRules access() {
    return access;
  }

  /** Returns the hosts and web pages that links are served to. */
  public SiteRules sites() {
    return sites;
  }

  /** Returns whether pages of instances get an origin of their own. */
  public boolean sandboxLinks() {
    return sandboxLinks;
  }

  /**
   * Returns whether the caller's {@code Authorization} goes on to the instance; null for yes unless
   * tokens of the link itself come in it.
   */
  public @Nullable Boolean forwardAuthorization() {
    return forwardAuthorization;
  }

  /** Returns how many requests a caller may send in a period, or 0 for any number. */
  public int rateRequests() {
    return rateRequests;
  }

  /** Returns the period. */
  public Duration ratePeriod() {
    return ratePeriod;
  }

  /** Returns the rules for requests that do not wake, or do not keep. */
  public List<WakeRule> wake() {
    return wake;
  }

  /** Returns how callers are recognised, by deployment. */
  public Map<String, Sticky> sticky() {
    return sticky;
  }

  /** Returns how long an exchange with an instance may take in all. */
  public Duration exchangeTimeout() {
    return exchangeTimeout;
  }

  /** Returns how long a response may wait for its client in all. */
  public Duration responseBodyTimeout() {
    return responseBodyTimeout;
  }

  /**
   * Returns how fast a client has to take a response, beside the least rate.
   *
   * @return the limits
   */
  public BodyPace.Limits responsePace() {
    return responsePace;
  }

  /** Returns the web pages of other origins that may use links. */
  public CorsRules cors() {
    return cors;
  }

  /** Returns whether plain HTTP goes through OkHttp as well. */
  public boolean okHttpOnly() {
    return okHttpOnly;
  }

  /** Returns whether browsers get a page while an instance starts. */
  public boolean waitingPage() {
    return waitingPage;
  }

  /** Returns what finds the deployment of a model, or null if links have no address for models. */
  public @Nullable ModelRouter models() {
    return models;
  }

  /** Returns what clients that cannot wait may choose. */
  public AsyncAnswers asyncAnswers() {
    return async;
  }

  /** Returns the clock that limits are measured by. */
  public Ticker ticker() {
    return ticker;
  }

  /**
   * Returns how fast a client has to send a body.
   *
   * @return the limits
   */
  public BodyPace.Limits pace() {
    return pace;
  }

  /** Returns whether the caller's {@code Authorization} may be for the instance. */
  boolean keepAuthorization() {
    return forwardAuthorization == null || forwardAuthorization;
  }

  /** Returns whether {@code Authorization} goes to the instance even if the link has used it. */
  boolean forwardsAuthorization() {
    return forwardAuthorization != null && forwardAuthorization;
  }
}
