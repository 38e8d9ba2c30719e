package dev.autodeploy.docker;

import com.github.dockerjava.api.model.Container;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Docker daemon that a provider uses, and where its services are reached.
 *
 * @param settings the provider's
 * @param config the configuration of Docker's own client
 * @param client speaks to the daemon
 * @param daemon what it is
 * @param publishAddress at which address of the daemon's host services are published
 * @param publishHost at which host they are reached from here, as it is written in a URI
 * @param reach how instances are reached
 */
record DockerHost(
    DockerSettings settings,
    ClientConfig config,
    DaemonClient client,
    DaemonInfo daemon,
    String publishAddress,
    String publishHost,
    Reach reach) {
  private static final Logger LOG = LoggerFactory.getLogger(DockerHost.class);
  private static final Duration MAX_CLOCK_SKEW = Duration.ofSeconds(2);

  /** Connects to a daemon, and asks it what it is. */
  static DockerHost connect(DockerSettings settings, DaemonAddress address, ClientConfig config) {
    DaemonClient client = DaemonClient.connect(address, settings.callTimeout(), config.headers());
    try {
      DaemonInfo daemon = client.info();
      if (daemon.osType().equals("windows")) {
        throw new AutoDeployException(
            ErrorCode.PROVIDER_FAILED,
            null,
            "the Docker daemon at " + address + " runs Windows containers; switch it to Linux");
      }
      if (daemon.clockSkew().abs().compareTo(MAX_CLOCK_SKEW) > 0) {
        LOG.info(
            "The Docker host's clock is {} ms off; its times are corrected by that",
            daemon.clockSkew().toMillis());
      }
      return of(settings, config, client, daemon);
    } catch (RuntimeException e) {
      client.close();
      throw e;
    }
  }

  private static DockerHost of(
      DockerSettings settings, ClientConfig config, DaemonClient client, DaemonInfo daemon) {
    String publishAddress = publishAddress(settings, client.address());
    return new DockerHost(
        settings,
        config,
        client,
        daemon,
        publishAddress,
        publishHost(publishAddress, client.address()),
        Reach.find(settings, client, daemon));
  }

  /**
   * Returns whether this process may share the network of the daemon's host, which a socket alone
   * does not tell: it may be the end of a tunnel.
   */
  boolean isLocal() {
    return client.address().isUnix() && !reach.apart() && ContainerState.isLocal(publishHost);
  }

  /** Returns where the service of an inspected container is reached; null if that is unknown. */
  @Nullable URI endpoint(ContainerState state, int port) {
    return switch (reach.kind()) {
      case PUBLISHED -> state.endpoint(port, publishHost);
      case CONTAINER -> state.address(reach.network(), reach.six(), port);
      case HOST -> URI.create("http://" + publishHost + ":" + port);
    };
  }

  /** Returns the same as a list tells it. */
  @Nullable URI endpoint(Container listed, int port) {
    return switch (reach.kind()) {
      case PUBLISHED -> ContainerState.endpoint(listed, port, publishHost);
      case CONTAINER -> ContainerState.address(listed, reach.network(), reach.six(), port);
      case HOST -> URI.create("http://" + publishHost + ":" + port);
    };
  }

  /**
   * Returns where the service listens itself, without a forwarder; null if that is not known to be
   * reached from here.
   */
  @Nullable URI direct(ContainerState state, int port) {
    return switch (reach.kind()) {
      case PUBLISHED -> isLocal() ? state.direct(port) : null;
      case CONTAINER, HOST -> endpoint(state, port);
    };
  }

  private static String publishAddress(DockerSettings settings, DaemonAddress address) {
    if (settings.publishAddress() != null) {
      return settings.publishAddress();
    }
    if (address.isUnix()) {
      return "127.0.0.1";
    }
    try {
      return InetAddress.getByName(address.host()).getHostAddress();
    } catch (UnknownHostException e) {
      throw DockerDaemonException.of("looking up " + address, e);
    }
  }

  private static String publishHost(String publishAddress, DaemonAddress address) {
    boolean any = publishAddress.equals("0.0.0.0") || publishAddress.equals("::");
    String host = !any ? publishAddress : address.isUnix() ? "127.0.0.1" : address.host();
    return host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
  }
}
