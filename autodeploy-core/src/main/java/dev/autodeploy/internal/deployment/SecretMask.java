package dev.autodeploy.internal.deployment;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.StartProgress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Masks the environment values of a deployment in what its provider tells of starts, ends, releases
 * and logs, and makes it {@linkplain PlainText plain text}, where it enters the engine: from here
 * it goes to events, errors, links and pages. Immutable.
 */
final class SecretMask {
  /** The number of replaced environments that are remembered, since logs may hold their values. */
  private static final int EARLIER_SPECS = 16;

  /** A mask that remembers nothing. */
  static final SecretMask NEW = new SecretMask(List.of());

  private final List<DeploymentSpec> earlier;

  private SecretMask(List<DeploymentSpec> earlier) {
    this.earlier = List.copyOf(earlier);
  }

  /** Returns a mask that also remembers a specification if its environment is replaced. */
  SecretMask replaced(DeploymentSpec before, DeploymentSpec after) {
    if (before.environment().equals(after.environment())) {
      return this;
    }
    List<DeploymentSpec> next = new ArrayList<>(earlier);
    next.add(before);
    return new SecretMask(next.size() > EARLIER_SPECS ? next.subList(1, next.size()) : next);
  }

  /** Masks the lines of a log, whichever specification its writer had. */
  List<String> lines(List<String> log, DeploymentSpec current) {
    List<DeploymentSpec> writers = new ArrayList<>(earlier);
    writers.add(current);
    return log.stream().map(line -> line(line, writers)).toList();
  }

  static String line(String text, DeploymentSpec spec) {
    return line(text, List.of(spec));
  }

  /** Masks before and after: a value may hold what is replaced, or be hidden by it. */
  private static String line(String text, List<DeploymentSpec> specs) {
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

  static InstanceExit exit(InstanceExit exit, DeploymentSpec spec) {
    String message = exit.message();
    return new InstanceExit(
        exit.exitCode(),
        exit.outOfMemory(),
        exit.logTail().stream().map(line -> line(line, spec)).toList(),
        message == null ? null : line(message, spec),
        exit.at());
  }

  static @Nullable InstanceExit optionalExit(@Nullable InstanceExit exit, DeploymentSpec spec) {
    return exit == null ? null : exit(exit, spec);
  }

  static StartProgress progress(StartProgress progress, DeploymentSpec spec) {
    return new StartProgress(
        line(progress.step(), spec),
        line(progress.detail(), spec),
        progress.current(),
        progress.total(),
        progress.phase(),
        progress.parts().stream()
            .map(
                part ->
                    new StartProgress.Part(
                        line(part.name(), spec), part.state(), part.current(), part.total()))
            .toList());
  }
}
