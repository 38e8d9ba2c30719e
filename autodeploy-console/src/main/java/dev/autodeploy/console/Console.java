package dev.autodeploy.console;

import static java.util.Objects.requireNonNull;

import com.sun.net.httpserver.Authenticator;
import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.util.Arguments;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The Auto Deploy page of an engine, and the JSON API under it, for people who would rather look
 * than read. Thread-safe.
 *
 * <pre>{@code
 * try (Console console = Console.builder(autoDeploy)
 *         .linkOf(proxy::serviceLink)
 *         .actions(true)
 *         .build();
 *     ConsoleServer server = console.start(8001)) {
 *   System.out.println("The Auto Deploy page: " + server.uri());
 * }
 * }</pre>
 *
 * <p>It can be mounted at any path of any JDK {@link HttpServer} instead: {@link #mount}. It
 * answers on the loopback address only unless people {@linkplain Builder#signIn sign in}, and it is
 * read-only unless {@link Builder#actions} are switched on: users who may act can run any command
 * on the machines of the provider.
 */
public final class Console implements AutoCloseable {
  private final RequestGuard guard;
  private final Api api;
  private final Assets assets = new Assets();
  private final ChangePublisher publisher;
  private final SseHub hub;
  private final ScheduledExecutorService scheduler;

  private Console(Builder b) {
    this.scheduler =
        Executors.newSingleThreadScheduledExecutor(DaemonThreads.named("console-watch"));
    AuditLog audit = new AuditLog(b.clock);
    SignInApi signIn = b.signIn == null ? null : new SignInApi(b.signIn, audit, System::nanoTime);
    this.guard = new RequestGuard(b.authenticator, signIn, b.allowedHosts, b.actions);
    this.hub = new SseHub(b.maxListeners, SseHub.LONGEST_WRITE);
    LogTails logs = new LogTails(hub);
    EventHistory eventHistory = new EventHistory();
    DeploymentJson deploymentJson =
        new DeploymentJson(b.linkOf, new MonthlyCost(b.autoDeploy, b.clock, b.zone), b.autoDeploy);
    this.publisher =
        new ChangePublisher(
            b.autoDeploy, b.clock, eventHistory, deploymentJson, hub, logs, scheduler);
    SpecPolicy policy =
        new SpecPolicy(b.allowedMounts, b.allowedImages, b.firstLinkPort, b.lastLinkPort);
    Actions actions = new Actions(b.autoDeploy, deploymentJson, policy, hub, audit);
    this.api =
        new Api(
            b.autoDeploy,
            b.clock,
            b.zone,
            guard,
            deploymentJson,
            eventHistory,
            publisher,
            hub,
            logs,
            actions,
            audit,
            signIn);
    if (signIn != null) {
      scheduler.scheduleWithFixedDelay(() -> endSessions(signIn), 1, 1, TimeUnit.SECONDS);
    }
    publisher.begin();
  }

  /** A session that is over has no event stream either. */
  private void endSessions(SignInApi signIn) {
    signIn.expire();
    hub.endWhere(session -> !signIn.isOpen(session));
  }

  /**
   * Returns a builder for the console of an engine.
   *
   * @param autoDeploy the engine, which the console does not close
   * @return the builder
   */
  public static Builder builder(AutoDeploy autoDeploy) {
    return new Builder(requireNonNull(autoDeploy, "autoDeploy"));
  }

  /**
   * Returns the handler for a context of a server. The path of the context is the path of the page.
   * Prefer {@link #mount}, which checks the server's address when it is called and not only with
   * each request.
   *
   * @return the handler
   */
  public HttpHandler handler() {
    return new ConsoleHandler(null, guard, api, assets);
  }

  /**
   * Returns the handler for a server that finds handlers by itself.
   *
   * @param basePath the path of the page, such as {@code /} or {@code /ops/}
   * @return the handler
   */
  public HttpHandler handler(String basePath) {
    return new ConsoleHandler(checkedPath(basePath), guard, api, assets);
  }

  /**
   * Mounts the page on a server of the host application.
   *
   * @param server the server, bound; it needs an executor, or one slow page holds up all others
   * @param path the path of the page, such as {@code /} or {@code /ops/}
   * @return the context, which the host removes if it wants to
   * @throws IllegalStateException if the server listens on another address than loopback and the
   *     console has no authenticator
   */
  public HttpContext mount(HttpServer server, String path) {
    requireNonNull(server, "server");
    String context = checkedPath(path);
    check(server.getAddress());
    // Without the slash at the end the server would send /ops to another context.
    String trimmed =
        context.length() > 1 && context.endsWith("/")
            ? context.substring(0, context.length() - 1)
            : context;
    return server.createContext(trimmed, handler());
  }

  /**
   * Starts a server of its own for the page, on the loopback addresses: 127.0.0.1, and ::1 where
   * the machine has it, because {@code localhost} stands for both.
   *
   * @param port the port, or 0 for a free one
   * @return the server, to be closed
   * @throws IOException if the port cannot be had
   */
  public ConsoleServer start(int port) throws IOException {
    return start(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  /**
   * Starts a server of its own for the page. Clients that take more than 10 seconds for the head of
   * a request, its body, or a response are disconnected.
   *
   * @param address where it listens
   * @return the server, to be closed
   * @throws IOException if the address cannot be had
   * @throws IllegalStateException if the address is another than loopback and the console has no
   *     authenticator
   */
  public ConsoleServer start(InetSocketAddress address) throws IOException {
    check(requireNonNull(address, "address"));
    return ConsoleServer.start(this, address, ServerWorkers.CLIENT_LIMIT);
  }

  private void check(@Nullable InetSocketAddress address) {
    InetAddress host = address == null ? null : address.getAddress();
    boolean loopback = host != null && host.isLoopbackAddress();
    if (!loopback && !guard.asksWho()) {
      throw new IllegalStateException(
          "the console may not listen on "
              + address
              + " without an authenticator or sign-in: everybody who reaches that address could use"
              + " it. Bind the server to a loopback address, or give the console users with"
              + " signIn");
    }
  }

  private static String checkedPath(String path) {
    requireNonNull(path, "path");
    if (!path.startsWith("/")) {
      throw new IllegalArgumentException("path must begin with '/', but was '" + path + "'");
    }
    return path;
  }

  /** Ends the open event streams and stops watching the engine. Idempotent. */
  @Override
  public void close() {
    publisher.end();
    hub.close();
    scheduler.shutdownNow();
  }

  /** Collects the settings of a console. Not thread-safe. */
  public static final class Builder {
    private final AutoDeploy autoDeploy;
    private Function<Deployment, @Nullable URI> linkOf = deployment -> null;
    private boolean actions;
    private @Nullable Authenticator authenticator;
    private @Nullable SignIn signIn;
    private final List<String> allowedMounts = new ArrayList<>();
    private final List<String> allowedImages = new ArrayList<>();
    private int firstLinkPort;
    private int lastLinkPort;
    private final Set<String> allowedHosts = new HashSet<>();
    private int maxListeners = 100;
    private ZoneId zone = ZoneId.systemDefault();
    private InstantSource clock = InstantSource.system();

    private Builder(AutoDeploy autoDeploy) {
      this.autoDeploy = autoDeploy;
    }

    /**
     * Sets what knows the service links. Default: no links are shown.
     *
     * @param value gives the link of a deployment, absolute or relative to the page, or null; it is
     *     called often and must not block
     * @return this
     */
    public Builder linkOf(Function<Deployment, @Nullable URI> value) {
      linkOf = requireNonNull(value, "linkOf");
      return this;
    }

    /**
     * Sets whether deployments can be made, changed, started, released and deleted. Default: false.
     *
     * @param value whether actions are switched on
     * @return this
     */
    public Builder actions(boolean value) {
      actions = value;
      return this;
    }

    /**
     * Sets what asks people who they are; needed on any other address than loopback. Default:
     * nobody asks.
     *
     * @param value such as a {@link com.sun.net.httpserver.BasicAuthenticator}
     * @return this
     */
    public Builder authenticator(Authenticator value) {
      authenticator = requireNonNull(value, "authenticator");
      return this;
    }

    /**
     * Sets who may sign in to the page with a password, and what each of them may do; needed on any
     * other address than loopback, unless there is an {@link #authenticator}. Give the page TLS
     * there, as passwords are sent as they are. Default: nobody is asked.
     *
     * @param value the users
     * @return this
     */
    public Builder signIn(SignIn value) {
      signIn = requireNonNull(value, "signIn");
      return this;
    }

    /**
     * Allows deployments that are made or changed on the page, or through its API, to mount a path
     * of the host and everything below it. A path that the system depends on, such as {@code /},
     * {@code /etc}, {@code /proc}, {@code /root} or the Docker socket, is mounted only if it is
     * named here exactly; being below a path that is named is not enough. Links are followed when
     * the deployment is made; allow no path that instances can write to, as they can put links
     * there later. A name without a slash is that of a volume. Deployments that the application
     * declares itself are not restricted. Default: no mounts.
     *
     * @param path an absolute path of the host, or a volume's name
     * @return this
     */
    public Builder allowedMounts(String path) {
      allowedMounts.add(SpecPolicy.checkedMount(requireNonNull(path, "path")));
      return this;
    }

    /**
     * Restricts the images and snapshots of deployments that are made or changed on the page, or
     * through its API, to those that match a pattern, or one of several. Default: every image,
     * because a start command can fetch and run in one image what another one holds; restrict them
     * to keep pulls to registries that you know.
     *
     * @param pattern a reference, where {@code *} stands for any text, such as {@code
     *     ghcr.io/acme/*}
     * @return this
     */
    public Builder allowedImages(String pattern) {
      requireNonNull(pattern, "pattern");
      if (pattern.isBlank()) {
        throw new IllegalArgumentException("an image pattern must not be blank");
      }
      allowedImages.add(pattern);
      return this;
    }

    /**
     * Allows deployments that are made or changed on the page, or through its API, to choose a port
     * of a range for their link ({@link DeploymentSpec#linkPort}). Deployments that the application
     * declares itself are not restricted. Default: none, so that no user of the page takes a port
     * of this machine that something else is to have; the proxy chooses one of its own range.
     *
     * @param first the first port, 1 to 65535
     * @param last the last port, not before the first
     * @return this
     */
    public Builder allowedLinkPorts(int first, int last) {
      SpecPolicy.checkPorts(first, last);
      firstLinkPort = first;
      lastLinkPort = last;
      return this;
    }

    /**
     * Allows a host name under which the page is called, as behind another proxy. Without an
     * authenticator or sign-in only names of the loopback address are answered, so that no page of
     * somebody else can pass for this one. With one, every name is answered until one is allowed.
     *
     * @param name the name without a port, such as {@code ops.example.com}
     * @return this
     */
    public Builder allowedHost(String name) {
      requireNonNull(name, "name");
      if (name.isBlank() || name.indexOf('/') >= 0) {
        throw new IllegalArgumentException(
            "an allowed host is a name such as ops.example.com, but was '" + name + "'");
      }
      allowedHosts.add(name.toLowerCase(Locale.ROOT));
      return this;
    }

    /**
     * Sets how many event streams may be open at once; each open page has one, or two while it
     * shows a log. Default: 100.
     *
     * @param value 1 to 10000
     * @return this
     */
    public Builder maxListeners(int value) {
      maxListeners = Arguments.inRange("maxListeners", value, 1, 10_000);
      return this;
    }

    /**
     * Sets in which time zone a month begins. Default: the system's.
     *
     * @param value the zone
     * @return this
     */
    public Builder zone(ZoneId value) {
      zone = requireNonNull(value, "zone");
      return this;
    }

    /**
     * Sets what tells the time; the same as the engine's, if that has one of its own. Default: the
     * system's clock.
     *
     * @param value the clock
     * @return this
     */
    public Builder clock(InstantSource value) {
      clock = requireNonNull(value, "clock");
      return this;
    }

    /**
     * Returns the console, which watches the engine from now on.
     *
     * @return the console, to be closed before the engine
     * @throws IllegalStateException if there are both an authenticator and users who sign in
     */
    public Console build() {
      if (authenticator != null && signIn != null) {
        throw new IllegalStateException(
            "the console has both an authenticator and signIn; choose one of them");
      }
      return new Console(this);
    }
  }
}
