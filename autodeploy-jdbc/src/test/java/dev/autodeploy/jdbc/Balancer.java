package dev.autodeploy.jdbc;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * The links to which a load balancer would send requests: those that answered {@code /-/health}
 * with 200 when they were asked last, which they are four times a second.
 */
final class Balancer implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofMillis(500);

  private final Set<Integer> down = ConcurrentHashMap.newKeySet();
  private final List<Integer> ports;
  private volatile boolean ended;

  Balancer(List<Integer> ports) {
    this.ports = ports;
    for (int port : ports) {
      Thread thread = new Thread(() -> look(port), "balancer-" + port);
      thread.setDaemon(true);
      thread.start();
    }
  }

  private void look(int port) {
    HttpClient client =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(LIMIT).build();
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/-/health"))
            .timeout(LIMIT)
            .build();
    while (!ended) {
      try {
        if (client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) {
          down.remove(port);
        } else {
          down.add(port);
        }
        TimeUnit.MILLISECONDS.sleep(250);
      } catch (IOException e) {
        down.add(port);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /** Returns the link for a turn: one that is up, if any is. */
  int pick(int turn) {
    for (int i = 0; i < ports.size(); i++) {
      int port = ports.get((turn + i) % ports.size());
      if (!down.contains(port)) {
        return port;
      }
    }
    return ports.get(turn % ports.size());
  }

  @Override
  public void close() {
    ended = true;
  }
}
