package dev.autodeploy.reliability;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.ReadinessProbe;
import java.time.Duration;

/** The program of the instances: a small server that answers at once, and with a slow stream. */
final class Service {
  static final String QUICK_ANSWER = "ok\n";
  static final String STREAM_ANSWER = "0123456789".repeat(40);

  /** Says its length, so that a cut answer can be told from a whole one. */
  private static final String STREAM =
      """
      #!/bin/sh
      printf 'Content-Type: text/plain\\r\\nContent-Length: 400\\r\\n\\r\\n'
      for i in 0 1 2 3 4 5 6 7 8 9; do
        printf '0123456789012345678901234567890123456789'
        sleep 0.05
      done
      """;

  /**
   * The command: where the disk is full, it fails to start, and does not serve what was cut short.
   */
  private static final String LINE =
      "mkdir -p '%1$s/cgi-bin' && echo ok > '%1$s/index.html' && printf '%%s' \"$STREAM\" >"
          + " '%1$s/cgi-bin/stream' && busybox chmod 755 '%1$s/cgi-bin/stream' || exit 1;"
          + " %3$s exec busybox httpd -f -p %2$s -h '%1$s'";

  private Service() {}

  /** As processes of this machine, which bear a mark by which they can be found. */
  static DeploymentSpec.Builder local(String mark) {
    return local(mark, "");
  }

  static DeploymentSpec.Builder local(String mark, String before) {
    return local("faults", mark, before);
  }

  static DeploymentSpec.Builder local(String name, String mark, String before) {
    return common(name)
        .port(0)
        .startCommand(LINE.formatted("/tmp/" + mark, "127.0.0.1:$PORT", before));
  }

  static DeploymentSpec.Builder docker() {
    return docker("");
  }

  static DeploymentSpec.Builder docker(String before) {
    return docker("faults", before);
  }

  static DeploymentSpec.Builder docker(String name, String before) {
    return common(name)
        .image("autodeploy/test:1")
        .port(8080)
        .startCommand(LINE.formatted("/tmp/www", "8080", before));
  }

  private static DeploymentSpec.Builder common(String name) {
    return DeploymentSpec.builder(name)
        .environment("STREAM", STREAM)
        .readiness(ReadinessProbe.http("/"))
        .startTimeout(Duration.ofSeconds(20))
        .releaseGrace(Duration.ofSeconds(2))
        .startBackoff(Duration.ofMillis(100), Duration.ofSeconds(1))
        .idleTimeout(Duration.ofSeconds(1));
  }
}
