package dev.autodeploy.internal.probe;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.text.BoundedPattern;
import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.spi.ProbeTarget;
import dev.autodeploy.spi.ReadinessProbe;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URL;
import java.util.List;
import java.util.stream.Collectors;

/** The readiness probes that come with the library; records, so that they can be stored. */
public final class Probes {
  private static final int CONNECT_MILLIS = 1000;
  private static final int READ_MILLIS = 2000;

  /** The time that a connection must stay open to prove that it was not only a forwarder's. */
  private static final int QUIET_MILLIS = 50;

  /** The number of characters that one look at a line may read: {@value} take about 25 ms. */
  private static final long MAX_STEPS = 5_000_000;

  private Probes() {}

  /** The port accepts connections. */
  public enum Tcp implements ReadinessProbe {
    /** The only one. */
    INSTANCE;

    @Override
    public boolean isReady(ProbeTarget target) throws IOException {
      URI endpoint = target.endpoint();
      try (Socket socket = new Socket(Proxy.NO_PROXY)) {
        socket.connect(new InetSocketAddress(endpoint.getHost(), port(endpoint)), CONNECT_MILLIS);
        return target.acceptProvesListening() || staysOpen(socket);
      }
    }

    /** A forwarder without a listener behind it closes at once; a server waits for a request. */
    private static boolean staysOpen(Socket socket) throws IOException {
      socket.setSoTimeout(QUIET_MILLIS);
      try {
        return socket.getInputStream().read() >= 0;
      } catch (SocketTimeoutException e) {
        return true;
      }
    }
  }

  /** The health check that the instance brings along succeeds. */
  public enum Health implements ReadinessProbe {
    /** The only one. */
    INSTANCE;

    @Override
    public boolean isReady(ProbeTarget target) throws IOException {
      return target.health().isHealthy();
    }
  }

  /** The instance exists, which nobody has to ask. */
  private enum Existing implements ReadinessProbe {
    /** The only one. */
    INSTANCE;

    @Override
    public boolean isReady(ProbeTarget target) {
      return true;
    }
  }

  /**
   * A GET is answered with a status in a range.
   *
   * @param path path and query
   * @param minStatus the lowest status that counts
   * @param maxStatus the highest
   */
  public record Http(String path, int minStatus, int maxStatus) implements ReadinessProbe {
    /**
     * Checks the values.
     *
     * @param path path and query
     * @param minStatus the lowest status that counts
     * @param maxStatus the highest
     */
    public Http {
      ProbePath.check(requireNonNull(path, "path"));
      if (minStatus < 100 || maxStatus > 599 || minStatus > maxStatus) {
        throw new IllegalArgumentException(
            "probe status must be 100 to 599, but was " + minStatus + " to " + maxStatus);
      }
    }

    /** Returns the statuses that count, as messages say them. */
    String statuses() {
      return minStatus == maxStatus ? String.valueOf(minStatus) : minStatus + " to " + maxStatus;
    }

    @Override
    public boolean isReady(ProbeTarget target) throws IOException {
      URL url = ProbePath.at(target.endpoint(), path).toURL();
      HttpURLConnection connection = (HttpURLConnection) url.openConnection(Proxy.NO_PROXY);
      try {
        connection.setConnectTimeout(CONNECT_MILLIS);
        connection.setReadTimeout(READ_MILLIS);
        connection.setInstanceFollowRedirects(false);
        connection.setRequestProperty("User-Agent", "AutoDeploy-Probe");
        connection.setRequestProperty("Connection", "close");
        int status = connection.getResponseCode();
        if (status < minStatus || status > maxStatus) {
          throw new IOException("GET " + path + " answered " + status);
        }
        return true;
      } catch (StackOverflowError e) { // the JDK reads interim responses by recursion, for ever
        throw new IOException("GET " + path + " answered with interim responses without end", e);
      } finally {
        connection.disconnect();
      }
    }
  }

  /**
   * A line that the instance wrote matches.
   *
   * @param regex the regular expression to find in a line
   */
  public record LogLine(String regex) implements ReadinessProbe {
    /**
     * Checks the values.
     *
     * @param regex the regular expression to find in a line
     */
    public LogLine {
      BoundedPattern.compile(regex, MAX_STEPS);
    }

    @Override
    public boolean isReady(ProbeTarget target) throws IOException, InterruptedException {
      BoundedPattern pattern = BoundedPattern.compile(regex, MAX_STEPS);
      return target.log().find(regex, line -> pattern.search().find(PlainText.line(line)));
    }
  }

  /**
   * Any of several is satisfied.
   *
   * @param probes which
   */
  public record AnyOf(List<ReadinessProbe> probes) implements ReadinessProbe {
    /**
     * Checks the values.
     *
     * @param probes which
     */
    public AnyOf {
      probes = atLeastOne(probes);
    }

    @Override
    public boolean isReady(ProbeTarget target) throws IOException, InterruptedException {
      IOException failure = null;
      for (ReadinessProbe probe : probes) {
        try {
          if (probe.isReady(target)) {
            return true;
          }
        } catch (IOException e) {
          failure = e;
        }
      }
      if (failure != null) {
        throw failure;
      }
      return false;
    }
  }

  /**
   * All of several are satisfied at once.
   *
   * @param probes which
   */
  public record AllOf(List<ReadinessProbe> probes) implements ReadinessProbe {
    /**
     * Checks the values.
     *
     * @param probes which
     */
    public AllOf {
      probes = atLeastOne(probes);
    }

    @Override
    public boolean isReady(ProbeTarget target) throws IOException, InterruptedException {
      for (ReadinessProbe probe : probes) {
        if (!probe.isReady(target)) {
          return false;
        }
      }
      return true;
    }
  }

  /**
   * Returns whether an instance can only be ready if it listens: all but those that are ready by
   * what they print.
   *
   * @param probe a probe
   * @return whether a yes of it says that something listens
   */
  public static boolean needsListener(ReadinessProbe probe) {
    if (probe instanceof AnyOf any) {
      return any.probes().stream().anyMatch(Probes::needsListener);
    }
    if (probe instanceof AllOf all) {
      return all.probes().stream().anyMatch(Probes::needsListener);
    }
    return !(probe instanceof LogLine || probe instanceof Existing);
  }

  /**
   * Returns the probe for an instance that has been ready before, in an earlier process: what made
   * it ready may be over, as a line that it wrote, so that only its port is asked, if it needs one.
   *
   * @param probe the probe that made it ready
   * @return the probe that tells whether it is still there
   */
  public static ReadinessProbe ofAReadyOne(ReadinessProbe probe) {
    return needsListener(probe) ? Tcp.INSTANCE : Existing.INSTANCE;
  }

  /**
   * Returns whether a probe asks for the health check that an instance brings along.
   *
   * @param probe a probe
   * @return whether it, or one that it is made of, does
   */
  public static boolean asksForHealth(ReadinessProbe probe) {
    if (probe instanceof AnyOf any) {
      return any.probes().stream().anyMatch(Probes::asksForHealth);
    }
    if (probe instanceof AllOf all) {
      return all.probes().stream().anyMatch(Probes::asksForHealth);
    }
    return probe instanceof Health;
  }

  /**
   * Returns what an instance has to do to be ready, as messages say it.
   *
   * @param probe a probe
   * @return such as {@code GET /health to be answered with 200 to 399}
   */
  public static String describe(ReadinessProbe probe) {
    if (probe instanceof Tcp) {
      return "its port to accept connections";
    }
    if (probe instanceof Http http) {
      return "GET " + http.path() + " to be answered with " + http.statuses();
    }
    if (probe instanceof Health) {
      return "its image's health check to succeed";
    }
    if (probe instanceof LogLine line) {
      return "a line that matches '" + line.regex() + "'";
    }
    if (probe instanceof AnyOf any) {
      return any.probes().stream().map(Probes::describe).collect(Collectors.joining(", or "));
    }
    if (probe instanceof AllOf all) {
      return all.probes().stream().map(Probes::describe).collect(Collectors.joining(", and "));
    }
    return "a probe of the application's own";
  }

  private static List<ReadinessProbe> atLeastOne(List<ReadinessProbe> probes) {
    if (probes.isEmpty()) {
      throw new IllegalArgumentException("at least one probe is needed");
    }
    return List.copyOf(probes);
  }

  private static int port(URI endpoint) {
    if (endpoint.getPort() >= 0) {
      return endpoint.getPort();
    }
    return "https".equals(endpoint.getScheme()) ? 443 : 80;
  }
}
