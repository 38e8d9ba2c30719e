package dev.autodeploy.docker;

import static org.junit.jupiter.api.Assumptions.abort;

/** The images that {@code .ci/debian-images} makes from Debian's packages. */
final class DebianImages {
  /**
   * FastAPI under uvicorn, started by the image's own command; {@code LOADING_SECONDS} delays it.
   */
  static final String FASTAPI = "autodeploy/debian-fastapi:1";

  /** A script as entrypoint, a user of its own, a health check and a volume. */
  static final String SERVICE = "autodeploy/debian-service:1";

  private DebianImages() {}

  /** Skips the test on a developer's machine without the images; in CI it fails. */
  static void require() {
    TestDaemon.require();
    try (DaemonClient client = TestDaemon.client()) {
      if (client.findImage(FASTAPI) != null && client.findImage(SERVICE) != null) {
        return;
      }
    }
    if ("true".equals(System.getenv("CI"))) {
      throw new AssertionError("CI needs the images that .ci/debian-images makes");
    }
    abort("this test needs the images that .ci/debian-images makes");
  }
}
