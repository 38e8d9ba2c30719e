package dev.autodeploy.internal.deployment;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.StartProgress;
import org.jspecify.annotations.Nullable;

/**
 * Masks the environment values of a deployment in what its provider tells of starts, ends and
 * releases, where it enters the engine: from here it goes to logs, events, errors, links and pages.
 */
final class SecretMask {

  private SecretMask() {}

  static InstanceExit of(InstanceExit exit, DeploymentSpec spec) {
    String message = exit.message();
    return new InstanceExit(
        exit.exitCode(),
        exit.outOfMemory(),
        exit.logTail().stream().map(spec::redact).toList(),
        message == null ? null : spec.redact(message),
        exit.at());
  }

  static @Nullable InstanceExit ofNullable(@Nullable InstanceExit exit, DeploymentSpec spec) {
    return exit == null ? null : of(exit, spec);
  }

  static StartProgress of(StartProgress progress, DeploymentSpec spec) {
    return new StartProgress(
        spec.redact(progress.step()),
        spec.redact(progress.detail()),
        progress.current(),
        progress.total());
  }
}
