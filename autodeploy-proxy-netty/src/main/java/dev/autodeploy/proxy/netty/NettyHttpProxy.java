package dev.autodeploy.proxy.netty;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.internal.net.ListeningSockets;
import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.LinkProxy;
import dev.autodeploy.proxy.gateway.Deployments;
import dev.autodeploy.proxy.gateway.LinkPorts;
import dev.autodeploy.proxy.gateway.LinkSettings;
import dev.autodeploy.spi.Ticker;
import io.netty.channel.Channel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Service links on Netty: {@code http://localhost:8000/d/<deployment>/<path>} goes to an instance
 * of the deployment, which is started if there is none. Thread-safe.
 */
public final class NettyHttpProxy implements LinkProxy {
  private static final Logger LOG = LoggerFactory.getLogger(NettyHttpProxy.class);

  /** The longest time, so that sums do not overflow. */
  private static final Duration LONGEST = Duration.ofDays(3650);

  private final LinkSettings settings;
  private final Front front;
  private final ListeningSockets<Channel> sockets;
  private final Map<String, ListeningSockets<Channel>> dedicated = new LinkedHashMap<>();
  private final Duration drainTimeout;
  private final URI base;
  private final Runnable stopListening;
  private final @Nullable LinkPorts linkPorts;
  private final AtomicBoolean closed = new AtomicBoolean();

  private NettyHttpProxy(Builder builder) throws IOException {
    settings = builder.settings;
    drainTimeout = settings.drainTimeout();
    front = new Front(settings, builder.limits(), this::link);
    try {
      sockets = front.listen(settings.address(), null);
      for (Map.Entry<String, InetSocketAddress> own : settings.dedicatedAddresses().entrySet()) {
        dedicated.put(own.getKey(), front.listen(own.getValue(), own.getKey()));
      }
    } catch (IOException | RuntimeException e) {
      front.close(Duration.ZERO);
      throw e;
    }
    URI known = settings.publicUrl();
    String scheme = settings.sslContext() == null ? "http" : "https";
    base =
        known != null
            ? known
            : URI.create(scheme + "://" + sockets.host() + ":" + sockets.port() + "/");
    AutoDeploy autoDeploy = builder.autoDeploy;
    linkPorts = settings.hasLinkPorts() ? linkPorts(autoDeploy) : null;
    DeploymentListener listener = this::onEvent;
    autoDeploy.addListener(listener);
    stopListening = () -> autoDeploy.removeListener(listener);
    if (linkPorts != null) {
      linkPorts.start();
    }
    LOG.info("Service links at {}d/<deployment>", base);
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

  private LinkPorts linkPorts(AutoDeploy autoDeploy) {
    return new LinkPorts(
        settings,
        Deployments.of(autoDeploy),
        autoDeploy::linkPort,
        (port, deployment) -> {
          ListeningSockets<Channel> own = front.listen(settings.address(port), deployment);
          return new LinkPorts.OpenPort(
              port, () -> own.servers().forEach(one -> one.close().awaitUninterruptibly()));
        },
        Ticker.system());
  }

  private void onEvent(DeploymentEvent event) {
    front.onEvent(event);
    if (linkPorts != null) {
      linkPorts.onEvent(event);
    }
  }

  private URI link(String deployment) {
    int own = linkPorts == null ? 0 : linkPorts.port(deployment);
    return own == 0 ? base.resolve("d/" + deployment) : settings.portLink(sockets.host(), own);
  }

  @Override
  public URI serviceLink(Deployment deployment) {
    return link(deployment.name());
  }

  @Override
  public int port() {
    return sockets.port();
  }

  @Override
  public int dedicatedPort(String deployment) {
    ListeningSockets<Channel> own = dedicated.get(requireNonNull(deployment, "deployment"));
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
    return front.gateway().inFlight();
  }

  @Override
  public int held() {
    return front.gateway().pending();
  }

  Front front() {
    return front;
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    stopListening.run();
    front.close(drainTimeout);
    if (linkPorts != null) {
      linkPorts.close();
    }
    LOG.info("Service links closed at {}", base);
  }

  /** Collects the settings of a proxy. Not thread-safe. */
  public static final class Builder extends LinkBuilder<Builder> {
    private final LinkSettings settings;
    private final AutoDeploy autoDeploy;
    private int maxUnfinishedHeads = 512;
    private int maxIdleConnections = 10_000;
    private long readAheadBytes = Math.min(64L << 20, Runtime.getRuntime().maxMemory() / 8);
    private Duration tunnelSilence = Duration.ofHours(1);

    private Builder(LinkSettings settings, AutoDeploy autoDeploy) {
      super(settings);
      this.settings = settings;
      this.autoDeploy = autoDeploy;
    }

    /**
     * Sets how many clients may be in the middle of a header or of the TLS handshake, or have yet
     * to send the body of a request that was refused. Beyond it those that have been for longest,
     * of the address that has the most, are disconnected; a client whose header comes in at once is
     * never among them. Default: 512.
     *
     * @param value 1 or more
     * @return this
     */
    public Builder maxUnfinishedHeads(int value) {
      maxUnfinishedHeads = Arguments.atLeast("maxUnfinishedHeads", value, 1);
      return this;
    }

    /**
     * Sets how many clients may keep a connection open while they ask nothing, be it after a
     * request or before their first. Beyond it those that have been idle for longest, of the
     * address that has the most, are disconnected. A connection takes a file handle, of which the
     * process has only so many ({@code ulimit -n}). Default: 10,000.
     *
     * @param value 1 or more
     * @return this
     */
    public Builder maxIdleConnections(int value) {
      maxIdleConnections = Arguments.atLeast("maxIdleConnections", value, 1);
      return this;
    }

    /**
     * Sets how long a tunnel, such as a WebSocket, may be open without a byte in either direction.
     * While it is open it keeps its instance; after this time it is closed, so that a page that was
     * left open does not keep one for ever. A ping is a byte like any other. Default: 1 hour.
     *
     * @param value the time; positive
     * @return this
     */
    public Builder tunnelSilence(Duration value) {
      Arguments.positive("tunnelSilence", value);
      tunnelSilence = value.compareTo(LONGEST) < 0 ? value : LONGEST;
      return this;
    }

    Builder headBytes(long value) {
      settings.headBytes(value);
      return this;
    }

    Builder readAheadBytes(long value) {
      readAheadBytes = value;
      return this;
    }

    private FrontLimits limits() {
      return new FrontLimits(maxUnfinishedHeads, maxIdleConnections, tunnelSilence, readAheadBytes);
    }

    Builder intervals(Duration watch, Duration presence) {
      settings.intervals(watch, presence);
      return this;
    }

    @Override
    public NettyHttpProxy start() throws IOException {
      settings.requireAccessRule();
      return new NettyHttpProxy(this);
    }
  }
}
