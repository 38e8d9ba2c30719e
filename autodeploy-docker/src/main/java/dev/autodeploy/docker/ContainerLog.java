package dev.autodeploy.docker;

import dev.autodeploy.spi.LogSearch;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The log of one container as it is written, from its first line on: a worker follows it for each
 * thing that is looked for, until that is found or nobody looks any longer. Thread-safe.
 */
final class ContainerLog implements LogSearch, AutoCloseable {
  private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int PIECE = 1 << 14;

  private final DaemonClient client;
  private final DockerThreads threads;
  private final String container;
  private final Map<String, Follower> followers = new ConcurrentHashMap<>();
  private volatile boolean closed;

  ContainerLog(DaemonClient client, DockerThreads threads, String container) {
    this.client = client;
    this.threads = threads;
    this.container = container;
  }

  @Override
  public boolean find(String key, LineMatch match) throws IOException {
    Follower follower =
        followers.compute(key, (k, old) -> old == null || old.isToRepeat() ? begin(match) : old);
    return follower.isFound();
  }

  private Follower begin(LineMatch match) {
    Follower follower =
        new Follower(
            client.follow("/containers/" + container + "/logs?stdout=1&stderr=1&follow=1"), match);
    threads.submit(follower::run);
    return follower;
  }

  /** Stops following. What was found stays found. */
  @Override
  public void close() {
    closed = true;
    followers.values().forEach(follower -> follower.exchange.close());
  }

  private final class Follower {
    private final DaemonTransport.Exchange exchange;
    private final LineMatch match;
    private final long begunNanos = System.nanoTime();
    private volatile boolean found;
    private volatile boolean over;
    private volatile @Nullable IOException failure;

    Follower(DaemonTransport.Exchange exchange, LineMatch match) {
      this.exchange = exchange;
      this.match = match;
    }

    boolean isFound() throws IOException {
      IOException known = failure;
      if (!found && known != null) {
        throw known;
      }
      return found;
    }

    /** Returns whether the daemon has ended it too early, as it does when it is restarted. */
    boolean isToRepeat() {
      return over && !found && !closed && System.nanoTime() - begunNanos > PAUSE_NANOS;
    }

    void run() {
      LogDecoder decoder = new LogDecoder(this::look);
      try (DaemonTransport.Answer answer = exchange.open()) {
        if (answer.getStatusCode() != 200) {
          return;
        }
        InputStream in = answer.getBody();
        byte[] piece = new byte[PIECE];
        for (int n = in.read(piece); n >= 0 && !found; n = in.read(piece)) {
          decoder.feed(piece, n);
          decoder.tellUnfinished(); // it may stay so, as a prompt does
        }
      } catch (IOException e) {
        if (!exchange.isClosed()) {
          failure = new IOException("the instance's log could not be read: " + e.getMessage(), e);
        }
      } finally {
        over = true;
        exchange.close();
      }
    }

    private void look(String line) {
      try {
        found |= match.matches(line);
      } catch (IOException e) { // of one line: another may match
        failure = e;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        exchange.close();
      }
    }
  }
}
