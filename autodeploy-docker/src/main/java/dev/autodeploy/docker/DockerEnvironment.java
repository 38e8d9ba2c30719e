package dev.autodeploy.docker;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The surroundings that Docker's own client looks at: environment variables and the files in the
 * user's home.
 *
 * @param variables the environment variables
 * @param home the user's home directory
 */
record DockerEnvironment(Map<String, String> variables, Path home) {

  DockerEnvironment {
    variables = Map.copyOf(variables);
  }

  /** The environment of this process. */
  static DockerEnvironment ofProcess() {
    return new DockerEnvironment(System.getenv(), Path.of(System.getProperty("user.home")));
  }

  /** Returns a variable; null if it is not set or empty, which is the same for Docker. */
  @Nullable String get(String variable) {
    String value = variables.getOrDefault(variable, "").strip();
    return value.isEmpty() ? null : value;
  }

  /** Returns where Docker's client keeps its configuration, contexts and certificates. */
  Path directory() {
    String configured = get("DOCKER_CONFIG");
    return configured == null ? home.resolve(".docker") : Path.of(configured);
  }

  Path configFile() {
    return directory().resolve("config.json");
  }

  /** Looks for a program as a shell would; returns its bare name where it finds none. */
  String program(String name) {
    for (String entry : variables.getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
      try {
        Path file = Path.of(entry).resolve(name);
        if (!entry.isEmpty() && Files.isExecutable(file)) {
          return file.toString();
        }
      } catch (InvalidPathException e) {
        // An entry that is no valid path holds no programs.
      }
    }
    return name;
  }
}
