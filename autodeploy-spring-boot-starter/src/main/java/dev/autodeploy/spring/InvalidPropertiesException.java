package dev.autodeploy.spring;

import java.util.List;

/** Properties from which no engine can be made. Each line names one. */
final class InvalidPropertiesException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  InvalidPropertiesException(List<String> wrong) {
    super(String.join("\n", wrong));
  }

  InvalidPropertiesException(String property, String problem, Throwable cause) {
    super(AutoDeployProperties.PREFIX + "." + property + ": " + problem, cause);
  }
}
