package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.probe.HttpCheck;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** Builds a probe that sends an HTTP request; made by {@link ReadinessProbe#httpRequest}. */
public final class HttpProbeBuilder {
  private HttpCheck check;

  HttpProbeBuilder(String path) {
    check = HttpCheck.of(path, 200, 399);
  }

  /**
   * Sets the method. Default: {@code GET}.
   *
   * @param value {@code GET}, {@code HEAD}, {@code POST}, {@code PUT} or {@code OPTIONS}; without a
   *     body
   * @return this
   */
  public HttpProbeBuilder method(String value) {
    check =
        new HttpCheck(
            check.path(),
            check.minStatus(),
            check.maxStatus(),
            requireNonNull(value, "method"),
            check.headers(),
            check.body(),
            check.timeout());
    return this;
  }

  /**
   * Sets the statuses that count. Default: 200 to 399.
   *
   * @param min the lowest, 100 to 599
   * @param max the highest, {@code min} to 599
   * @return this
   */
  public HttpProbeBuilder status(int min, int max) {
    check =
        new HttpCheck(
            check.path(), min, max, check.method(), check.headers(), check.body(), check.timeout());
    return this;
  }

  /**
   * Adds a header. Where its value is a secret, take it from the deployment's environment: {@code
   * header("Authorization", "Bearer ${API_KEY}")}. A value that is written out is stored with the
   * deployment, and is shown neither on the page nor by the API.
   *
   * @param name the header; not one that the client sets itself, such as {@code Host}
   * @param value its value, in which <code>${NAME}</code> stands for a variable
   * @return this
   */
  public HttpProbeBuilder header(String name, String value) {
    Map<String, String> headers = new LinkedHashMap<>(check.headers());
    headers.put(requireNonNull(name, "name"), requireNonNull(value, "value"));
    check =
        new HttpCheck(
            check.path(),
            check.minStatus(),
            check.maxStatus(),
            check.method(),
            headers,
            check.body(),
            check.timeout());
    return this;
  }

  /**
   * Sets a text that the answer's body has to contain, in its first 64 KiB. Default: anything.
   *
   * @param text 1 to 1000 characters
   * @return this
   */
  public HttpProbeBuilder body(String text) {
    check =
        new HttpCheck(
            check.path(),
            check.minStatus(),
            check.maxStatus(),
            check.method(),
            check.headers(),
            requireNonNull(text, "body"),
            check.timeout());
    return this;
  }

  /**
   * Sets how long an answer is waited for. Default: 10 seconds, as servers answer slowly while they
   * load.
   *
   * @param value 1 millisecond to 10 minutes
   * @return this
   */
  public HttpProbeBuilder timeout(Duration value) {
    check =
        new HttpCheck(
            check.path(),
            check.minStatus(),
            check.maxStatus(),
            check.method(),
            check.headers(),
            check.body(),
            requireNonNull(value, "timeout"));
    return this;
  }

  /**
   * Builds the probe.
   *
   * @return the probe
   */
  public ReadinessProbe build() {
    return check;
  }
}
