package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

import java.net.URI;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * The instance that a {@link ReadinessProbe} looks at. Immutable.
 *
 * @param endpoint the address to ask
 * @param acceptProvesListening whether an accepted connection proves that the service listens;
 *     false behind a forwarder that accepts on its behalf
 * @param recentLogs reads the last {@value #LOG_LINES} lines that the instance wrote
 */
public record ProbeTarget(
    URI endpoint,
    boolean acceptProvesListening,
    Supplier<CompletionStage<List<String>>> recentLogs) {

  /** The number of lines that a probe for a log line looks at. */
  public static final int LOG_LINES = 500;

  /**
   * Checks the values.
   *
   * @param endpoint the address to ask
   * @param acceptProvesListening whether an accepted connection proves that the service listens;
   *     false behind a forwarder that accepts on its behalf
   * @param recentLogs reads the last {@value #LOG_LINES} lines that the instance wrote
   */
  public ProbeTarget {
    requireNonNull(endpoint, "endpoint");
    requireNonNull(recentLogs, "recentLogs");
  }

  /**
   * Returns an instance as a target, for which an accepted connection proves nothing.
   *
   * @param instance the instance, with an endpoint
   * @param recentLogs reads its last lines
   * @return the target
   */
  public static ProbeTarget of(
      ProviderInstance instance, Supplier<CompletionStage<List<String>>> recentLogs) {
    URI endpoint = requireNonNull(instance.endpoint(), "instance.endpoint");
    return new ProbeTarget(endpoint, false, recentLogs);
  }
}
