package dev.autodeploy.docker;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens to what the daemon tells about the owner's containers, on a thread of its own; opens the
 * stream again whenever it breaks.
 */
final class EventWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EventWatch.class);
  private static final long MIN_PAUSE_MILLIS = 100;
  private static final long MAX_PAUSE_MILLIS = 2000;

  /** Gets what is told; called on the watch's thread, so it must not block. */
  interface Receiver {
    /** A stream has been opened; what happened before was not told. */
    void opened();

    /**
     * Something happened to a container.
     *
     * @param action such as {@code die}
     * @param containerId the container
     * @param instanceId the instance on its labels
     */
    void happened(String action, String containerId, String instanceId);
  }

  private final DaemonClient client;
  private final String path;
  private final boolean instancesOnly;
  private final Receiver receiver;
  private final Thread thread;
  private final CountDownLatch firstOpened = new CountDownLatch(1);
  private volatile boolean closed;
  private volatile @Nullable JsonLines current;

  EventWatch(DaemonClient client, String owner, Receiver receiver) {
    this(client, ofInstances(owner), true, receiver);
  }

  /** Listens to what is removed on the daemon's host. */
  static EventWatch ofResources(DaemonClient client, Receiver receiver) {
    String filters =
        DaemonClient.JSON
            .createObjectNode()
            .<com.fasterxml.jackson.databind.node.ObjectNode>set(
                "type", array("image", "volume", "network"))
            .set("event", array("delete", "untag", "destroy", "remove"))
            .toString();
    return new EventWatch(client, filters, false, receiver);
  }

  private EventWatch(
      DaemonClient client, String filters, boolean instancesOnly, Receiver receiver) {
    this.client = client;
    this.receiver = receiver;
    this.instancesOnly = instancesOnly;
    path = "/events?filters=" + DaemonClient.encode(filters);
    thread = new Thread(this::run, "autodeploy-docker-events-" + (instancesOnly ? 0 : 1));
    thread.setDaemon(true);
  }

  private static String ofInstances(String owner) {
    return DaemonClient.JSON
        .createObjectNode()
        .<com.fasterxml.jackson.databind.node.ObjectNode>set("type", array("container"))
        .<com.fasterxml.jackson.databind.node.ObjectNode>set(
            "event", array("create", "die", "destroy"))
        .set("label", array(Labels.OWNER + "=" + owner))
        .toString();
  }

  /** Begins, and waits a moment for the first stream. */
  void start() throws InterruptedException {
    thread.start();
    if (!firstOpened.await(5, TimeUnit.SECONDS)) {
      LOG.warn("Docker has not opened its stream of events within 5 s; still trying");
    }
  }

  /** Opens the stream again: it may be dead without a sign. */
  void reopen() {
    JsonLines lines = current;
    if (lines != null) {
      lines.close();
    }
  }

  @Override
  public void close() {
    closed = true;
    reopen();
    thread.interrupt();
  }

  private void run() {
    long pause = MIN_PAUSE_MILLIS;
    while (!closed) {
      long begun = System.nanoTime();
      try (JsonLines lines = client.stream("watching Docker's events", "GET", path, Map.of())) {
        current = lines;
        if (closed) {
          return;
        }
        lines.forEach(this::opened, this::read);
        LOG.debug("Docker's stream of events ended");
      } catch (RuntimeException e) {
        LOG.debug("Docker's stream of events broke: {}", e.toString());
      }
      boolean lasted = System.nanoTime() - begun > TimeUnit.SECONDS.toNanos(5);
      pause = lasted ? MIN_PAUSE_MILLIS : Math.min(MAX_PAUSE_MILLIS, pause * 2);
      try {
        Thread.sleep(pause);
      } catch (InterruptedException e) {
        // The loop checks whether the watch was closed.
      }
    }
  }

  private void opened() {
    firstOpened.countDown();
    receiver.opened();
  }

  private void read(JsonNode event) {
    JsonNode actor = event.path("Actor");
    String instance = actor.path("Attributes").path(Labels.INSTANCE).asText("");
    String action = event.path("Action").asText("");
    if (!instancesOnly || !instance.isEmpty()) {
      receiver.happened(action, actor.path("ID").asText(""), instance);
    }
  }

  private static com.fasterxml.jackson.databind.node.ArrayNode array(String... values) {
    com.fasterxml.jackson.databind.node.ArrayNode array = DaemonClient.JSON.createArrayNode();
    for (String value : values) {
      array.add(value);
    }
    return array;
  }
}
