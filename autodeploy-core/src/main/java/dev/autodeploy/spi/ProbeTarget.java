package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
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
 * @param log searches all lines that it wrote
 * @param health the health check that it brings along
 */
public record ProbeTarget(
    URI endpoint,
    boolean acceptProvesListening,
    Supplier<CompletionStage<List<String>>> recentLogs,
    LogSearch log,
    HealthCheck health) {

  /** The number of lines that are read where a provider cannot search all of them. */
  public static final int LOG_LINES = 500;

  /**
   * Checks the values.
   *
   * @param endpoint the address to ask
   * @param acceptProvesListening whether an accepted connection proves that the service listens;
   *     false behind a forwarder that accepts on its behalf
   * @param recentLogs reads the last {@value #LOG_LINES} lines that the instance wrote
   * @param log searches all lines that it wrote
   * @param health the health check that it brings along
   */
  public ProbeTarget {
    requireNonNull(endpoint, "endpoint");
    requireNonNull(recentLogs, "recentLogs");
    requireNonNull(log, "log");
    requireNonNull(health, "health");
  }

  /**
   * Creates a target that brings no health check along.
   *
   * @param endpoint the address to ask
   * @param acceptProvesListening whether an accepted connection proves that the service listens
   * @param recentLogs reads the last {@value #LOG_LINES} lines that the instance wrote
   * @param log searches all lines that it wrote
   */
  public ProbeTarget(
      URI endpoint,
      boolean acceptProvesListening,
      Supplier<CompletionStage<List<String>>> recentLogs,
      LogSearch log) {
    this(endpoint, acceptProvesListening, recentLogs, log, ProbeTarget::noHealthCheck);
  }

  private static boolean noHealthCheck() throws IOException {
    throw new IOException("this instance has no health check: use another readiness probe");
  }

  /**
   * Creates a target whose log is searched in its last {@value #LOG_LINES} lines only, as they are
   * at the time.
   *
   * @param endpoint the address to ask
   * @param acceptProvesListening whether an accepted connection proves that the service listens
   * @param recentLogs reads the last {@value #LOG_LINES} lines that the instance wrote
   */
  public ProbeTarget(
      URI endpoint,
      boolean acceptProvesListening,
      Supplier<CompletionStage<List<String>>> recentLogs) {
    this(endpoint, acceptProvesListening, recentLogs, new RecentLogSearch(recentLogs));
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
