package dev.autodeploy.spi;

import dev.autodeploy.internal.probe.HttpCheck;
import dev.autodeploy.internal.probe.Probes;
import java.io.IOException;
import java.util.List;

/**
 * Tells whether an instance that is up is ready to serve. Thread-safe and stateless.
 *
 * <p>It is asked again and again while the instance starts, from every millisecond at first to
 * every 100 ms, and no longer once it has succeeded: a busy instance is not a dead one.
 */
@FunctionalInterface
public interface ReadinessProbe {

  /**
   * Asks once. It may block for up to a few seconds.
   *
   * @param target what to ask
   * @return whether the instance is ready
   * @throws IOException if it could not be asked, which means no; the last one is told when the
   *     start times out
   * @throws InterruptedException if the start has been cancelled
   */
  boolean isReady(ProbeTarget target) throws IOException, InterruptedException;

  /**
   * Returns the probe that is satisfied when the port accepts connections. The default.
   *
   * @return the probe
   */
  static ReadinessProbe tcp() {
    return Probes.Tcp.INSTANCE;
  }

  /**
   * Returns the probe that is satisfied when a GET of a path is answered with 200 to 399.
   *
   * @param path the path and query, beginning with one slash
   * @return the probe
   * @throws IllegalArgumentException if it is no path, or names a host as {@code //host/} does
   */
  static ReadinessProbe http(String path) {
    return HttpCheck.of(path, 200, 399);
  }

  /**
   * Returns the probe that is satisfied when a GET of a path is answered with one status.
   *
   * @param path the path and query, beginning with one slash
   * @param status the status, 100 to 599
   * @return the probe
   * @throws IllegalArgumentException if it is no path, or names a host as {@code //host/} does
   */
  static ReadinessProbe http(String path, int status) {
    return HttpCheck.of(path, status, status);
  }

  /**
   * Returns a builder for a probe that is satisfied when an HTTP request is answered: with a
   * method, headers, an expected text and a timeout of its own.
   *
   * @param path the path and query, beginning with one slash
   * @return the builder
   * @throws IllegalArgumentException if it is no path, or names a host as {@code //host/} does
   */
  static HttpProbeBuilder httpRequest(String path) {
    return new HttpProbeBuilder(path);
  }

  /**
   * Returns the probe that is satisfied when the health check that the instance brings along
   * succeeds: the {@code HEALTHCHECK} of a Docker image, in the image's own interval, but every 5
   * seconds at least.
   *
   * @return the probe
   */
  static ReadinessProbe healthCheck() {
    return Probes.Health.INSTANCE;
  }

  /**
   * Returns the probe that is satisfied when a line that the instance has written since its start
   * contains a match of a regular expression, however much it wrote after that. Colours and other
   * control sequences are not seen.
   *
   * @param regex the expression, as of {@link java.util.regex.Pattern}; a search that takes too
   *     many steps, as of {@code (a+)+b}, ends with an error
   * @return the probe
   * @throws IllegalArgumentException if the expression is not valid, or repeats a group too often
   */
  static ReadinessProbe logLine(String regex) {
    return new Probes.LogLine(regex);
  }

  /**
   * Returns the probe that is satisfied when any of the given ones is.
   *
   * @param probes the probes, at least one
   * @return the probe
   */
  static ReadinessProbe anyOf(ReadinessProbe... probes) {
    return new Probes.AnyOf(List.of(probes));
  }

  /**
   * Returns the probe that is satisfied when all of the given ones are.
   *
   * @param probes the probes, at least one
   * @return the probe
   */
  static ReadinessProbe allOf(ReadinessProbe... probes) {
    return new Probes.AllOf(List.of(probes));
  }
}
