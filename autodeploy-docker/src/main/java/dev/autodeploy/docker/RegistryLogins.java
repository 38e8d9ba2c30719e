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
    try {
      return Files.exists(configFile) ? configured(registry) : null;
    } catch (JsonProcessingException e) {
      LOG.warn(
          "Credentials for {} in {} cannot be read: {}",
          registry,
          configFile,
          DockerContext.notJson(e));
      return null;
    } catch (IOException e) {
      LOG.warn("Credentials for {} in {} cannot be read: {}", registry, configFile, e.toString());
      return null;
    }
  }

  private @Nullable ObjectNode configured(String registry) throws IOException {
    JsonNode config = DaemonClient.JSON.readTree(Files.readAllBytes(configFile));
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
        return DaemonClient.JSON
            .createObjectNode()
            .put("identitytoken", entry.get("identitytoken").asText())
            .put("serveraddress", key);
      }
    }
    return null;
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
