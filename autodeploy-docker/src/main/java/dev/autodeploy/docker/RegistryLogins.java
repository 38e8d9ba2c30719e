package dev.autodeploy.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.dockerjava.api.model.AuthConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What registries are shown: the provider's own credentials, or those of {@code docker login}, from
 * the client's configuration or the credential helper that it names.
 */
final class RegistryLogins {
  private static final Logger log = LoggerFactory.getLogger(RegistryLogins.class);
  private static final String HUB = AuthConfig.DEFAULT_SERVER_ADDRESS;
  private static final int HELPER_SECONDS = 10;

  private final Map<String, DockerSettings.Credentials> own;
  private final Path configFile;

  RegistryLogins(Map<String, DockerSettings.Credentials> own, Path configFile) {
    this.own = own;
    this.configFile = configFile;
  }

  /** Where Docker's own client keeps its configuration. */
  static Path defaultConfigFile() {
    String directory = System.getenv("DOCKER_CONFIG");
    Path base =
        directory == null || directory.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".docker")
            : Path.of(directory);
    return base.resolve("config.json");
  }

  /** Returns the header for a pull, empty without credentials. */
  Map<String, String> header(String registry) {
    ObjectNode login = login(registry);
    return login == null
        ? Map.of()
        : Map.of("X-Registry-Auth", ImagePuller.header(login.toString()));
  }

  private @Nullable ObjectNode login(String registry) {
    DockerSettings.Credentials given = own.get(registry);
    if (given != null) {
      return login(registry, given.user(), given.password());
    }
    try {
      return Files.exists(configFile) ? configured(registry) : null;
    } catch (IOException e) {
      log.warn("Credentials for {} in {} cannot be read: {}", registry, configFile, e.toString());
      return null;
    }
  }

  private @Nullable ObjectNode configured(String registry) throws IOException {
    JsonNode config = EngineClient.JSON.readTree(Files.readAllBytes(configFile));
    for (String key :
        registry.equals("docker.io")
            ? List.of(HUB, registry)
            : List.of(registry, "https://" + registry)) {
      String helper =
          config.path("credHelpers").path(key).asText(config.path("credsStore").asText(""));
      if (!helper.isEmpty()) {
        ObjectNode helped = helped(helper, key);
        if (helped != null) {
          return helped;
        }
      }
      JsonNode entry = config.path("auths").path(key);
      String auth = entry.path("auth").asText("");
      if (!auth.isEmpty()) {
        String[] pair =
            new String(Base64.getDecoder().decode(auth), StandardCharsets.UTF_8).split(":", 2);
        if (pair.length == 2) {
          return login(key, pair[0], pair[1]);
        }
      }
      if (entry.hasNonNull("identitytoken")) {
        return EngineClient.JSON
            .createObjectNode()
            .put("identitytoken", entry.get("identitytoken").asText())
            .put("serveraddress", key);
      }
    }
    return null;
  }

  private static @Nullable ObjectNode helped(String helper, String registry) throws IOException {
    Process process =
        new ProcessBuilder("docker-credential-" + helper, "get")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      try (var in = process.getOutputStream()) {
        in.write(registry.getBytes(StandardCharsets.UTF_8));
      }
      byte[] answer = process.getInputStream().readAllBytes();
      if (!process.waitFor(HELPER_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
        return null;
      }
      JsonNode found = EngineClient.JSON.readTree(answer);
      String user = found.path("Username").asText("");
      String secret = found.path("Secret").asText("");
      return user.equals("<token>")
          ? EngineClient.JSON
              .createObjectNode()
              .put("identitytoken", secret)
              .put("serveraddress", registry)
          : login(registry, user, secret);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    } finally {
      process.destroyForcibly();
    }
  }

  private static ObjectNode login(String registry, String user, String password) {
    return EngineClient.JSON
        .createObjectNode()
        .put("username", user)
        .put("password", password)
        .put("serveraddress", registry);
  }
}
