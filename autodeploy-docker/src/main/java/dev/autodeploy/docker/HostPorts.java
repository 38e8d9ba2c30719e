package dev.autodeploy.docker;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceStartException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** The ports of services: within their containers, or on the network of the daemon's host. */
final class HostPorts {
  private static final int CONNECT_MILLIS = 500;

  private HostPorts() {}

  /**
   * Returns the port of an instance that is to be created. On the host's network that is a free one
   * if the deployment names none, and nobody else's in any case: what listens there already would
   * be taken for the instance.
   */
  static int choose(DockerHost host, DeploymentSpec spec) {
    if (host.reach().kind() != Reach.Kind.HOST) {
      return ContainerCreation.port(spec);
    }
    if (spec.port() == 0) {
      try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
        return free.getLocalPort();
      } catch (IOException e) {
        throw new InstanceStartException("no port of this machine is free", null, e);
      }
    }
    String address = host.publishHost().replaceAll("[\\[\\]]", "");
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(address, spec.port()), CONNECT_MILLIS);
    } catch (IOException e) {
      return spec.port();
    }
    throw new InstanceStartException(
        "port "
            + spec.port()
            + " of the Docker host is already in use, and on network(\"host\") an instance needs it"
            + " for itself: end that one, or give the deployment another port, or port 0 for a free"
            + " one");
  }
}
