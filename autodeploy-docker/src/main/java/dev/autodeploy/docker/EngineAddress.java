package dev.autodeploy.docker;

import com.github.dockerjava.core.DefaultDockerClientConfig;
import com.github.dockerjava.core.LocalDirectorySSLConfig;
import java.net.URI;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where the engine is: {@code DOCKER_HOST}, the current context, or the default socket.
 *
 * @param uri {@code unix} or {@code tcp}
 * @param certificates the directory of the TLS files, or null to speak without TLS
 */
record EngineAddress(URI uri, @Nullable Path certificates) {

  /** Reads the environment and the files that Docker's own client reads. */
  static EngineAddress fromEnvironment() {
    try {
      DefaultDockerClientConfig config =
          DefaultDockerClientConfig.createDefaultConfigBuilder().build();
      Path certificates =
          config.getSSLConfig() instanceof LocalDirectorySSLConfig local
              ? Path.of(local.getDockerCertPath())
              : null;
      return checked(config.getDockerHost(), certificates);
    } catch (DockerEngineException e) {
      throw e;
    } catch (RuntimeException e) {
      String host = System.getenv("DOCKER_HOST");
      if (host != null && host.startsWith("ssh:")) {
        return checked(URI.create(host), null);
      }
      throw DockerEngineException.of("reading where Docker is", e);
    }
  }

  static EngineAddress of(URI uri, @Nullable Path certificates) {
    return checked(uri, certificates);
  }

  private static EngineAddress checked(URI uri, @Nullable Path certificates) {
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    return switch (scheme) {
      case "unix" -> new EngineAddress(uri, null);
      case "tcp" -> new EngineAddress(uri, certificates);
      case "ssh" -> throw refused(uri, tunnel(uri));
      default -> throw refused(uri, "only unix:// and tcp:// addresses are supported");
    };
  }

  private static String tunnel(URI uri) {
    String user = uri.getUserInfo() == null ? "" : uri.getUserInfo() + "@";
    return "ssh is not supported; open a tunnel with 'ssh -nNT -L"
        + " /tmp/docker-remote.sock:/var/run/docker.sock "
        + user
        + uri.getHost()
        + "' and set DOCKER_HOST=unix:///tmp/docker-remote.sock";
  }

  private static DockerEngineException refused(URI uri, String why) {
    return new DockerEngineException(
        DockerProblem.NOT_ANSWERING, "connecting to " + uri, why, null);
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
