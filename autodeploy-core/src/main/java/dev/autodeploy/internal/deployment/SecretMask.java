package dev.autodeploy.internal.deployment;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.StartProgress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Masks the environment values of a deployment in what its provider tells of starts, ends and
 * releases, and makes it {@linkplain PlainText plain text}, where it enters the engine: from here
 * it goes to logs, events, errors, links and pages.
 */
final class SecretMask {

  private SecretMask() {}

  static String line(String text, DeploymentSpec spec) {
    return line(text, List.of(spec));
  }

  /** Masks before and after: a value may hold what is replaced, or be hidden by it. */
  static String line(String text, List<DeploymentSpec> specs) {
    String masked = masked(text, specs);
    String plain = PlainText.line(masked);
    return plain.equals(masked) ? masked : masked(plain, specs);
  }

  private static String masked(String text, List<DeploymentSpec> specs) {
    String masked = text;
    for (DeploymentSpec spec : specs) {
      masked = spec.redact(masked);
    }
    return masked;
  }

  static InstanceExit of(InstanceExit exit, DeploymentSpec spec) {
    String message = exit.message();
    return new InstanceExit(
        exit.exitCode(),
        exit.outOfMemory(),
        exit.logTail().stream().map(line -> line(line, spec)).toList(),
        message == null ? null : line(message, spec),
        exit.at());
  }

  static @Nullable InstanceExit ofNullable(@Nullable InstanceExit exit, DeploymentSpec spec) {
    return exit == null ? null : of(exit, spec);
  }

  static StartProgress of(StartProgress progress, DeploymentSpec spec) {
    return new StartProgress(
        line(progress.step(), spec),
        line(progress.detail(), spec),
        progress.current(),
        progress.total());
  }
}
