package dev.autodeploy.proxy.jdk;

import static java.util.Objects.requireNonNull;

import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.proxy.AccessCheck;
import dev.autodeploy.proxy.NoWakeRule;
import dev.autodeploy.proxy.gateway.AccessRules;
import dev.autodeploy.proxy.gateway.Deployments;
import dev.autodeploy.proxy.gateway.Gateway;
import dev.autodeploy.proxy.gateway.GatewayConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Service links on the JDK's own HTTP server: {@code http://localhost:8000/d/<deployment>/<path>}
 * goes to an instance of the deployment, which is started if there is none. Thread-safe.
 */
public final class JdkHttpProxy implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JdkHttpProxy.class);

  private final Gateway gateway;
  private final LinkServer server;
  private final Map<String, LinkServer> dedicated = new LinkedHashMap<>();
  private final Workers workers;
  private final UnfinishedHeads heads;
  private final DetachedAborts aborts = new DetachedAborts();
  private final Runnable stopListening;
  private final Duration drainTimeout;
  private final @Nullable SSLContext sslContext;
  private final URI base;
  private final AtomicBoolean closed = new AtomicBoolean();

  private JdkHttpProxy(Builder builder) throws IOException {
    ServerSelfTest selfTest = ServerSelfTest.result();
    drainTimeout = builder.drainTimeout;
    sslContext = builder.sslContext;
    workers = builder.workers();
    heads = new UnfinishedHeads(builder.headTimeout, builder.unfinishedHeads(workers));
    server = listen(new InetSocketAddress(builder.host, builder.port), builder.backlog);
    base = builder.publicUrl != null ? builder.publicUrl : base();
    gateway = new Gateway(builder.config(this::link, !selfTest.chunksSafe()), heads::watch);
    DeploymentListener listener = gateway::onEvent;
    AutoDeploy autoDeploy = builder.autoDeploy;
    if (autoDeploy != null) {
      autoDeploy.addListener(listener);
      stopListening = () -> autoDeploy.removeListener(listener);
    } else {
      stopListening = () -> {};
    }
    try {
      server.createContext("/", http -> serve(http, null));
      builder.contexts.forEach(this::mount);
      for (Map.Entry<String, Integer> own : builder.dedicatedPorts.entrySet()) {
        LinkServer more =
            listen(new InetSocketAddress(builder.host, own.getValue()), builder.backlog);
        dedicated.put(own.getKey(), more);
        more.createContext("/", http -> serve(http, own.getKey()));
      }
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
    server.start();
    dedicated.values().forEach(LinkServer::start);
    LOG.info("service links at {}d/<deployment>", base);
  }

  private LinkServer listen(InetSocketAddress address, int backlog) throws IOException {
    return LinkServer.listen(
        address, backlog, sslContext, heads, task -> workers.execute(() -> heads.run(task)));
  }

  private void serve(HttpExchange http, @Nullable String deployment) throws IOException {
    serve(exchange(http), deployment);
  }

  private void serve(JdkExchange exchange, @Nullable String deployment) throws IOException {
    gateway.handle(exchange, deployment);
    exchange.endOfHandler();
  }

  private JdkExchange exchange(HttpExchange http) {
    heads.complete();
    return new JdkExchange(http, gateway, workers, aborts, heads);
  }

  private void mount(String path, HttpHandler handler) {
    if (path.equals("/")) {
      server.removeContext("/");
      for (String own : new String[] {"/d/", Gateway.STATUS_PATH}) {
        server.createContext(own, http -> serve(http, null));
      }
    }
    GuardFilter guard = new GuardFilter(this);
    server.createContext(path, handler).forEach(context -> context.getFilters().add(guard));
  }

  private URI base() {
    String scheme = sslContext == null ? "http" : "https";
    return URI.create(scheme + "://" + server.host() + ":" + server.port() + "/");
  }

  private URI link(String deployment) {
    return base.resolve("d/" + deployment);
  }

  /**
   * Returns a builder for a proxy.
   *
   * @param autoDeploy the engine whose deployments it serves; it is not closed with the proxy
   * @return the builder
   */
  public static Builder builder(AutoDeploy autoDeploy) {
    requireNonNull(autoDeploy, "autoDeploy");
    return new Builder(Deployments.of(autoDeploy), autoDeploy);
  }

  static Builder builder(Deployments deployments) {
    return new Builder(deployments, null);
  }

  /**
   * Returns the link of a deployment: the fixed address that callers append their path to.
   *
   * @param deployment the deployment
   * @return such as {@code http://localhost:8000/d/breezyvoice}
   */
  public URI serviceLink(Deployment deployment) {
    return link(deployment.name());
  }

  /**
   * Returns the port that the proxy listens on.
   *
   * @return the port, chosen by the system if it was set to 0
   */
  public int port() {
    return server.port();
  }

  /**
   * Returns the port that belongs to one deployment.
   *
   * @param deployment the deployment's name
   * @return the port
   * @throws IllegalArgumentException if it was given none
   */
  public int dedicatedPort(String deployment) {
    LinkServer own = dedicated.get(requireNonNull(deployment, "deployment"));
    if (own == null) {
      throw new IllegalArgumentException("deployment '" + deployment + "' has no port of its own");
    }
    return own.port();
  }

  /**
   * Returns how many requests for deployments are under way, held ones included.
   *
   * @return the number
   */
  public int inFlight() {
    return gateway.inFlight();
  }

  /**
   * Returns how many requests wait for an instance.
   *
   * @return the number
   */
  public int held() {
    return gateway.pending();
  }

  /**
   * Returns how many held requests were broken off after all on a JVM without virtual threads. The
   * JDK's server keeps a few kilobytes for each of them until it is stopped.
   *
   * @return the number, 0 on Java 24 and newer
   */
  public long detachedAborts() {
    return aborts.number();
  }

  Gateway gateway() {
    return gateway;
  }

  /**
   * Ends the service: requests that wait for an instance are refused with 503, those under way may
   * finish up to the drain timeout, then the port is given up. Blocks. Idempotent.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    stopListening.run();
    gateway.drain(drainTimeout);
    server.stop();
    dedicated.values().forEach(LinkServer::stop);
    gateway.close();
    workers.close();
    heads.close();
    LOG.info("no more service links at {}", base);
  }

  /** Rejects ambiguous requests before they reach a mounted handler. */
  private static final class GuardFilter extends Filter {
    private final JdkHttpProxy links;

    GuardFilter(JdkHttpProxy links) {
      this.links = links;
    }

    @Override
    public void doFilter(HttpExchange http, Chain chain) throws IOException {
      JdkExchange exchange = links.exchange(http);
      if (links.gateway.isDeploymentHost(exchange.request())) {
        links.serve(exchange, null);
      } else if (links.gateway.accepts(exchange)) {
        if (links.gateway.closesConnection(exchange.request())) {
          http.getResponseHeaders().set("Connection", "close");
        }
        chain.doFilter(http);
      } else {
        exchange.endOfHandler();
      }
    }

    @Override
    public String description() {
      return "refuses ambiguous requests; serves links by host";
    }
  }

  /** Collects the settings of a proxy. Not thread-safe. */
  public static final class Builder {
    /** As good as for ever. */
    private static final Duration LONGEST = Duration.ofDays(3650);

    private final Deployments deployments;
    private final @Nullable AutoDeploy autoDeploy;
    private InetAddress host = InetAddress.getLoopbackAddress();
    private int port = 8000;
    private int backlog = 4096;
    private int maxThreads = 2048;
    private boolean platformThreads;
    private Duration maxWait = Duration.ofMinutes(10);
    private int maxPendingTotal = 10_000;
    private Duration responseTimeout = Duration.ofMinutes(10);
    private Duration stallTimeout = Duration.ofMinutes(1);
    private Duration headTimeout = Duration.ofSeconds(30);
    private int maxUnfinishedHeads = 512;
    private Duration connectTimeout = Duration.ofSeconds(5);
    private Duration drainTimeout = Duration.ofSeconds(30);
    private Duration watchInterval = Duration.ofMillis(500);
    private Duration presenceInterval = Duration.ofSeconds(5);
    private long maxRequestBody = Long.MAX_VALUE;
    private boolean trustForwardedHeaders;
    private @Nullable URI publicUrl;
    private @Nullable String hostSuffix;
    private @Nullable SSLContext sslContext;
    private final Map<String, Integer> dedicatedPorts = new LinkedHashMap<>();
    private final Map<String, List<byte[]>> tokenHashes = new LinkedHashMap<>();
    private @Nullable AccessCheck access;
    private @Nullable Boolean forwardAuthorization;
    private int rateRequests;
    private Duration ratePeriod = Duration.ofSeconds(1);
    private final List<NoWakeRule> noWake = new ArrayList<>();
    private final Set<String> preflightOrigins = new LinkedHashSet<>();
    private boolean waitingPage;
    private boolean okHttpOnly;
    private final Map<String, HttpHandler> contexts = new LinkedHashMap<>();

    private Builder(Deployments deployments, @Nullable AutoDeploy autoDeploy) {
      this.deployments = deployments;
      this.autoDeploy = autoDeploy;
    }

    /**
     * Sets the port. Default: 8000.
     *
     * @param value 0 to 65535; 0 for one that the system chooses
     * @return this
     */
    public Builder port(int value) {
      port = (int) range("port", value, 0, 65_535);
      return this;
    }

    /**
     * Sets the address to listen on. Default: 127.0.0.1, which only this machine reaches. For
     * 127.0.0.1 and ::1 alike, the proxy listens on both where the machine has both: they are what
     * {@code localhost} stands for.
     *
     * @param value a host name or an address
     * @return this
     * @throws IllegalArgumentException if the name has no address
     */
    public Builder host(String value) {
      requireNonNull(value, "host");
      try {
        host = InetAddress.getByName(value);
      } catch (UnknownHostException e) {
        throw new IllegalArgumentException("host must have an address, but was '" + value + "'", e);
      }
      return this;
    }

    /**
     * Sets address and port to listen on.
     *
     * @param value the address, with 0 for a port that the system chooses
     * @return this
     */
    public Builder bind(InetSocketAddress value) {
      requireNonNull(value, "bind");
      InetAddress address = value.getAddress();
      if (address == null) {
        throw new IllegalArgumentException("bind must have an address, but was '" + value + "'");
      }
      host = address;
      return port(value.getPort());
    }

    /**
     * Serves a page of deployments at {@code /}, such as {@code Console.handler("/")} of {@code
     * autodeploy-console}.
     *
     * @param handler the page's handler
     * @return this
     */
    public Builder console(HttpHandler handler) {
      return context("/", handler);
    }

    /**
     * Mounts a handler of the host application beside the links. It gets the requests whose path
     * begins with the given one, as with {@link HttpServer#createContext}; links and {@code
     * /-/status} keep theirs, and requests to a deployment's own host go to the deployment. The
     * rules of the links ({@link #bearerToken}, {@link #access}, {@link #rateLimit}) do not hold
     * for it: it has to protect itself.
     *
     * @param path the path, beginning with a slash
     * @param handler the handler, which may block
     * @return this
     */
    public Builder context(String path, HttpHandler handler) {
      requireNonNull(path, "path");
      requireNonNull(handler, "handler");
      if (!path.startsWith("/")
          || path.equals("/d")
          || path.startsWith("/d/")
          || path.equals(Gateway.STATUS_PATH)) {
        throw new IllegalArgumentException(
            "path must begin with '/' and be neither the links' /d/ nor /-/status, but was '"
                + path
                + "'");
      }
      contexts.put(path, handler);
      return this;
    }

    /**
     * Sets how long a request is held at the most while an instance starts, counted from its
     * arrival also where it is sent again. A request can ask for less with {@code Prefer:
     * wait=<seconds>}. Default: 10 minutes.
     *
     * @param value longer than 0
     * @return this
     */
    public Builder maxWait(Duration value) {
      maxWait = positive("maxWait", value);
      return this;
    }

    /**
     * Sets how many requests of all deployments may be pending at once; beyond it the answer is
     * 429. Default: 10 000. See also {@link dev.autodeploy.DeploymentSpec.Builder#maxPending}.
     *
     * @param value 0 or more
     * @return this
     */
    public Builder maxPendingTotal(int value) {
      maxPendingTotal = (int) range("maxPendingTotal", value, 0, Integer.MAX_VALUE);
      return this;
    }

    /**
     * Sets for how long an instance may be silent: from the last byte of the request to the first
     * of the answer, beyond which the client gets 504, and from one byte of the answer to the next,
     * beyond which the answer is broken off. What the client takes to read does not count. Default:
     * 10 minutes; a stream of events that may rest for longer needs more.
     *
     * @param value longer than 0
     * @return this
     */
    public Builder responseTimeout(Duration value) {
      responseTimeout = positive("responseTimeout", value);
      return this;
    }

    /**
     * Sets for how long a client may neither send the next byte of its request nor take the next
     * one of its answer; then it is disconnected. Default: 1 minute. A client that reads slowly but
     * steadily is told from one that does not read by what Linux says about its connection;
     * elsewhere it must take an answer fast enough for a part of the system's send buffer, which
     * may be a megabyte, to become free in this time.
     *
     * @param value longer than 0
     * @return this
     */
    public Builder stallTimeout(Duration value) {
      stallTimeout = positive("stallTimeout", value);
      return this;
    }

    /**
     * Sets how long a client may take from the first byte of a request to the end of its header,
     * and for the TLS handshake; then it is disconnected. Default: 30 seconds.
     *
     * @param value longer than 0
     * @return this
     */
    public Builder headTimeout(Duration value) {
      headTimeout = positive("headTimeout", value);
      return this;
    }

    /**
     * Sets how many clients may be in the middle of a request's header, or of the TLS handshake, or
     * have yet to send the body of a request that was refused. Beyond it those that have been for
     * longest, of the address that has the most where that is known, are disconnected; a client
     * whose header comes in at once is never among them. Default: 512. On Java 23 and older at most
     * a quarter of {@link #maxThreads} counts.
     *
     * @param value 1 or more
     * @return this
     */
    public Builder maxUnfinishedHeads(int value) {
      maxUnfinishedHeads = (int) range("maxUnfinishedHeads", value, 1, Integer.MAX_VALUE);
      return this;
    }

    /**
     * Sets how long connecting to an instance may take. Default: 5 seconds.
     *
     * @param value longer than 0
     * @return this
     */
    public Builder connectTimeout(Duration value) {
      connectTimeout = positive("connectTimeout", value);
      return this;
    }

    /**
     * Sets how long {@link JdkHttpProxy#close()} lets requests under way finish. Default: 30
     * seconds.
     *
     * @param value 0 or longer
     * @return this
     */
    public Builder drainTimeout(Duration value) {
      drainTimeout = notNegative("drainTimeout", value);
      return this;
    }

    /**
     * Sets how many bytes a request's body may have; beyond it the answer is 413. Default:
     * unlimited, as bodies are never kept.
     *
     * @param value 0 or more
     * @return this
     */
    public Builder maxRequestBody(long value) {
      maxRequestBody = range("maxRequestBody", value, 0, Long.MAX_VALUE);
      return this;
    }

    /**
     * Sets whether {@code Forwarded} and {@code X-Forwarded-*} of requests are passed on, and added
     * to. Default: false, they are replaced. Only for links that nobody but a trusted proxy
     * reaches.
     *
     * @param value whether to trust them
     * @return this
     */
    public Builder trustForwardedHeaders(boolean value) {
      trustForwardedHeaders = value;
      return this;
    }

    /**
     * Sets how many threads serve requests at the most, on Java 23 and older. Default: 2048. A held
     * request takes none. The JDK's server reads a request's head on such a thread, so there should
     * be more than an attacker opens connections within {@link #headTimeout}.
     *
     * @param value 4 or more
     * @return this
     */
    public Builder maxThreads(int value) {
      maxThreads = (int) range("maxThreads", value, 4, 32_767);
      return this;
    }

    /**
     * Sets what links begin with where others reach the proxy at another address than it listens
     * on. It changes nothing but what {@link JdkHttpProxy#serviceLink} and the status say.
     *
     * @param value such as {@code https://gpu.example.com/}
     * @return this
     */
    public Builder publicUrl(URI value) {
      requireNonNull(value, "publicUrl");
      publicUrl = URI.create(value.toString().replaceAll("/*$", "/"));
      return this;
    }

    /**
     * Gives every deployment a host of its own below a domain: with {@code gpu.example.com}, {@code
     * http://breezyvoice.gpu.example.com/<path>} is the link of {@code breezyvoice} as well.
     *
     * @param value the domain, whose names all have to lead to the proxy
     * @return this
     */
    public Builder hostSuffix(String value) {
      requireNonNull(value, "hostSuffix");
      if (!value.matches("[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)*")) {
        throw new IllegalArgumentException(
            "hostSuffix must be a domain such as gpu.example.com, but was '" + value + "'");
      }
      hostSuffix = value;
      return this;
    }

    /**
     * Gives a deployment a port of its own, where every path goes to its instances.
     *
     * @param deployment the deployment's name
     * @param port 0 to 65535; 0 for one that the system chooses
     * @return this
     */
    public Builder dedicatedPort(String deployment, int port) {
      dedicatedPorts.put(
          requireNonNull(deployment, "deployment"), (int) range("port", port, 0, 65_535));
      return this;
    }

    /**
     * Serves over TLS, on all ports.
     *
     * @param value holds the certificate
     * @return this
     */
    public Builder sslContext(SSLContext value) {
      sslContext = requireNonNull(value, "sslContext");
      return this;
    }

    /**
     * Lets callers use a deployment who send {@code Authorization: Bearer <token>}. Once there is a
     * token for any deployment, nobody uses one without. Only a hash of the token is kept.
     *
     * @param deployment the deployment's name, or {@code *} for every one
     * @param token the token: 16 or more of {@code A-Z a-z 0-9 . _ ~ + / = -}
     * @return this
     */
    public Builder bearerToken(String deployment, String token) {
      requireNonNull(deployment, "deployment");
      requireNonNull(token, "token");
      if (!token.matches("[A-Za-z0-9._~+/=-]{16,}")) {
        throw new IllegalArgumentException(
            "token must be 16 or more of A-Z a-z 0-9 . _ ~ + / = -, but has "
                + token.length()
                + " characters or others"); // never the token itself
      }
      tokenHashes
          .computeIfAbsent(deployment, name -> new ArrayList<>())
          .add(AccessRules.hash(token));
      return this;
    }

    /**
     * Lets the host application decide who may use a link. With tokens, both have to agree.
     *
     * @param check the check
     * @return this
     */
    public Builder access(AccessCheck check) {
      access = requireNonNull(check, "access");
      return this;
    }

    /**
     * Sets whether the caller's {@code Authorization} goes on to the instance. Default: yes, unless
     * there are {@linkplain #bearerToken tokens} of the link, which are no business of the
     * instance.
     *
     * @param value whether it goes on
     * @return this
     */
    public Builder forwardAuthorization(boolean value) {
      forwardAuthorization = value;
      return this;
    }

    /**
     * Limits how many requests a caller may send, told by token, or by address where there are no
     * tokens; beyond it the answer is 429. Default: no limit.
     *
     * @param requests how many requests, 1 or more; so many may also come at once
     * @param period in which time
     * @return this
     */
    public Builder rateLimit(int requests, Duration period) {
      rateRequests = (int) range("requests", requests, 1, 1_000_000);
      ratePeriod = positive("period", period);
      return this;
    }

    /**
     * Adds a rule for requests that never start an instance and never keep one: they are answered
     * by the link itself, with 200 and the deployment's status, also while an instance runs. For
     * monitors and crawlers.
     *
     * @param rule the rule
     * @return this
     */
    public Builder noWake(NoWakeRule rule) {
      noWake.add(requireNonNull(rule, "rule"));
      return this;
    }

    /**
     * Answers the CORS preflight requests of pages of certain origins, without an instance and
     * without a token. Others go to the instance like any request. Default: none.
     *
     * @param origins such as {@code https://app.example.com}, or {@code *} for all
     * @return this
     */
    public Builder answerPreflight(String... origins) {
      preflightOrigins.addAll(List.of(origins));
      return this;
    }

    /**
     * Sets whether a browser that opens a link gets a page that shows the progress and reloads by
     * itself while no instance is ready, in place of being held. Default: false.
     *
     * @param value whether there is a page
     * @return this
     */
    public Builder waitingPage(boolean value) {
      waitingPage = value;
      return this;
    }

    /** Serves without virtual threads, as on an older Java. */
    Builder platformThreads(int max) {
      platformThreads = true;
      maxThreads = max;
      return this;
    }

    Builder intervals(Duration watch, Duration presence) {
      watchInterval = watch;
      presenceInterval = presence;
      return this;
    }

    Builder okHttpOnly(boolean value) {
      okHttpOnly = value;
      return this;
    }

    private GatewayConfig config(Function<String, URI> link, boolean closeAfterChunked) {
      return new GatewayConfig(
          deployments,
          link,
          hostSuffix,
          maxWait,
          maxPendingTotal,
          responseTimeout,
          stallTimeout,
          maxRequestBody,
          connectTimeout,
          watchInterval,
          presenceInterval,
          trustForwardedHeaders,
          closeAfterChunked,
          new AccessRules(tokenHashes, access),
          forwardAuthorization,
          rateRequests,
          ratePeriod,
          List.copyOf(noWake),
          Set.copyOf(preflightOrigins),
          okHttpOnly,
          waitingPage);
    }

    private int unfinishedHeads(Workers threads) {
      return threads.virtual()
          ? maxUnfinishedHeads
          : Math.min(maxUnfinishedHeads, Math.max(1, maxThreads / 4));
    }

    private Workers workers() {
      return platformThreads ? Workers.platform(maxThreads) : Workers.create(maxThreads);
    }

    private static Duration positive(String parameter, Duration value) {
      requireNonNull(value, parameter);
      if (value.isNegative() || value.isZero()) {
        throw new IllegalArgumentException(parameter + " must be longer than 0, but was " + value);
      }
      return atMost(value);
    }

    private static Duration notNegative(String parameter, Duration value) {
      requireNonNull(value, parameter);
      if (value.isNegative()) {
        throw new IllegalArgumentException(parameter + " must be 0 or longer, but was " + value);
      }
      return atMost(value);
    }

    /** So that no sum of times overflows. */
    private static Duration atMost(Duration value) {
      return value.compareTo(LONGEST) > 0 ? LONGEST : value;
    }

    private static long range(String parameter, long value, long min, long max) {
      if (value < min || value > max) {
        throw new IllegalArgumentException(
            parameter + " must be " + min + " to " + max + ", but was " + value);
      }
      return value;
    }

    /**
     * Starts a proxy. Each call starts another one, with ports of its own: a second one on the same
     * port fails.
     *
     * @return the proxy, listening
     * @throws IOException if it cannot listen on the address
     * @throws IllegalArgumentException if others than this machine could reach it and there is no
     *     rule who may
     */
    public JdkHttpProxy start() throws IOException {
      if (!host.isLoopbackAddress() && tokenHashes.isEmpty() && access == null) {
        throw new IllegalArgumentException(
            "listening on "
                + host.getHostAddress()
                + " needs an access rule: set bearerToken or access, or"
                + " access(AccessCheck.everybody()) if something else protects the links");
      }
      return new JdkHttpProxy(this);
    }
  }
}
