package dev.autodeploy.docker;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The address of the daemon: {@code DOCKER_HOST}, the current context, or the default socket.
 *
 * @param uri {@code unix} or {@code tcp}
 * @param certificates the directory of the TLS files, or null to speak without TLS
 */
record DaemonAddress(URI uri, @Nullable Path certificates) {
  private static final URI DEFAULT = URI.create("unix:///var/run/docker.sock");

  /**
   * Decides as Docker's own client does: {@code DOCKER_HOST} with {@code DOCKER_TLS_VERIFY} and
   * {@code DOCKER_CERT_PATH}, else {@code DOCKER_CONTEXT}, else the current context.
   */
  static DaemonAddress from(DockerEnvironment environment) {
    String host = environment.get("DOCKER_HOST");
    if (host != null) {
      return parse(host, host.startsWith("tcp:") ? certificates(environment) : null);
    }
    DockerContext context = DockerContext.current(environment);
    return context == null ? new DaemonAddress(DEFAULT, null) : context.address();
  }

  static DaemonAddress of(URI uri, @Nullable Path certificates) {
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    return switch (scheme) {
      case "unix" ->
          uri.getPath() == null || uri.getPath().isEmpty()
              ? refuse(uri.toString(), "it names no socket, as unix:///var/run/docker.sock does")
              : new DaemonAddress(uri, null);
      case "tcp" ->
          uri.getHost() == null
              ? refuse(uri.toString(), "it names no host, as tcp://host:2376 does")
              : new DaemonAddress(uri, certificates);
      case "ssh" -> refuse(uri.toString(), tunnel(uri));
      default -> refuse(uri.toString(), "only unix:// and tcp:// addresses are supported");
    };
  }

  static DaemonAddress parse(String address, @Nullable Path certificates) {
    try {
      return of(URI.create(address), certificates);
    } catch (IllegalArgumentException e) {
      return refuse(address, "only unix:// and tcp:// addresses are supported");
    }
  }

  /** Returns where the TLS files are; null if the daemon is to be spoken to without TLS. */
  private static @Nullable Path certificates(DockerEnvironment environment) {
    if (environment.get("DOCKER_TLS_VERIFY") == null) {
      return null;
    }
    String configured = environment.get("DOCKER_CERT_PATH");
    Path directory = configured == null ? environment.directory() : Path.of(configured);
    if (!Files.isDirectory(directory)) {
      throw new DockerEngineException(
          DockerProblem.TLS_FAILED,
          "reading where Docker is",
          "DOCKER_TLS_VERIFY is set, but the certificate path (DOCKER_CERT_PATH) "
              + directory
              + " is no directory",
          null);
    }
    return directory;
  }

  private static String tunnel(URI uri) {
    String user = uri.getUserInfo() == null ? "" : uri.getUserInfo() + "@";
    String port = uri.getPort() < 0 ? "" : "-p " + uri.getPort() + " ";
    return "ssh is not supported; open a tunnel with 'ssh -nNT -L"
        + " /tmp/docker-remote.sock:/var/run/docker.sock "
        + port
        + user
        + uri.getHost()
        + "', set DOCKER_HOST=unix:///tmp/docker-remote.sock, and with publishAddress the IP address"
        + " of "
        + uri.getHost()
        + " at which services are to be reached from here";
  }

  private static DaemonAddress refuse(String address, String why) {
    throw new DockerEngineException(
        DockerProblem.BAD_ADDRESS, "connecting to " + address, why, null);
  }

  boolean isUnix() {
    return "unix".equalsIgnoreCase(uri.getScheme());
  }

  Path socket() {
    return Path.of(uri.getPath());
  }

  int port() {
    return uri.getPort() > 0 ? uri.getPort() : certificates == null ? 2375 : 2376;
  }

  @Override
  public String toString() {
    return uri.toString();
  }
}
