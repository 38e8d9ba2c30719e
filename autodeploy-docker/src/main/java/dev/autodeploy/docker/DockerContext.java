package dev.autodeploy.docker;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** A context of Docker's client: a name for a daemon and its certificates, kept in files. */
final class DockerContext {
  private static final String DEFAULT = "default";

  private final String name;
  private final Path directory;

  private DockerContext(String name, Path directory) {
    this.name = name;
    this.directory = directory;
  }

  /** Returns the context in use; null if that is the default one, which has no files. */
  static @Nullable DockerContext current(DockerEnvironment environment) {
    String name = environment.get("DOCKER_CONTEXT");
    if (name == null) {
      Path config = environment.configFile();
      name = Files.exists(config) ? read(config).path("currentContext").asText("") : "";
    }
    return name.isEmpty() || name.equals(DEFAULT)
        ? null
        : new DockerContext(name, environment.directory().resolve("contexts"));
  }

  /** Returns where the context's daemon is. */
  DaemonAddress address() {
    Path file = directory.resolve("meta").resolve(id()).resolve("meta.json");
    if (!Files.exists(file)) {
      // Another daemon, just because this one is not known, would be a bad surprise.
      throw failure("there is no context of that name, 'docker context ls' shows those there are");
    }
    JsonNode endpoint = read(file).path("Endpoints").path("docker");
    String host = endpoint.path("Host").asText("");
    if (host.isEmpty()) {
      throw failure("it names no host");
    }
    Path certificates = directory.resolve("tls").resolve(id()).resolve("docker");
    boolean tls = Files.isDirectory(certificates);
    if (endpoint.path("SkipTLSVerify").asBoolean() && host.startsWith("tcp:")) {
      throw failure("it switches the check of the daemon's certificate off; give it a ca.pem");
    }
    return DaemonAddress.parse(host, tls ? certificates : null);
  }

  /** The name of the context's directories. */
  private String id() {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private DockerDaemonException failure(String why) {
    return new DockerDaemonException(
        DockerProblem.BAD_ADDRESS, "using the Docker context '" + name + "'", why, null);
  }

  private static JsonNode read(Path file) {
    String doing = "reading where Docker is from " + file;
    try {
      return DaemonClient.JSON.readTree(Files.readAllBytes(file));
    } catch (JsonProcessingException e) {
      throw new DockerDaemonException(DockerProblem.BAD_ADDRESS, doing, notJson(e), null);
    } catch (NoSuchFileException e) {
      throw new DockerDaemonException(DockerProblem.BAD_ADDRESS, doing, "it is gone", e);
    } catch (IOException e) {
      throw new DockerDaemonException(
          DockerProblem.BAD_ADDRESS, doing, String.valueOf(e.getMessage()), e);
    }
  }

  /** Returns the place at which a file is no JSON, without its text: it may be a secret. */
  static String notJson(JsonProcessingException e) {
    JsonLocation location = e.getLocation();
    return location == null
        ? "it is not JSON"
        : "it is not JSON, see line " + location.getLineNr() + ", column " + location.getColumnNr();
  }
}
