package dev.autodeploy.proxy.gateway;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.net.ActingPage;
import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.proxy.AccessCheck;
import dev.autodeploy.proxy.AsyncAnswers;
import dev.autodeploy.proxy.CorsPolicy;
import dev.autodeploy.proxy.ModelRouter;
import dev.autodeploy.proxy.Sticky;
import dev.autodeploy.proxy.TokenCarrier;
import dev.autodeploy.proxy.WakeRule;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a proxy as its builder collects them, each checked when it is set. The setters
 * are described at {@link dev.autodeploy.proxy.LinkBuilder}. Not thread-safe.
 */
public final class LinkSettings {
  /** Upper bound of all timeouts, so that sums do not overflow. */
  private static final Duration LONGEST = Duration.ofDays(3650);

  // GatewayConfig copies those that are not private.
  final Deployments deployments;
  private InetAddress host = InetAddress.getLoopbackAddress();
  private int port = 8000;
  Duration maxWait = Duration.ofMinutes(10);
  int maxPendingTotal = 10_000;
  Duration responseTimeout = Duration.ofMinutes(10);
  Duration stallTimeout = Duration.ofMinutes(1);
  private Duration headTimeout = Duration.ofSeconds(30);
  Duration connectTimeout = Duration.ofSeconds(5);
  private Duration drainTimeout = Duration.ofSeconds(30);
  Duration watchInterval = Duration.ofMillis(500);
  long headBytes = Math.min(64L << 20, Runtime.getRuntime().maxMemory() / 16);
  Duration presenceInterval = Duration.ofSeconds(5);
  long maxRequestBody = Long.MAX_VALUE;
  long minTransferRate = 500;
  Duration requestBodyTimeout = Duration.ofHours(1);
  boolean trustForwardedHeaders;
  @Nullable URI publicUrl;
  @Nullable String hostSuffix;
  private @Nullable SSLContext sslContext;
  int linkPortsFrom;
  int linkPortsTo;
  private final Map<String, Integer> dedicatedPorts = new LinkedHashMap<>();
  final Map<String, List<byte[]>> tokenHashes = new LinkedHashMap<>();
  final Map<String, String> tokenNames = new HashMap<>();
  @Nullable AccessCheck access;
  @Nullable Boolean forwardAuthorization;
  int rateRequests;
  Duration ratePeriod = Duration.ofSeconds(1);
  final List<WakeRule> wake = new ArrayList<>();
  final Map<String, Sticky> sticky = new LinkedHashMap<>();
  Set<TokenCarrier> tokenCarriers = EnumSet.complementOf(EnumSet.of(TokenCarrier.QUERY));
  Duration exchangeTimeout = LONGEST;
  Duration responseBodyTimeout = Duration.ofHours(1);
  final Map<String, CorsPolicy> cors = new LinkedHashMap<>();
  private final Set<String> allowedHosts = new LinkedHashSet<>();
  private final Set<String> allowedOrigins = new LinkedHashSet<>();
  boolean sandboxLinks;
  boolean waitingPage;
  @Nullable ModelRouter models;
  AsyncAnswers async = AsyncAnswers.builder().build();
  boolean okHttpOnly;

  /**
   * Creates settings with their defaults.
   *
   * @param deployments what is served
   */
  public LinkSettings(Deployments deployments) {
    this.deployments = requireNonNull(deployments, "deployments");
  }

  public void port(int value) {
    port = Arguments.inRange("port", value, 0, 65_535);
  }

  public void host(String value) {
    requireNonNull(value, "host");
    try {
      host = InetAddress.getByName(value);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("host must have an address, but was '" + value + "'", e);
    }
  }

  public void bind(InetSocketAddress value) {
    requireNonNull(value, "bind");
    InetAddress address = value.getAddress();
    if (address == null) {
      throw new IllegalArgumentException("bind must have an address, but was '" + value + "'");
    }
    host = address;
    port(value.getPort());
  }

  public void maxWait(Duration value) {
    maxWait = atMost(Arguments.positive("maxWait", value));
  }

  public void maxPendingTotal(int value) {
    maxPendingTotal = Arguments.inRange("maxPendingTotal", value, 0, Integer.MAX_VALUE);
  }

  public void responseTimeout(Duration value) {
    responseTimeout = atMost(Arguments.positive("responseTimeout", value));
  }

  public void stallTimeout(Duration value) {
    stallTimeout = atMost(Arguments.positive("stallTimeout", value));
  }

  public void headTimeout(Duration value) {
    headTimeout = atMost(Arguments.positive("headTimeout", value));
  }

  public void connectTimeout(Duration value) {
    connectTimeout = atMost(Arguments.positive("connectTimeout", value));
  }

  public void drainTimeout(Duration value) {
    drainTimeout = atMost(Arguments.notNegative("drainTimeout", value));
  }

  public void maxRequestBody(long value) {
    maxRequestBody = Arguments.inRange("maxRequestBody", value, 0, Long.MAX_VALUE);
  }

  public void minTransferRate(long bytesPerSecond) {
    minTransferRate = Arguments.inRange("minTransferRate", bytesPerSecond, 0, 1_000_000_000);
  }

  public void requestBodyTimeout(Duration value) {
    requestBodyTimeout = atMost(Arguments.positive("requestBodyTimeout", value));
  }

  public void trustForwardedHeaders(boolean value) {
    trustForwardedHeaders = value;
  }

  public void publicUrl(URI value) {
    requireNonNull(value, "publicUrl");
    publicUrl = URI.create(value.toString().replaceAll("/+$", "") + "/");
  }

  public void hostSuffix(String value) {
    requireNonNull(value, "hostSuffix");
    if (!value.matches("[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)*")) {
      throw new IllegalArgumentException(
          "hostSuffix must be a domain such as gpu.example.com, but was '" + value + "'");
    }
    hostSuffix = value;
  }

  public void dedicatedPort(String deployment, int port) {
    dedicatedPorts.put(
        requireNonNull(deployment, "deployment"), Arguments.inRange("port", port, 0, 65_535));
  }

  public void linkPorts(int first, int last) {
    int checked = Arguments.inRange("from", first, 1, 65_535);
    linkPortsTo = Arguments.inRange("to", last, checked, 65_535);
    linkPortsFrom = checked;
  }

  public void sslContext(SSLContext value) {
    sslContext = requireNonNull(value, "sslContext");
  }

  public void bearerToken(String deployment, String token) {
    requireNonNull(deployment, "deployment");
    requireNonNull(token, "token");
    if (!token.matches("[A-Za-z0-9._~+/=-]{16,}")) {
      throw new IllegalArgumentException(
          "token must be 16 or more of A-Z a-z 0-9 . _ ~ + / = -, but has "
              + token.length()
              + " characters or others"); // never the token itself
    }
    tokenHashes.computeIfAbsent(deployment, name -> new ArrayList<>()).add(AccessRules.hash(token));
  }

  public void bearerToken(String deployment, String token, String name) {
    requireNonNull(name, "name");
    if (name.isBlank() || name.length() > AccessRules.MAX_NAME) {
      throw new IllegalArgumentException(
          "name must have 1 to " + AccessRules.MAX_NAME + " characters, but was '" + name + "'");
    }
    bearerToken(deployment, token);
    tokenNames.put(AccessRules.id(AccessRules.hash(token)), name);
  }

  public void access(AccessCheck check) {
    access = requireNonNull(check, "access");
  }

  public void forwardAuthorization(boolean value) {
    forwardAuthorization = value;
  }

  public void rateLimit(int requests, Duration period) {
    rateRequests = Arguments.inRange("requests", requests, 1, 1_000_000);
    ratePeriod = atMost(Arguments.positive("period", period));
  }

  public void wake(WakeRule rule) {
    wake.add(requireNonNull(rule, "rule"));
  }

  public void tokenCarriers(TokenCarrier... carriers) {
    if (carriers.length == 0) {
      throw new IllegalArgumentException("tokenCarriers must be one or more");
    }
    tokenCarriers = EnumSet.copyOf(List.of(carriers));
  }

  public void sticky(String deployment, Sticky way) {
    sticky.put(requireNonNull(deployment, "deployment"), requireNonNull(way, "way"));
  }

  public void exchangeTimeout(Duration value) {
    exchangeTimeout = atMost(Arguments.positive("exchangeTimeout", value));
  }

  public void responseBodyTimeout(Duration value) {
    responseBodyTimeout = atMost(Arguments.positive("responseBodyTimeout", value));
  }

  public void cors(CorsPolicy policy) {
    cors.put(AccessRules.EVERY, requireNonNull(policy, "policy"));
  }

  public void cors(String deployment, CorsPolicy policy) {
    cors.put(requireNonNull(deployment, "deployment"), requireNonNull(policy, "policy"));
  }

  public void allowedHosts(String... hosts) {
    for (String host : hosts) {
      if (!host.matches("[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+]")) {
        throw new IllegalArgumentException(
            "allowedHosts must be hosts without a port, but one was '" + host + "'");
      }
      allowedHosts.add(host.toLowerCase(Locale.ROOT));
    }
  }

  public void allowedOrigins(String... origins) {
    allowedOrigins.addAll(List.of(origins));
  }

  public void sandboxLinks(boolean value) {
    sandboxLinks = value;
  }

  /**
   * Refuses to serve a page that may act on the origin of links.
   *
   * @param handler a handler of the host application that is served beside the links
   * @throws IllegalStateException if it is such a page and links are not sandboxed
   */
  public void requireSeparateOrigin(Object handler) {
    if (handler instanceof ActingPage page && page.mayAct() && !sandboxLinks) {
      throw new IllegalStateException(
          "a page with actions must not share the origin of links: the pages of any instance could"
              + " use it in its user's name; give it a port of its own, as Console.start does, or"
              + " serve it without actions, or set sandboxLinks(true)");
    }
  }

  public void waitingPage(boolean value) {
    waitingPage = value;
  }

  public void asyncAnswers(AsyncAnswers value) {
    async = requireNonNull(value, "asyncAnswers");
  }

  public void models(ModelRouter value) {
    models = requireNonNull(value, "models");
  }

  /**
   * Sets how often limits and clients are looked after.
   *
   * @param watch how often limits are
   * @param presence how often clients are
   */
  public void intervals(Duration watch, Duration presence) {
    watchInterval = watch;
    presenceInterval = presence;
  }

  /**
   * Sets how much memory large heads of requests under way may take.
   *
   * @param value the bytes beyond the first few kilobytes of each
   */
  public void headBytes(long value) {
    headBytes = value;
  }

  /**
   * Sets whether plain HTTP goes to instances through OkHttp as well.
   *
   * @param value whether it does
   */
  public void okHttpOnly(boolean value) {
    okHttpOnly = value;
  }

  /**
   * Refuses to listen where others reach the links and nothing says who may use them.
   *
   * @throws IllegalArgumentException if that is so
   */
  public void requireAccessRule() {
    if (!host.isLoopbackAddress() && tokenHashes.isEmpty() && access == null) {
      throw new IllegalArgumentException(
          "listening on "
              + host.getHostAddress()
              + " needs an access rule: set bearerToken or access, or"
              + " access(AccessCheck.everybody()) if something else protects the links");
    }
  }

  /**
   * Returns whether there is a rule about who may use links.
   *
   * @return true if so
   */
  public boolean hasAccessRule() {
    return !tokenHashes.isEmpty() || access != null;
  }

  /**
   * Returns the address to listen on.
   *
   * @return address and port
   */
  public InetSocketAddress address() {
    return new InetSocketAddress(host, port);
  }

  /**
   * Returns whether each deployment gets a port of its own.
   *
   * @return true if so
   */
  public boolean hasLinkPorts() {
    return linkPortsFrom != 0;
  }

  /**
   * Returns the address to listen on at another port.
   *
   * @param other the port
   * @return address and port
   */
  public InetSocketAddress address(int other) {
    return new InetSocketAddress(host, other);
  }

  /**
   * Returns the address of a deployment's own link.
   *
   * @param listening the host that is listened on, as links show it
   * @param linkPort the port
   * @return the address, without a slash at its end
   */
  public URI portLink(String listening, int linkPort) {
    String name =
        publicUrl != null && publicUrl.getHost() != null ? publicUrl.getHost() : listening;
    return URI.create((sslContext == null ? "http://" : "https://") + name + ":" + linkPort);
  }

  /**
   * Returns the ports of single deployments.
   *
   * @return deployments' names to the addresses to listen on
   */
  public Map<String, InetSocketAddress> dedicatedAddresses() {
    Map<String, InetSocketAddress> addresses = new LinkedHashMap<>();
    dedicatedPorts.forEach((name, own) -> addresses.put(name, new InetSocketAddress(host, own)));
    return addresses;
  }

  /**
   * Returns the address under which others reach the links.
   *
   * @return the address, ending with a slash, or null if it is the one listened on
   */
  public @Nullable URI publicUrl() {
    return publicUrl;
  }

  /**
   * Returns what TLS is served with.
   *
   * @return the context, or null for plain HTTP
   */
  public @Nullable SSLContext sslContext() {
    return sslContext;
  }

  /**
   * Returns how long the head of a request may take.
   *
   * @return the time
   */
  public Duration headTimeout() {
    return headTimeout;
  }

  /**
   * Returns how long requests under way may finish when the proxy closes.
   *
   * @return the time
   */
  public Duration drainTimeout() {
    return drainTimeout;
  }

  /**
   * Returns the settings for a gateway.
   *
   * @param link returns what the link of a deployment begins with
   * @param closeAfterChunked whether a connection is closed after a chunked request
   * @return the settings
   */
  public GatewayConfig toConfig(Function<String, URI> link, boolean closeAfterChunked) {
    return new GatewayConfig(this, link, closeAfterChunked);
  }

  /** Returns the rules about hosts and pages that hold where no token and no check protects. */
  SiteRules siteRules() {
    Set<String> hosts = new LinkedHashSet<>(allowedHosts);
    if (publicUrl != null && publicUrl.getHost() != null) {
      hosts.add(publicUrl.getHost().toLowerCase(Locale.ROOT));
    }
    return SiteRules.of(trustForwardedHeaders, hosts, hostSuffix, allowedOrigins);
  }

  private static Duration atMost(Duration value) {
    return value.compareTo(LONGEST) > 0 ? LONGEST : value;
  }
}
