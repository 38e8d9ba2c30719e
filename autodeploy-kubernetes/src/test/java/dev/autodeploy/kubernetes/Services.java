package dev.autodeploy.kubernetes;

import static org.junit.jupiter.api.Assumptions.abort;

import dev.autodeploy.DeploymentSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Services for tests, of busybox: in a pod by its image, and as a process of this machine. */
final class Services {
  static final String IMAGE = System.getProperty("autodeploy.kubernetes.image", "local/busybox:1");

  /** A pod's own address is free; on this machine each has one of its own. */
  static final String SERVE = "exec busybox httpd -f -p ${POD_IP:+$POD_IP:}8080 -h /tmp";

  private Services() {}

  /** Skips the test where this machine lacks busybox, which CI must not. */
  static void require() {
    if (Stream.of("/bin/busybox", "/usr/bin/busybox").map(Path::of).noneMatch(Files::exists)) {
      if ("true".equals(System.getenv("CI"))) {
        throw new AssertionError("CI needs busybox");
      }
      abort("this test needs busybox");
    }
  }

  static DeploymentSpec.Builder serving(String name) {
    return DeploymentSpec.builder(name).image(IMAGE).port(8080).startCommand(SERVE);
  }

  static DeploymentSpec.Builder exiting(String name, int exitCode, String line) {
    return DeploymentSpec.builder(name)
        .image(IMAGE)
        .port(8080)
        .startCommand("echo '" + line + "'; sleep 0.3; exit " + exitCode);
  }
}
