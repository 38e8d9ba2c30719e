package dev.autodeploy.internal.probe;

import dev.autodeploy.internal.net.HostLookup;
import dev.autodeploy.internal.text.BoundedPattern;
import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.spi.ProbeTarget;
import dev.autodeploy.spi.ReadinessProbe;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The readiness probes that come with the library; records, so that they can be stored. */
public final class Probes {
  private static final int CONNECT_MILLIS = 1000;

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
        InetAddress host = HostLookup.system().find(endpoint.getHost(), CONNECT_MILLIS);
        socket.connect(new InetSocketAddress(host, port(endpoint)), CONNECT_MILLIS);
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
    if (probe instanceof HttpCheck http) {
      return http.describe();
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

  /**
   * Returns a probe with the values of a deployment's variables in the headers that refer to them.
   *
   * @param probe the probe
   * @param environment the variables
   * @return the probe to ask with; the same where it refers to none
   */
  public static ReadinessProbe with(ReadinessProbe probe, Map<String, String> environment) {
    if (probe instanceof HttpCheck http) {
      return http.with(environment);
    }
    if (probe instanceof AnyOf any && !variables(any).isEmpty()) {
      return new AnyOf(any.probes().stream().map(p -> with(p, environment)).toList());
    }
    if (probe instanceof AllOf all && !variables(all).isEmpty()) {
      return new AllOf(all.probes().stream().map(p -> with(p, environment)).toList());
    }
    return probe;
  }

  /**
   * Returns the variables that the headers of a probe refer to.
   *
   * @param probe the probe
   * @return their names
   */
  public static Set<String> variables(ReadinessProbe probe) {
    Set<String> names = new TreeSet<>();
    for (HttpCheck http : requests(probe)) {
      names.addAll(http.variables());
    }
    return names;
  }

  /**
   * Returns the HTTP requests of a probe and of those that it is made of.
   *
   * @param probe the probe
   * @return the requests
   */
  public static List<HttpCheck> requests(ReadinessProbe probe) {
    if (probe instanceof HttpCheck http) {
      return List.of(http);
    }
    List<ReadinessProbe> inside =
        probe instanceof AnyOf any
            ? any.probes()
            : probe instanceof AllOf all ? all.probes() : List.of();
    return inside.stream().flatMap(p -> requests(p).stream()).toList();
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
