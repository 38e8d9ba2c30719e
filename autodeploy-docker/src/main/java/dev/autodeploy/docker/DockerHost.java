package dev.autodeploy.docker;

import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * The Docker Engine that a provider uses, and where its services are reached.
 *
 * @param settings the provider's
 * @param client speaks to the engine
 * @param engine what it is
 * @param publishAddress at which address of the engine's host services are published
 * @param publishHost at which host they are reached from here, as it is written in a URI
 */
record DockerHost(
    DockerSettings settings,
    EngineClient client,
    EngineInfo engine,
    String publishAddress,
    String publishHost) {

  static DockerHost of(DockerSettings settings, EngineClient client, EngineInfo engine) {
    String publishAddress = publishAddress(settings, client.address());
    return new DockerHost(
        settings, client, engine, publishAddress, publishHost(publishAddress, client.address()));
  }

  /**
   * Whether this process may share the network of the engine's host, which a socket alone does not
   * tell: it may be the end of a tunnel.
   */
  boolean isLocal() {
    return client.address().isUnix() && ContainerState.isLocal(publishHost);
  }

  private static String publishAddress(DockerSettings settings, EngineAddress address) {
    if (settings.publishAddress() != null) {
      return settings.publishAddress();
    }
    if (address.isUnix()) {
      return "127.0.0.1";
    }
    try {
      return InetAddress.getByName(address.uri().getHost()).getHostAddress();
    } catch (UnknownHostException e) {
      throw DockerEngineException.of("looking up " + address, e);
    }
  }

  private static String publishHost(String publishAddress, EngineAddress address) {
    boolean any = publishAddress.equals("0.0.0.0") || publishAddress.equals("::");
    String host = !any ? publishAddress : address.isUnix() ? "127.0.0.1" : address.uri().getHost();
    return host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
  }
}
