package dev.autodeploy.console;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.Deployment;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The live logs with readers. The provider is asked once a second for each of their instances,
 * however many readers it has, and not at all for instances without readers.
 */
final class LogTails {
  private static final Logger LOG = LoggerFactory.getLogger(LogTails.class);
  private static final int LINES = 500;

  private final SseHub hub;
  private final Map<String, Tail> tails = new ConcurrentHashMap<>();

  LogTails(SseHub hub) {
    this.hub = hub;
  }

  static String topic(String instanceId) {
    return "log " + instanceId;
  }

  /** Begins to follow an instance whose last lines the page has been sent. */
  void follow(Deployment deployment, String instanceId) {
    tails.computeIfAbsent(topic(instanceId), topic -> new Tail(deployment, instanceId)).restart();
  }

  void poll() {
    tails.keySet().removeIf(topic -> !hub.has(topic));
    tails.forEach((topic, tail) -> tail.poll(topic));
  }

  static ObjectNode lines(List<String> lines, boolean reset) {
    ObjectNode json = ConsoleJson.object();
    json.put("reset", reset);
    ArrayNode list = json.putArray("lines");
    lines.forEach(list::add);
    return json;
  }

  /** The lines of one instance as far as they were sent. */
  private final class Tail {
    private final Deployment deployment;
    private final String instanceId;
    private final AtomicBoolean asking = new AtomicBoolean();
    private volatile List<String> sent = List.of();
    private volatile boolean first = true;

    Tail(Deployment deployment, String instanceId) {
      this.deployment = deployment;
      this.instanceId = instanceId;
    }

    /**
     * Sends everything with the next look, so that who came just now misses and doubles nothing.
     */
    void restart() {
      first = true;
    }

    void poll(String topic) {
      if (!asking.compareAndSet(false, true)) {
        return;
      }
      boolean lives =
          deployment.status().instances().stream().anyMatch(i -> i.id().equals(instanceId));
      deployment
          .logs(instanceId, LINES)
          .whenComplete(
              (lines, error) -> {
                if (error == null) {
                  tell(topic, lines);
                } else {
                  LOG.debug(
                      "{}: the log of {} cannot be read", deployment.name(), instanceId, error);
                }
                if (!lives) {
                  end(topic);
                }
                asking.set(false);
              });
    }

    private void tell(String topic, List<String> lines) {
      boolean all = first;
      first = false;
      int known = all ? 0 : overlap(sent, lines);
      List<String> fresh = lines.subList(known, lines.size());
      boolean reset = all || (known == 0 && !sent.isEmpty());
      if (!fresh.isEmpty()) {
        String data = ConsoleJson.text(lines(fresh, reset));
        hub.publish(topic, SseHub.message("lines", data));
      }
      sent = List.copyOf(lines);
    }

    private void end(String topic) {
      tails.remove(topic, this);
      for (SseHub.Stream stream : hub.streams(topic)) {
        stream.send(SseHub.message("end", "{}").getBytes(java.nio.charset.StandardCharsets.UTF_8));
        stream.end();
      }
    }
  }

  /**
   * Returns how many of the lines at the beginning of {@code now} are the end of {@code before}.
   */
  static int overlap(List<String> before, List<String> now) {
    for (int length = Math.min(before.size(), now.size()); length > 0; length--) {
      if (before.subList(before.size() - length, before.size()).equals(now.subList(0, length))) {
        return length;
      }
    }
    return 0;
  }
}
