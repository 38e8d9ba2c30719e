package dev.autodeploy.docker;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The address of the daemon: {@code DOCKER_HOST}, the current context, or the default socket.
 *
 * @param uri {@code unix} or {@code tcp}
 * @param certificates the directory of the TLS files, or null to speak without TLS
 */
record DaemonAddress(URI uri, @Nullable Path certificates) {
  private static final URI DEFAULT = URI.create("unix:///var/run/docker.sock");
  private static final String ONLY = "only unix:// and tcp:// addresses are supported";
  private static final int MAX_PORT = 65535;

  /** The longest path of a socket that Linux takes. */
  private static final int MAX_SOCKET = 107;

  /** Docker takes names that are none on the Internet, such as those with an underscore. */
  private static final Pattern TCP =
      Pattern.compile(
          "(?<host>[A-Za-z0-9._-]*|\\[[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?\\])"
              + "(?<port>:[0-9]{1,5})?(?<path>(/[A-Za-z0-9._~/-]*)?)");

  /**
   * Decides as Docker's own client does: {@code DOCKER_HOST} with {@code DOCKER_TLS_VERIFY} and
   * {@code DOCKER_CERT_PATH}, else {@code DOCKER_CONTEXT}, else the current context.
   */
  static DaemonAddress from(DockerEnvironment environment) {
    String host = environment.get("DOCKER_HOST");
    if (host != null) {
      return parse(
          host, host.matches("(?i)(unix|npipe|fd|ssh)://.*") ? null : certificates(environment));
    }
    DockerContext context = DockerContext.current(environment);
    return context == null ? new DaemonAddress(DEFAULT, null) : context.address();
  }

  static DaemonAddress of(URI uri, @Nullable Path certificates) {
    boolean socket = "unix".equalsIgnoreCase(uri.getScheme()) && uri.getPath() != null;
    return socket && uri.getRawAuthority() == null
        ? socket(uri.toString(), uri.getPath()) // in which a blank is written %20
        : parse(uri.toString(), certificates);
  }

  /**
   * Reads an address as Docker's own client does: without a scheme it is a host, without a host it
   * is this one, and without a path the usual socket.
   */
  static DaemonAddress parse(String address, @Nullable Path certificates) {
    int end = address.indexOf("://");
    String scheme = end < 0 ? "tcp" : address.substring(0, end).toLowerCase(Locale.ROOT);
    String rest = end < 0 ? address : address.substring(end + 3);
    try {
      return switch (scheme) {
        case "unix" -> rest.isEmpty() ? new DaemonAddress(DEFAULT, null) : socket(address, rest);
        case "tcp" -> tcp(address, rest, certificates);
        case "ssh" -> refuse(address, tunnel(URI.create(address)));
        default -> refuse(address, ONLY);
      };
    } catch (IllegalArgumentException e) {
      return refuse(address, ONLY);
    }
  }

  /** Returns the address of a socket, whose path is as the file system has it. */
  private static DaemonAddress socket(String address, String path) {
    if (!path.startsWith("/")) {
      return refuse(address, "it names no socket, as unix:///var/run/docker.sock does");
    }
    int bytes = path.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > MAX_SOCKET) {
      return refuse(
          address,
          "its path has "
              + bytes
              + " bytes, and that of a socket at most "
              + MAX_SOCKET
              + "; make a symbolic link to its directory");
    }
    try {
      return new DaemonAddress(new URI("unix", "", path, null, null), null);
    } catch (URISyntaxException e) {
      return refuse(address, ONLY);
    }
  }

  private static DaemonAddress tcp(String address, String rest, @Nullable Path certificates) {
    Matcher parts = TCP.matcher(rest);
    if (!parts.matches()) {
      return refuse(address, "it names no host, as tcp://host:2376 does");
    }
    String host = parts.group("host").isEmpty() ? "localhost" : parts.group("host");
    String port = parts.group("port") == null ? "" : parts.group("port");
    if (!port.isEmpty() && Integer.parseInt(port.substring(1)) > MAX_PORT) {
      return refuse(address, "its port is above " + MAX_PORT);
    }
    String path = parts.group("path").replaceFirst("/+$", "");
    return new DaemonAddress(URI.create("tcp://" + host + port + path), certificates);
  }

  /** Returns where the TLS files are; null if the daemon is to be spoken to without TLS. */
  private static @Nullable Path certificates(DockerEnvironment environment) {
    if (environment.get("DOCKER_TLS_VERIFY") == null) {
      if (environment.get("DOCKER_TLS") != null) {
        throw new DockerDaemonException(
            DockerProblem.TLS_FAILED,
            "reading where Docker is",
            "DOCKER_TLS asks for TLS that does not check the daemon's certificate; set"
                + " DOCKER_TLS_VERIFY=1, with its ca.pem in DOCKER_CERT_PATH",
            null);
      }
      return null;
    }
    String configured = environment.get("DOCKER_CERT_PATH");
    Path directory = configured == null ? environment.directory() : Path.of(configured);
    if (!Files.isDirectory(directory)) {
      throw new DockerDaemonException(
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
        + "', set DOCKER_HOST=unix:///tmp/docker-remote.sock, and with publishAddress the IP"
        + " address of "
        + uri.getHost()
        + " at which services are to be reached from here";
  }

  private static DaemonAddress refuse(String address, String why) {
    throw new DockerDaemonException(
        DockerProblem.BAD_ADDRESS, "connecting to " + address, why, null);
  }

  boolean isUnix() {
    return "unix".equalsIgnoreCase(uri.getScheme());
  }

  Path socket() {
    return Path.of(uri.getPath());
  }

  /** The daemon's host, an IPv6 address in brackets. */
  String host() {
    return authority().group("host");
  }

  int port() {
    String port = authority().group("port");
    return port != null ? Integer.parseInt(port.substring(1)) : certificates == null ? 2375 : 2376;
  }

  /** The path below which a daemon's API is, as behind a proxy; mostly empty. */
  String basePath() {
    return isUnix() || uri.getPath() == null ? "" : uri.getPath();
  }

  private Matcher authority() {
    Matcher parts = TCP.matcher(String.valueOf(uri.getRawAuthority()));
    if (!parts.matches()) {
      throw new IllegalStateException("no host in " + uri);
    }
    return parts;
  }

  @Override
  public String toString() {
    return uri.toString();
  }
}
