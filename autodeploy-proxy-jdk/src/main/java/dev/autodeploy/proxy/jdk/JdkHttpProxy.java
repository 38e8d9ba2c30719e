package dev.autodeploy.proxy.jdk;

import static java.util.Objects.requireNonNull;

import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.LinkProxy;
import dev.autodeploy.proxy.gateway.Deployments;
import dev.autodeploy.proxy.gateway.Gateway;
import dev.autodeploy.proxy.gateway.LinkPorts;
import dev.autodeploy.proxy.gateway.LinkSettings;
import dev.autodeploy.proxy.gateway.Workers;
import dev.autodeploy.spi.Ticker;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Service links on the JDK's own HTTP server: {@code http://localhost:8000/d/<deployment>/<path>}
 * goes to an instance of the deployment, which is started if there is none. Thread-safe.
 */
public final class JdkHttpProxy implements LinkProxy {
  private static final Logger LOG = LoggerFactory.getLogger(JdkHttpProxy.class);
  private static final int BACKLOG = 4096;

  /** The time for which requests of a removed deployment may still be answered. */
  private static final Duration LONGEST_REQUEST = Duration.ofHours(1);

  private final LinkSettings settings;
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
  private final @Nullable LinkPorts linkPorts;
  private final AtomicBoolean closed = new AtomicBoolean();

  private JdkHttpProxy(Builder builder) throws IOException {
    ServerSelfTest selfTest = ServerSelfTest.result();
    settings = builder.settings;
    drainTimeout = settings.drainTimeout();
    sslContext = settings.sslContext();
    workers = builder.workers();
    heads = new UnfinishedHeads(settings.headTimeout(), builder.unfinishedHeads(workers));
    server = listen(settings.address());
    URI known = settings.publicUrl();
    base = known != null ? known : base();
    gateway = new Gateway(settings.toConfig(this::link, !selfTest.chunksSafe()), heads::watch);
    AutoDeploy autoDeploy = builder.autoDeploy;
    linkPorts = autoDeploy == null ? null : linkPorts(settings, autoDeploy);
    DeploymentListener listener = this::onEvent;
    if (autoDeploy != null) {
      autoDeploy.addListener(listener);
      stopListening = () -> autoDeploy.removeListener(listener);
    } else {
      stopListening = () -> {};
    }
    try {
      server.createContext("/", http -> serve(http, null));
      builder.contexts.forEach(this::mount);
      for (Map.Entry<String, InetSocketAddress> own : settings.dedicatedAddresses().entrySet()) {
        LinkServer more = listen(own.getValue());
        dedicated.put(own.getKey(), more);
        more.createContext("/", http -> serve(http, own.getKey()));
      }
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
    if (linkPorts != null) {
      linkPorts.start();
    }
    server.start();
    dedicated.values().forEach(LinkServer::start);
    LOG.info("Service links at {}d/<deployment>", base);
  }

  private @Nullable LinkPorts linkPorts(LinkSettings settings, AutoDeploy autoDeploy) {
    if (!settings.hasLinkPorts()) {
      return null;
    }
    return new LinkPorts(
        settings,
        Deployments.of(autoDeploy),
        autoDeploy::linkPort,
        (port, deployment) -> {
          LinkServer own = listen(settings.address(port));
          own.createContext("/", http -> serve(http, deployment));
          own.start();
          return new LinkPorts.OpenPort(
              port,
              () -> {
                if (closed.get()) {
                  own.stop();
                } else {
                  own.stopSoftly(LONGEST_REQUEST);
                }
              });
        },
        Ticker.system());
  }

  private void onEvent(DeploymentEvent event) {
    gateway.onEvent(event);
    if (linkPorts != null) {
      linkPorts.onEvent(event);
    }
  }

  private LinkServer listen(InetSocketAddress address) throws IOException {
    return LinkServer.listen(
        address, BACKLOG, sslContext, heads, task -> workers.execute(() -> heads.run(task)));
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
      for (String own : new String[] {"/d/", Gateway.STATUS_PATH, Gateway.HEALTH_PATH}) {
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
    int own = linkPorts == null ? 0 : linkPorts.port(deployment);
    return own == 0 ? base.resolve("d/" + deployment) : settings.portLink(server.host(), own);
  }

  /**
   * Returns a builder for a proxy.
   *
   * @param autoDeploy the engine whose deployments it serves; it is not closed with the proxy
   * @return the builder
   */
  public static Builder builder(AutoDeploy autoDeploy) {
    requireNonNull(autoDeploy, "autoDeploy");
    return new Builder(new LinkSettings(Deployments.of(autoDeploy)), autoDeploy);
  }

  static Builder builder(Deployments deployments) {
    return new Builder(new LinkSettings(deployments), null);
  }

  @Override
  public URI serviceLink(Deployment deployment) {
    return link(deployment.name());
  }

  @Override
  public int port() {
    return server.port();
  }

  @Override
  public int dedicatedPort(String deployment) {
    LinkServer own = dedicated.get(requireNonNull(deployment, "deployment"));
    int chosen = own != null || linkPorts == null ? 0 : linkPorts.port(deployment);
    if (chosen != 0) {
      return chosen;
    }
    if (own == null) {
      throw new IllegalArgumentException("deployment '" + deployment + "' has no port of its own");
    }
    return own.port();
  }

  @Override
  public int inFlight() {
    return gateway.inFlight();
  }

  @Override
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

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    stopListening.run();
    gateway.drain(drainTimeout);
    server.stop();
    dedicated.values().forEach(LinkServer::stop);
    if (linkPorts != null) {
      linkPorts.close();
    }
    gateway.close();
    workers.close();
    heads.close();
    LOG.info("Service links closed at {}", base);
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
      if (links.gateway.isDeploymentHost(exchange.request())
          || links.gateway.isForModels(exchange.request())) {
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
      return "refuses ambiguous requests; serves links by host, and models";
    }
  }

  /** Collects the settings of a proxy. Not thread-safe. */
  public static final class Builder extends LinkBuilder<Builder> {
    private final LinkSettings settings;
    private final @Nullable AutoDeploy autoDeploy;
    private final Map<String, HttpHandler> contexts = new LinkedHashMap<>();
    private int maxThreads = 2048;
    private int maxUnfinishedHeads = 512;
    private boolean platformThreads;

    private Builder(LinkSettings settings, @Nullable AutoDeploy autoDeploy) {
      super(settings);
      this.settings = settings;
      this.autoDeploy = autoDeploy;
    }

    /**
     * Serves a page of deployments at {@code /}, such as {@code Console.handler("/")} of {@code
     * autodeploy-console}. One with actions is refused by {@link #start()} unless {@link
     * #sandboxLinks} is set, as pages of instances share its origin: give it a port of its own.
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
     * Sets how many threads serve requests at most, on Java 23 and older. Default: 2048. A held
     * request takes none. The JDK's server reads a request's head on such a thread, so there should
     * be more than an attacker opens connections within {@link #headTimeout}.
     *
     * @param value 4 or more
     * @return this
     */
    public Builder maxThreads(int value) {
      maxThreads = Arguments.inRange("maxThreads", value, 4, 32_767);
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
      maxUnfinishedHeads = Arguments.atLeast("maxUnfinishedHeads", value, 1);
      return this;
    }

    /** Serves without virtual threads, as on an older Java. */
    Builder platformThreads(int max) {
      platformThreads = true;
      maxThreads = max;
      return this;
    }

    Builder intervals(Duration watch, Duration presence) {
      settings.intervals(watch, presence);
      return this;
    }

    Builder okHttpOnly(boolean value) {
      settings.okHttpOnly(value);
      return this;
    }

    private int unfinishedHeads(Workers threads) {
      return threads.virtual()
          ? maxUnfinishedHeads
          : Math.min(maxUnfinishedHeads, Math.max(1, maxThreads / 4));
    }

    private Workers workers() {
      return platformThreads ? Workers.platform(maxThreads) : Workers.create(maxThreads);
    }

    @Override
    public JdkHttpProxy start() throws IOException {
      settings.requireAccessRule();
      contexts.values().forEach(settings::requireSeparateOrigin);
      return new JdkHttpProxy(this);
    }
  }
}
