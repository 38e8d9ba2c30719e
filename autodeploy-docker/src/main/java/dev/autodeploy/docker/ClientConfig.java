package dev.autodeploy.docker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The configuration file of Docker's own client, as far as it concerns containers and the way to
 * the daemon. It is read whenever it is needed, as somebody may edit it; one that cannot be read
 * counts as empty.
 */
final class ClientConfig {
  private static final Logger LOG = LoggerFactory.getLogger(ClientConfig.class);

  /** The variables that a container gets for the proxies, by their name in the file. */
  private static final Map<String, String> PROXIES =
      new TreeMap<>(
          Map.of(
              "httpProxy", "HTTP_PROXY",
              "httpsProxy", "HTTPS_PROXY",
              "noProxy", "NO_PROXY",
              "ftpProxy", "FTP_PROXY",
              "allProxy", "ALL_PROXY"));

  /** The headers that the client sets itself. */
  private static final Set<String> OWN_HEADERS =
      Set.of("host", "user-agent", "content-type", "content-length", "x-registry-auth");

  private final DockerEnvironment environment;

  ClientConfig(DockerEnvironment environment) {
    this.environment = environment;
  }

  /** Returns the headers that every request to the daemon bears. */
  Map<String, String> headers() {
    Map<String, String> headers = new LinkedHashMap<>();
    read()
        .path("HttpHeaders")
        .properties()
        .forEach(header -> put(headers, header.getKey(), header.getValue().asText("")));
    String variable = environment.get("DOCKER_CUSTOM_HEADERS");
    if (variable != null) {
      headers.clear(); // the variable overrides the file
      for (String header : variable.split(",", -1)) {
        int end = header.indexOf('=');
        if (end > 0) {
          put(headers, header.substring(0, end).strip(), header.substring(end + 1).strip());
        }
      }
    }
    return headers;
  }

  private static void put(Map<String, String> headers, String name, String value) {
    boolean valid =
        name.matches("[!#$%&'*+.^_`|~0-9A-Za-z-]+") && value.matches("[\\t\\x20-\\x7e]*");
    if (valid && !OWN_HEADERS.contains(name.toLowerCase(Locale.ROOT))) {
      headers.put(name, value);
    }
  }

  /** Returns the proxy variables that containers of a daemon get, in capitals and small letters. */
  Map<String, String> proxies(DaemonAddress daemon) {
    JsonNode all = read().path("proxies");
    JsonNode ofDaemon = all.path(daemon.toString());
    JsonNode proxies = ofDaemon.isMissingNode() ? all.path("default") : ofDaemon;
    Map<String, String> variables = new LinkedHashMap<>();
    PROXIES.forEach(
        (key, variable) -> {
          String value = proxies.path(key).asText("");
          if (!value.isEmpty()) {
            variables.put(variable, value);
            variables.put(variable.toLowerCase(Locale.ROOT), value);
          }
        });
    return variables;
  }

  private JsonNode read() {
    Path file = environment.configFile();
    try {
      return DaemonClient.JSON.readTree(Files.readAllBytes(file));
    } catch (NoSuchFileException e) {
      return MissingNode.getInstance();
    } catch (JsonProcessingException e) {
      LOG.warn("{} is left out of account: {}", file, DockerContext.notJson(e));
    } catch (IOException e) {
      LOG.warn("{} is left out of account: {}", file, e.toString());
    }
    return MissingNode.getInstance();
  }
}
