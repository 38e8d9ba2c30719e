package dev.autodeploy.internal.probe;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.text.BoundedPattern;
import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.internal.text.SearchLimitException;
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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The readiness probes that come with the library; records, so that they can be stored. */
public final class Probes {
  private static final int CONNECT_MILLIS = 1000;
  private static final int READ_MILLIS = 2000;

  /** The time that a connection must stay open to prove that it was not only a forwarder's. */
  private static final int QUIET_MILLIS = 50;

  /**
   * The number of characters that one look at a log may read: {@value} take about a quarter second.
   */
  private static final long MAX_STEPS = 50_000_000;

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
   * One of the last lines matches.
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
      List<String> lines;
      try {
        lines =
            target.recentLogs().get().toCompletableFuture().get(READ_MILLIS, TimeUnit.MILLISECONDS);
      } catch (ExecutionException | TimeoutException e) {
        throw new IOException("the instance's log could not be read", e);
      }
      BoundedPattern.Search search = BoundedPattern.compile(regex, MAX_STEPS).search();
      SearchLimitException failure = null;
      for (String line : lines) {
        try {
          if (search.find(PlainText.line(line))) { // as it is shown
            return true;
          }
        } catch (SearchLimitException e) { // of one line: another may match
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
    return !(probe instanceof LogLine);
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
