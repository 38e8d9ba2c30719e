package dev.autodeploy.docker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.dockerjava.api.model.AuthConfig;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The credentials that registries are shown: the provider's own credentials, or those of {@code
 * docker login}, from the client's configuration or the credential helper that it names.
 */
final class RegistryLogins {
  private static final Logger LOG = LoggerFactory.getLogger(RegistryLogins.class);
  private static final String HUB = AuthConfig.DEFAULT_SERVER_ADDRESS;
  private static final Duration HELPER_TIMEOUT = Duration.ofSeconds(10);

  private final Map<String, DockerSettings.Credentials> own;
  private final DockerEnvironment environment;
  private final Path configFile;
  private final Duration helperTimeout;

  RegistryLogins(Map<String, DockerSettings.Credentials> own, DockerEnvironment environment) {
    this(own, environment, HELPER_TIMEOUT);
  }

  RegistryLogins(
      Map<String, DockerSettings.Credentials> own,
      DockerEnvironment environment,
      Duration helperTimeout) {
    this.own = own;
    this.helperTimeout = helperTimeout;
    this.environment = environment;
    this.configFile = environment.configFile();
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
    String variable = environment.get("DOCKER_AUTH_CONFIG");
    ObjectNode found =
        variable == null
            ? null
            : read(
                registry,
                "DOCKER_AUTH_CONFIG",
                () -> entry(DaemonClient.JSON.readTree(variable), registry));
    return found != null || !Files.exists(configFile)
        ? found
        : read(
            registry,
            configFile.toString(),
            () -> configured(DaemonClient.JSON.readTree(Files.readAllBytes(configFile)), registry));
  }

  private interface Reader {
    @Nullable ObjectNode read() throws IOException;
  }

  private static @Nullable ObjectNode read(String registry, String where, Reader reader) {
    try {
      return reader.read();
    } catch (JsonProcessingException e) {
      LOG.warn(
          "Credentials for {} in {} cannot be read: {}", registry, where, DockerContext.notJson(e));
    } catch (IOException e) {
      LOG.warn("Credentials for {} in {} cannot be read: {}", registry, where, e.toString());
    }
    return null;
  }

  private @Nullable ObjectNode configured(JsonNode config, String registry) throws IOException {
    for (String key : keys(registry)) {
      String helper =
          config.path("credHelpers").path(key).asText(config.path("credsStore").asText(""));
      if (!helper.isEmpty()) {
        ObjectNode helped = helped(helper, key);
        if (helped != null) {
          return helped;
        }
      }
    }
    return entry(config, registry);
  }

  private static List<String> keys(String registry) {
    return registry.equals("docker.io")
        ? List.of(HUB, registry)
        : List.of(registry, "https://" + registry);
  }

  /** Returns what a configuration itself holds for a registry, whichever way its key is written. */
  private static @Nullable ObjectNode entry(JsonNode config, String registry) throws IOException {
    JsonNode auths = config.path("auths");
    for (String key : keys(registry)) {
      ObjectNode login = credentials(auths.path(key), key);
      if (login != null) {
        return login;
      }
    }
    String host = registry.equals("docker.io") ? "index.docker.io" : registry;
    for (Map.Entry<String, JsonNode> entry : auths.properties()) {
      String named = entry.getKey().replaceFirst("^https?://", "").replaceFirst("/.*", "");
      ObjectNode login = named.equals(host) ? credentials(entry.getValue(), entry.getKey()) : null;
      if (login != null) {
        return login;
      }
    }
    return null;
  }

  private static @Nullable ObjectNode credentials(JsonNode entry, String key) throws IOException {
    ObjectNode login = DaemonClient.JSON.createObjectNode();
    for (String field : List.of("username", "password", "identitytoken", "registrytoken")) {
      String value = entry.path(field).asText("");
      if (!value.isEmpty()) {
        login.put(field, value);
      }
    }
    String auth = entry.path("auth").asText("").strip();
    if (!auth.isEmpty()) {
      String[] pair = decoded(auth).split(":", 2);
      if (pair.length < 2 || pair[0].isEmpty()) {
        throw new IOException("the 'auth' of " + key + " is not user:password in Base64");
      }
      login.put("username", pair[0]).put("password", pair[1].replaceFirst("\u0000+$", ""));
    }
    return login.isEmpty() ? null : login.put("serveraddress", key);
  }

  private static String decoded(String auth) {
    try {
      return new String(Base64.getDecoder().decode(auth), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return ""; // what it is must not be told: it may be a secret
    }
  }

  private @Nullable ObjectNode helped(String helper, String registry) throws IOException {
    JsonNode found = ask(helper, registry);
    String user = found.path("Username").asText("");
    String secret = found.path("Secret").asText("");
    if (secret.isEmpty()) {
      return null;
    }
    return user.equals("<token>")
        ? DaemonClient.JSON
            .createObjectNode()
            .put("identitytoken", secret)
            .put("serveraddress", registry)
        : login(registry, user, secret);
  }

  /** Asks a helper; one that knows nothing of the registry ends with an error, and so does this. */
  private JsonNode ask(String helper, String registry) throws IOException {
    Process process =
        new ProcessBuilder(environment.program("docker-credential-" + helper), "get")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    FutureTask<JsonNode> answer =
        new FutureTask<>(
            () -> {
              try (OutputStream out = process.getOutputStream()) {
                out.write(registry.getBytes(StandardCharsets.UTF_8));
              }
              JsonNode read = DaemonClient.JSON.readTree(process.getInputStream());
              return process.waitFor() == 0 ? read : MissingNode.getInstance();
            });
    Thread thread = new Thread(answer, "autodeploy-docker-credentials-0");
    thread.setDaemon(true);
    thread.start();
    try {
      return answer.get(helperTimeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new IOException(
          "docker-credential-"
              + helper
              + " gave no answer within "
              + helperTimeout.toSeconds()
              + " s",
          e);
    } catch (ExecutionException e) {
      // What it wrote is not repeated: it may hold a secret.
      LOG.debug("docker-credential-{} knows nothing of {}", helper, registry);
      return MissingNode.getInstance();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return MissingNode.getInstance();
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private static ObjectNode login(String registry, String user, String password) {
    return DaemonClient.JSON
        .createObjectNode()
        .put("username", user)
        .put("password", password)
        .put("serveraddress", registry);
  }
}
