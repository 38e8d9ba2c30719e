package dev.autodeploy.kubernetes;

import dev.autodeploy.spi.LogSearch;
import io.fabric8.kubernetes.client.dsl.ContainerResource;
import io.fabric8.kubernetes.client.dsl.LogWatch;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The log of one pod as it is written, from its first line on: a worker follows it for each thing
 * that is looked for, until that is found or nobody looks any longer. Thread-safe.
 */
final class PodLog implements LogSearch, AutoCloseable {
  private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int LONGEST_LINE = 1 << 16;

  /** The most that is read of a log at once: its lines may be as long as a service likes. */
  private static final int LONGEST_TAIL = 4 * 1024 * 1024;

  private final Cluster cluster;
  private final KubernetesThreads threads;
  private final String pod;
  private final String container;
  private final Map<String, Follower> followers = new ConcurrentHashMap<>();
  private volatile boolean closed;

  PodLog(Cluster cluster, KubernetesThreads threads, String pod, String container) {
    this.cluster = cluster;
    this.threads = threads;
    this.pod = pod;
    this.container = container;
  }

  /** Reads the last lines of a pod of ours; empty if there are none yet, or any longer. */
  static List<String> tail(Cluster cluster, String pod, int lines) {
    return tail(cluster, cluster.namespace(), pod, PodMaker.CONTAINER, false, lines);
  }

  /** Reads the last lines of an instance; empty if there are none yet, or any longer. */
  static List<String> tail(Cluster cluster, PodState state, int lines) {
    return tail(
        cluster,
        cluster.namespaceOf(state.pod()),
        state.pod().getMetadata().getName(),
        state.reading().container(),
        state.isLogOfPrevious(),
        lines);
  }

  private static List<String> tail(
      Cluster cluster,
      String namespace,
      String pod,
      String container,
      boolean previous,
      int lines) {
    try {
      String text =
          cluster.call(
              "reading the log of " + pod,
              client -> {
                ContainerResource of =
                    client.pods().inNamespace(namespace).withName(pod).inContainer(container);
                return previous
                    ? beginning(of.terminated().tailingLines(lines).getLogInputStream())
                    : of.limitBytes(LONGEST_TAIL).tailingLines(lines).getLog();
              });
      return text == null || text.isEmpty() ? List.of() : text.lines().toList();
    } catch (ClusterException e) {
      if (e.isOutcomeUnknown() || e.isForbidden()) {
        throw e;
      }
      return List.of(); // it has none, as long as its container is being made
    }
  }

  private static String beginning(InputStream log) {
    try (log) {
      return new String(log.readNBytes(LONGEST_TAIL), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public boolean find(String key, LineMatch match) throws IOException {
    Follower follower =
        followers.compute(key, (k, old) -> old == null || old.isToRepeat() ? begin(match) : old);
    return follower.isFound();
  }

  private Follower begin(LineMatch match) {
    Follower follower = new Follower(match);
    threads.submit(follower::run);
    return follower;
  }

  /** Stops following. What was found stays found. */
  @Override
  public void close() {
    closed = true;
    followers.values().forEach(Follower::end);
  }

  private final class Follower {
    private final LineMatch match;
    private final long begunNanos = System.nanoTime();
    private volatile boolean found;
    private volatile boolean over;
    private volatile @Nullable IOException failure;
    private volatile @Nullable LogWatch watch;

    Follower(LineMatch match) {
      this.match = match;
    }

    boolean isFound() throws IOException {
      IOException known = failure;
      if (!found && known != null) {
        throw known;
      }
      return found;
    }

    /** Returns whether the log has ended too early, as it does before the container is there. */
    boolean isToRepeat() {
      return over && !found && !closed && System.nanoTime() - begunNanos > PAUSE_NANOS;
    }

    void end() {
      LogWatch open = watch;
      if (open != null) {
        open.close();
      }
    }

    void run() {
      try (LogWatch opened =
              cluster.call(
                  "following the log of " + pod,
                  client ->
                      client
                          .pods()
                          .inNamespace(cluster.namespace())
                          .withName(pod)
                          .inContainer(container)
                          .watchLog());
          BufferedReader log =
              new BufferedReader(
                  new InputStreamReader(opened.getOutput(), StandardCharsets.UTF_8),
                  LONGEST_LINE)) {
        watch = opened;
        LogLines lines = new LogLines(log, LONGEST_LINE);
        for (String line = lines.next(); line != null && !found && !closed; line = lines.next()) {
          look(line);
        }
      } catch (IOException e) {
        if (!closed) {
          failure = new IOException("the instance's log could not be read: " + e.getMessage(), e);
        }
      } catch (ClusterException e) {
        failure = new IOException(e.getMessage(), e);
      } finally {
        over = true;
      }
    }

    private void look(String line) {
      try {
        found |= match.matches(line);
      } catch (IOException e) { // of one line: another may match
        failure = e;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        end();
      }
    }
  }
}
