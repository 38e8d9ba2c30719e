package dev.autodeploy.spi;

import java.io.IOException;

/** The health check that an instance brings along, as an image with a HEALTHCHECK does. */
@FunctionalInterface
public interface HealthCheck {

  /**
   * Returns the latest result.
   *
   * @return whether the instance is healthy; false if its check has not succeeded yet
   * @throws IOException if the check failed, there is none, or it could not be asked
   */
  boolean isHealthy() throws IOException;
}
