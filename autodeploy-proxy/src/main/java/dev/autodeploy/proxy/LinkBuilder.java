package dev.autodeploy.proxy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.proxy.gateway.LinkSettings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import javax.net.ssl.SSLContext;

// Over 500 lines: every setting of links, with its description.
/**
 * The settings that every proxy has, whatever server carries its links. Not thread-safe. The
 * proxies of AutoDeploy extend it; nobody else needs to.
 *
 * @param <B> the builder of a proxy
 */
public abstract class LinkBuilder<B extends LinkBuilder<B>> {
  private final LinkSettings settings;

  /**
   * Creates a builder.
   *
   * @param settings where the settings go
   */
  @SuppressWarnings("exports") // the fronts, which alone extend this, see the package
  protected LinkBuilder(LinkSettings settings) {
    this.settings = requireNonNull(settings, "settings");
  }

  @SuppressWarnings("unchecked") // every builder is its own B
  private B self() {
    return (B) this;
  }

  /**
   * Sets the port. Default: 8000.
   *
   * @param value 0 to 65535; 0 for one that the system chooses
   * @return this
   */
  public B port(int value) {
    settings.port(value);
    return self();
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
  public B host(String value) {
    settings.host(value);
    return self();
  }

  /**
   * Sets address and port to listen on.
   *
   * @param value the address, with 0 for a port that the system chooses
   * @return this
   */
  public B bind(InetSocketAddress value) {
    settings.bind(value);
    return self();
  }

  /**
   * Sets how long a request is held at most while an instance starts, counted from its arrival also
   * where it is sent again. A request can ask for less with {@code Prefer: wait=<seconds>}.
   * Default: 10 minutes.
   *
   * @param value longer than 0
   * @return this
   */
  public B maxWait(Duration value) {
    settings.maxWait(value);
    return self();
  }

  /**
   * Sets how many requests of all deployments may be pending at once; beyond it the answer is 429.
   * Default: 10 000. See also {@link dev.autodeploy.DeploymentSpec.Builder#maxPending}.
   *
   * @param value 0 or more
   * @return this
   */
  public B maxPendingTotal(int value) {
    settings.maxPendingTotal(value);
    return self();
  }

  /**
   * Sets for how long an instance may be silent: from the last byte of the request to the first of
   * the answer, beyond which the client gets 504, and from one byte of the answer to the next,
   * beyond which the answer is broken off. What the client takes to read does not count. Default:
   * 10 minutes; a stream of events that may rest for longer needs more.
   *
   * @param value longer than 0
   * @return this
   */
  public B responseTimeout(Duration value) {
    settings.responseTimeout(value);
    return self();
  }

  /**
   * Sets for how long a client may neither send the next byte of its request nor take the next one
   * of its answer; then it is disconnected. Default: 1 minute. A client that reads slowly but
   * steadily is told from one that does not read by what Linux says about its connection; elsewhere
   * it must take an answer fast enough for a part of the system's send buffer, which may be a
   * megabyte, to become free in this time.
   *
   * @param value longer than 0
   * @return this
   */
  public B stallTimeout(Duration value) {
    settings.stallTimeout(value);
    return self();
  }

  /**
   * Sets how long a client may take from the first byte of a request to the end of its header, and
   * for the TLS handshake; then it is disconnected. Default: 30 seconds.
   *
   * @param value longer than 0
   * @return this
   */
  public B headTimeout(Duration value) {
    settings.headTimeout(value);
    return self();
  }

  /**
   * Sets how long connecting to an instance may take. Default: 5 seconds.
   *
   * @param value longer than 0
   * @return this
   */
  public B connectTimeout(Duration value) {
    settings.connectTimeout(value);
    return self();
  }

  /**
   * Sets how long the proxy's {@code close()} lets requests under way finish. Default: 30 seconds.
   *
   * @param value 0 or longer
   * @return this
   */
  public B drainTimeout(Duration value) {
    settings.drainTimeout(value);
    return self();
  }

  /**
   * Sets how many bytes a request's body may have; beyond it the answer is 413. Default: unlimited,
   * as bodies are never kept.
   *
   * @param value 0 or more
   * @return this
   */
  public B maxRequestBody(long value) {
    settings.maxRequestBody(value);
    return self();
  }

  /**
   * Sets how many bytes a second a client has to send of its request's body, on average after a
   * third of {@link #stallTimeout}, and to take of its response, where that stands still for half
   * of it; then it is disconnected. Only the time counts that is spent waiting for the client.
   * Default: 500, which every modem can.
   *
   * @param bytesPerSecond 0 or more; 0 for any number
   * @return this
   */
  public B minTransferRate(long bytesPerSecond) {
    settings.minTransferRate(bytesPerSecond);
    return self();
  }

  /**
   * Sets how long a client may be waited for in all while it sends its request's body; then it is
   * disconnected. Default: 1 hour, which is enough for 450 MB at 1 Mbit/s.
   *
   * @param value longer than 0
   * @return this
   */
  public B requestBodyTimeout(Duration value) {
    settings.requestBodyTimeout(value);
    return self();
  }

  /**
   * Sets whether {@code Forwarded} and {@code X-Forwarded-*} of requests are passed on, and added
   * to. Default: false, they are replaced. Only for links that nobody but a trusted proxy reaches.
   *
   * @param value whether to trust them
   * @return this
   */
  public B trustForwardedHeaders(boolean value) {
    settings.trustForwardedHeaders(value);
    return self();
  }

  /**
   * Sets what links begin with where others reach the proxy at another address than it listens on.
   * {@code serviceLink} and the status say so, and its host is one that links are served under.
   *
   * @param value such as {@code https://gpu.example.com/}
   * @return this
   */
  public B publicUrl(URI value) {
    settings.publicUrl(value);
    return self();
  }

  /**
   * Gives every deployment a host of its own below a domain: with {@code gpu.example.com}, {@code
   * http://breezyvoice.gpu.example.com/<path>} is the link of {@code breezyvoice} as well.
   *
   * @param value the domain, whose names all have to lead to the proxy
   * @return this
   */
  public B hostSuffix(String value) {
    settings.hostSuffix(value);
    return self();
  }

  /**
   * Gives a deployment a port of its own, where every path goes to its instances.
   *
   * @param deployment the deployment's name
   * @param port 0 to 65535; 0 for one that the system chooses
   * @return this
   */
  public B dedicatedPort(String deployment, int port) {
    settings.dedicatedPort(deployment, port);
    return self();
  }

  /**
   * Gives each deployment a port of its own, where every path goes to its instances: its link is
   * {@code http://host:port} then, with no path before the application's own; the one below {@code
   * /d/} works as well. The port is chosen once and kept with the deployment ({@link
   * dev.autodeploy.DeploymentSpec.Builder#linkPort}); when the deployment is removed, no other one
   * gets it for an hour. If another program has it, the next one is tried and the log says so.
   * Default: none. On the JDK's server each port costs four threads; only one proxy of an engine
   * should have such ports.
   *
   * @param from the first port, 1 to 65535
   * @param to the last one
   * @return this
   */
  public B linkPorts(int from, int to) {
    settings.linkPorts(from, to);
    return self();
  }

  /**
   * Serves over TLS, on all ports.
   *
   * @param value holds the certificate
   * @return this
   */
  public B sslContext(SSLContext value) {
    settings.sslContext(value);
    return self();
  }

  /**
   * Requires {@code Authorization: Bearer <token>} for a deployment. Once any deployment has a
   * token, every deployment requires one. Only a hash of the token is kept.
   *
   * @param deployment the deployment's name, or {@code *} for every one
   * @param token the token: 16 or more of {@code A-Z a-z 0-9 . _ ~ + / = -}
   * @return this
   */
  public B bearerToken(String deployment, String token) {
    settings.bearerToken(deployment, token);
    return self();
  }

  /**
   * Requires a token for a deployment as {@link #bearerToken(String, String)} does, and lists the
   * cost of requests that bring it under a name.
   *
   * @param deployment the deployment's name, or {@code *} for every one
   * @param token the token: 16 or more of {@code A-Z a-z 0-9 . _ ~ + / = -}
   * @param name the name of whoever has the token, of up to 200 characters
   * @return this
   */
  public B bearerToken(String deployment, String token, String name) {
    settings.bearerToken(deployment, token, name);
    return self();
  }

  /**
   * Lets the host application decide who may use a link. With tokens, both have to agree.
   *
   * @param check the check
   * @return this
   */
  public B access(AccessCheck check) {
    settings.access(check);
    return self();
  }

  /**
   * Sets whether the caller's {@code Authorization} is passed on to the instance. Default: yes,
   * unless there are {@linkplain #bearerToken tokens} of the link, which the instance must not see.
   *
   * @param value whether it is passed on
   * @return this
   */
  public B forwardAuthorization(boolean value) {
    settings.forwardAuthorization(value);
    return self();
  }

  /**
   * Limits how many requests a caller may send, told by token, or by address where there are no
   * tokens; beyond it the answer is 429. Default: no limit.
   *
   * @param requests how many requests, 1 or more; also the burst size
   * @param period in which time
   * @return this
   */
  public B rateLimit(int requests, Duration period) {
    settings.rateLimit(requests, period);
    return self();
  }

  /**
   * Sets where a request may bring the token of {@link #bearerToken}. Whatever the place, the
   * instance does not see it. Default: all but {@link TokenCarrier#QUERY}.
   *
   * @param carriers one or more
   * @return this
   */
  public B tokenCarriers(TokenCarrier... carriers) {
    settings.tokenCarriers(carriers);
    return self();
  }

  /**
   * Sends all requests of a caller to one instance of a deployment. Default: each goes to the
   * instance that serves the fewest.
   *
   * @param deployment its name, or {@code *} for every one
   * @param way how callers are recognised
   * @return this
   */
  public B sticky(String deployment, Sticky way) {
    settings.sticky(deployment, way);
    return self();
  }

  /**
   * Adds a rule for requests that do not start an instance, or do not keep one: for monitors,
   * crawlers, lists of models, standing streams. Of several rules the first one counts that is for
   * a request. Default: none.
   *
   * @param rule the rule, see {@link Wake}
   * @return this
   */
  public B wake(WakeRule rule) {
    settings.wake(rule);
    return self();
  }

  /**
   * Sets how long an exchange with an instance may take in all, from when the instance has the
   * request to the end of the answer; beyond it the client gets 504, or the answer is broken off.
   * Default: unlimited, as an event stream may last for hours.
   *
   * @param value longer than 0
   * @return this
   */
  public B exchangeTimeout(Duration value) {
    settings.exchangeTimeout(value);
    return self();
  }

  /**
   * Sets for how long an answer may wait for its client in all: only the time counts in which the
   * client takes less than there is. Beyond it the answer is broken off, so that a client that
   * reads slowly does not keep an instance. Default: 1 hour. See also {@link #minTransferRate}.
   *
   * @param value longer than 0
   * @return this
   */
  public B responseBodyTimeout(Duration value) {
    settings.responseBodyTimeout(value);
    return self();
  }

  /**
   * Names further hosts that links are served under while there is no access rule ({@link
   * #bearerToken}, {@link #access}). Names of loopback addresses, such as {@code localhost}, that
   * of {@link #publicUrl} and those below {@link #hostSuffix} need not be named; where {@link
   * #trustForwardedHeaders} is set, every host is right. Requests for other hosts get 421: a web
   * page whose own name leads to this machine could otherwise use the links. Default: none.
   *
   * @param hosts such as {@code gpu.example.com}, without a port
   * @return this
   */
  public B allowedHosts(String... hosts) {
    settings.allowedHosts(hosts);
    return self();
  }

  /**
   * Lets pages of other sites use links while there is no access rule ({@link #bearerToken}, {@link
   * #access}). Those of {@link #cors} may as well, and read the responses. Requests of other pages
   * get 403 and wake nothing, as any web page that somebody opens on this machine could send them;
   * programs that are no browsers are not concerned. Default: none.
   *
   * @param origins such as {@code https://app.example.com}, the text {@code null} for pages without
   *     an origin such as local files, or {@code *} for all
   * @return this
   */
  public B allowedOrigins(String... origins) {
    settings.allowedOrigins(origins);
    return self();
  }

  /**
   * Lets web pages of other origins use the links of all deployments that have no policy of their
   * own. Default: none; then preflight requests go to the instance like any request, and are
   * refused where there are tokens.
   *
   * @param policy who may do what
   * @return this
   */
  public B cors(CorsPolicy policy) {
    settings.cors(policy);
    return self();
  }

  /**
   * Lets web pages of other origins use the link of one deployment. See {@link #cors(CorsPolicy)}.
   *
   * @param deployment its name
   * @param policy who may do what
   * @return this
   */
  public B cors(String deployment, CorsPolicy policy) {
    settings.cors(deployment, policy);
    return self();
  }

  /**
   * Sets whether pages of instances below {@code /d/} are sandboxed: browsers then give each an
   * origin of its own, so that it can use no other page of this server, nor store anything or keep
   * cookies. For a server on which a page with actions has to be served beside the links; better is
   * a port of its own. Default: false.
   *
   * @param value whether they are
   * @return this
   */
  public B sandboxLinks(boolean value) {
    settings.sandboxLinks(value);
    return self();
  }

  /**
   * Sets whether a browser that opens a link gets a page that shows the progress and reloads by
   * itself while no instance is ready, in place of being held. Default: false.
   *
   * @param value whether there is a page
   * @return this
   */
  public B waitingPage(boolean value) {
    settings.waitingPage(value);
    return self();
  }

  /**
   * Serves all models at one address: the paths of OpenAI's, Anthropic's and Ollama's interfaces at
   * the proxy's root, where the model that a request names chooses the deployment. Default: none,
   * there are only links.
   *
   * @param router finds the deployment of a model
   * @return this
   */
  public B models(ModelRouter router) {
    settings.models(router);
    return self();
  }

  /**
   * Sets what clients that cannot wait on a silent connection may choose: tickets, streams that are
   * kept alive, repeated requests that get one answer. Default: all of it.
   *
   * @param settings the settings, or {@link AsyncAnswers#none()}
   * @return this
   */
  public B asyncAnswers(AsyncAnswers settings) {
    this.settings.asyncAnswers(settings);
    return self();
  }

  /**
   * Starts a proxy. Each call starts another one, with ports of its own: a second one on the same
   * port fails.
   *
   * @return the proxy, listening
   * @throws IOException if it cannot listen on the address
   * @throws IllegalArgumentException if others than this machine could reach it and there is no
   *     rule who may
   * @throws IllegalStateException if a page with actions would share the origin of links
   */
  public abstract LinkProxy start() throws IOException;
}
