package dev.autodeploy.servlet;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.LinkProxy;
import dev.autodeploy.proxy.ModelRouter;
import dev.autodeploy.proxy.gateway.Deployments;
import dev.autodeploy.proxy.gateway.Gateway;
import dev.autodeploy.proxy.gateway.LinkSettings;
import dev.autodeploy.proxy.gateway.PathReading;
import dev.autodeploy.proxy.gateway.Problem;
import dev.autodeploy.proxy.gateway.Problems;
import dev.autodeploy.proxy.gateway.Workers;
import jakarta.servlet.ServletConfig;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRegistration;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Service links in a servlet container (Jakarta Servlet 6): {@code /d/<deployment>/<path>} on the
 * application's own port goes to an instance of the deployment, which is started if there is none.
 * Thread-safe.
 *
 * <p>To be mapped to {@link #mappings()}, with asynchronous support, as must be every filter before
 * it. Neither held nor forwarded requests keep a thread of the container.
 *
 * <p>Without an access rule ({@link LinkBuilder#bearerToken}, {@link LinkBuilder#access}) links are
 * for callers on this machine, and for those whom the application has signed in ({@link
 * HttpServletRequest#getUserPrincipal}).
 *
 * <p>What the application knows its users by does not reach instances: the session's cookie and
 * those of {@link Builder#hiddenCookies}, and {@code Authorization} of those whom it has signed in,
 * unless {@link LinkBuilder#forwardAuthorization} says so.
 *
 * <p>Limits of the container hold as well: for the size of a head and of a body, for the time in
 * which a client has to send or take the next bytes, for the number of connections, and for paths
 * that it refuses, such as those with an encoded slash. A client that does not move is disconnected
 * by the container's timeout, not by {@link LinkBuilder#stallTimeout}. WebSockets cannot be
 * carried.
 */
public final class AutoDeployServlet extends HttpServlet implements LinkProxy {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(AutoDeployServlet.class);

  /** The paths that the servlet has to be mapped to. */
  private static final List<String> PATHS = List.of("/d/*", Gateway.STATUS_PATH);

  private final transient Gateway gateway;
  private final transient Workers workers;
  private final transient Runnable stopListening;
  private final transient AccessWithoutRule access;
  private final transient Duration drainTimeout;
  private final transient @Nullable URI publicUrl;
  private final transient AtomicBoolean closed = new AtomicBoolean();
  private final transient AtomicBoolean addressesAreReal = new AtomicBoolean();
  private final transient AtomicBoolean toldAsync = new AtomicBoolean();
  private transient volatile int port;
  private transient volatile String contextPath = "";
  private final transient Set<String> hiddenCookies;
  private transient volatile @Nullable ApplicationCredentials credentials;

  private AutoDeployServlet(Builder builder) {
    hiddenCookies = Set.copyOf(builder.hiddenCookies);
    LinkSettings settings = builder.settings;
    drainTimeout = settings.drainTimeout();
    publicUrl = settings.publicUrl();
    port = builder.port;
    access = new AccessWithoutRule(settings.hasAccessRule());
    workers = Workers.create(builder.maxThreads);
    gateway = new Gateway(settings.toConfig(this::link, false), () -> {});
    DeploymentListener listener = gateway::onEvent;
    AutoDeploy autoDeploy = builder.autoDeploy;
    autoDeploy.addListener(listener);
    stopListening = () -> autoDeploy.removeListener(listener);
  }

  /**
   * Returns a builder for a servlet.
   *
   * @param autoDeploy the engine whose deployments it serves; it is not closed with the servlet
   * @return the builder
   */
  public static Builder builder(AutoDeploy autoDeploy) {
    return new Builder(requireNonNull(autoDeploy, "autoDeploy"));
  }

  /**
   * Returns the paths that the servlet has to be mapped to.
   *
   * @return {@code /d/*} and {@code /-/status}
   */
  public static String[] mappings() {
    return PATHS.toArray(new String[0]);
  }

  /**
   * Returns the paths that the servlet has to be mapped to where its links have an address for
   * models.
   *
   * @param models what {@link Builder#models} was called with
   * @return {@link #mappings()}, and the paths of the interfaces of models
   */
  public static String[] mappings(ModelRouter models) {
    List<String> all = new ArrayList<>(PATHS);
    all.addAll(Gateway.modelMappings(models));
    return all.toArray(new String[0]);
  }

  /**
   * Returns whether the response to a request has broken off in the middle, so that no error page
   * must be written into it.
   *
   * @param request the request, of any dispatch
   * @return true if so
   */
  public static boolean isCutOff(ServletRequest request) {
    return request.getAttribute(ServletExchange.BROKEN) != null;
  }

  @Override
  public void init(ServletConfig config) throws ServletException {
    super.init(config);
    contextPath = config.getServletContext().getContextPath();
    credentials = new ApplicationCredentials(config.getServletContext(), hiddenCookies);
    StartUpCheck.run(config);
    LOG.info("Service links at {}d/<deployment>", base());
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws ServletException, IOException {
    if (isCutOff(request)) {
      // The dispatch of an exchange that broke off: the container closes the connection.
      throw new ServletException("A response broke off: its instance or the link has failed");
    }
    if (!request.isAsyncSupported()) {
      refuseBlocking(response);
      return;
    }
    Problem problem =
        PathReading.hasDots(request.getRequestURI())
            ? Problems.dotsInPath()
            : access.allows(request) ? null : access.problem();
    ServletExchange exchange =
        new ServletExchange(request, response, gateway, workers, addressesAreReal, credentials());
    workers.execute(
        () -> {
          if (problem == null) {
            gateway.handle(exchange, null);
          } else {
            gateway.refuse(exchange, problem);
          }
        });
  }

  private ApplicationCredentials credentials() {
    ApplicationCredentials known = credentials;
    if (known == null) {
      throw new IllegalStateException("the container has not called init");
    }
    return known;
  }

  private void refuseBlocking(HttpServletResponse response) throws IOException {
    if (toldAsync.compareAndSet(false, true)) {
      LOG.error(
          "Service links need asynchronous requests: set asyncSupported on the servlet '{}' and on"
              + " every filter that its requests pass",
          getServletName());
    }
    response.sendError(HttpServletResponse.SC_INTERNAL_SERVER_ERROR);
  }

  private URI link(String deployment) {
    return base().resolve("d/" + deployment);
  }

  private URI base() {
    return publicUrl != null
        ? publicUrl
        : URI.create("http://localhost:" + port + contextPath + "/");
  }

  @Override
  public URI serviceLink(Deployment deployment) {
    return link(deployment.name());
  }

  /**
   * Tells the servlet on which port the container listens, where that was not known before.
   *
   * @param value 1 to 65535
   */
  public void listeningOn(int value) {
    port = Arguments.inRange("port", value, 1, 65_535);
  }

  /**
   * Returns the port that links are printed with.
   *
   * @return the port that was set
   */
  @Override
  public int port() {
    return port;
  }

  /**
   * Always throws: a container has no port for one deployment.
   *
   * @param deployment the deployment's name
   * @return nothing
   */
  @Override
  public int dedicatedPort(String deployment) {
    throw new IllegalArgumentException("deployment '" + deployment + "' has no port of its own");
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
   * Refuses the requests that wait for an instance, with 503, as at the end of a graceful shutdown.
   * Requests that come later are served as before.
   */
  public void refuseHeld() {
    gateway.refuseHeld();
  }

  /** Called by the container: the same as {@link #close()}. */
  @Override
  public void destroy() {
    close();
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    stopListening.run();
    gateway.drain(drainTimeout);
    gateway.close();
    workers.close();
    LOG.info("Service links closed at {}", base());
  }

  /** The start-up check: what the container can be asked. */
  private static final class StartUpCheck {
    static void run(ServletConfig config) throws ServletException {
      int major = config.getServletContext().getMajorVersion();
      if (major < 6) {
        throw new ServletException(
            "Service links need Jakarta Servlet 6, but "
                + config.getServletContext().getServerInfo()
                + " runs this application with version "
                + major);
      }
      ServletRegistration registration =
          config.getServletContext().getServletRegistration(config.getServletName());
      Collection<String> mapped = registration == null ? PATHS : registration.getMappings();
      if (!mapped.contains("/*") && !mapped.contains("/") && !mapped.containsAll(PATHS)) {
        throw new ServletException(
            "The servlet '"
                + config.getServletName()
                + "' must be mapped to "
                + String.join(" and ", PATHS)
                + ", but is mapped to "
                + mapped);
      }
    }
  }

  /** Collects the settings of a servlet. Not thread-safe. */
  public static final class Builder extends LinkBuilder<Builder> {
    private final LinkSettings settings;
    private final AutoDeploy autoDeploy;
    private int maxThreads = 2048;
    private int port = 8080;
    private final Set<String> hiddenCookies = new TreeSet<>();

    private Builder(AutoDeploy autoDeploy) {
      this(new LinkSettings(Deployments.of(autoDeploy)), autoDeploy);
    }

    Builder(LinkSettings settings, AutoDeploy autoDeploy) {
      super(settings);
      this.settings = settings;
      this.autoDeploy = autoDeploy;
    }

    /**
     * Sets the port that the container listens on, which links are printed with where there is no
     * {@link #publicUrl}. Default: 8080.
     *
     * @param value 0 to 65535; 0 where {@link AutoDeployServlet#listeningOn} tells it later
     * @return this
     */
    @Override
    public Builder port(int value) {
      settings.port(value);
      port = value;
      return this;
    }

    /**
     * Sets how many threads forward requests at most, on Java 23 and older. Default: 2048. A held
     * request takes none.
     *
     * @param value 4 or more
     * @return this
     */
    public Builder maxThreads(int value) {
      maxThreads = Arguments.inRange("maxThreads", value, 4, 32_767);
      return this;
    }

    /**
     * Names further cookies that are the application's own, and that instances do not get, such as
     * one that remembers a user. Default: none beside the session's, whatever its name is.
     *
     * @param names the names, in addition to those of earlier calls
     * @return this
     */
    public Builder hiddenCookies(String... names) {
      for (String name : names) {
        hiddenCookies.add(Arguments.notBlank("name", name));
      }
      return this;
    }

    /**
     * Always throws: the container has the address.
     *
     * @param value not used
     * @return nothing
     * @throws UnsupportedOperationException always
     */
    @Override
    public Builder host(String value) {
      throw containers("host");
    }

    /**
     * Always throws: the container has the address.
     *
     * @param value not used
     * @return nothing
     * @throws UnsupportedOperationException always
     */
    @Override
    public Builder bind(InetSocketAddress value) {
      throw containers("bind");
    }

    /**
     * Always throws: the container has the certificate.
     *
     * @param value not used
     * @return nothing
     * @throws UnsupportedOperationException always
     */
    @Override
    public Builder sslContext(SSLContext value) {
      throw containers("sslContext");
    }

    /**
     * Always throws: the container reads the heads.
     *
     * @param value not used
     * @return nothing
     * @throws UnsupportedOperationException always
     */
    @Override
    public Builder headTimeout(Duration value) {
      throw containers("headTimeout");
    }

    /**
     * Always throws: the container has the ports.
     *
     * @param deployment not used
     * @param value not used
     * @return nothing
     * @throws UnsupportedOperationException always
     */
    @Override
    public Builder dedicatedPort(String deployment, int value) {
      throw containers("dedicatedPort");
    }

    /**
     * Always throws: the container has the ports.
     *
     * @param from not used
     * @param to not used
     * @return nothing
     * @throws UnsupportedOperationException always
     */
    @Override
    public Builder linkPorts(int from, int to) {
      throw containers("linkPorts");
    }

    private static UnsupportedOperationException containers(String setting) {
      return new UnsupportedOperationException(
          setting + " is a setting of the servlet container, and cannot be set for its links");
    }

    Builder intervals(Duration watch, Duration presence) {
      settings.intervals(watch, presence);
      return this;
    }

    /**
     * Makes the servlet, which serves as soon as the container has it.
     *
     * @return the servlet
     */
    @Override
    public AutoDeployServlet start() {
      return new AutoDeployServlet(this);
    }
  }
}
