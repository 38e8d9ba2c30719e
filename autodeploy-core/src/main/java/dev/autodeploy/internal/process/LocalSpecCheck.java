package dev.autodeploy.internal.process;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.probe.Probes;
import java.nio.file.Files;
import java.nio.file.Path;

/** Refuses specifications of which no local process can ever run. */
final class LocalSpecCheck {
  private LocalSpecCheck() {}

  /** Checks a specification when it is deployed. */
  static void check(DeploymentSpec spec) {
    checkCommand(spec);
    Confinement.check(spec);
    if (Probes.asksForHealth(spec.readiness())) {
      throw new IllegalArgumentException(
          "deployment '"
              + spec.name()
              + "' is ready by its image's health check, which a local process does not have; use"
              + " ReadinessProbe.http(...) or another one");
    }
  }

  /** Checks what could have changed since: start command and port. */
  static void checkCommand(DeploymentSpec spec) {
    String deployment = "deployment '" + spec.name() + "' ";
    if (spec.startCommand() == null) {
      throw new IllegalArgumentException(
          deployment + "needs a startCommand to run as a local process");
    }
    if (spec.port() != 0 && spec.maxInstances() > 1) {
      throw new IllegalArgumentException(
          deployment
              + "may have "
              + spec.maxInstances()
              + " instances, but only one process can listen on port "
              + spec.port()
              + ": set port(0), and let the service listen on the port in its environment variable"
              + " PORT");
    }
    if (!Files.isExecutable(Path.of("/bin/sh"))) {
      throw new IllegalArgumentException(
          deployment + "cannot run here: local processes need /bin/sh");
    }
  }
}
