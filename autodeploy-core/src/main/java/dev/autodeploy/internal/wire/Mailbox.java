package dev.autodeploy.internal.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * One end of a conversation: each message arrives once, in order, however often exchanges fail and
 * are repeated. Messages have numbers; they are sent again until the other end has acknowledged
 * them, and those that come again are dropped. Not thread-safe.
 *
 * <p>Because of the numbers a recorded exchange that somebody sends again has no effect.
 */
public final class Mailbox {
  /** The most messages of one exchange. */
  private static final int BATCH = 500;

  private final Deque<JsonNode> unacknowledged = new ArrayDeque<>();
  private long acknowledged;
  private long received;

  /** Adds a message for the other end. */
  public void add(JsonNode message) {
    unacknowledged.add(message);
  }

  /** Returns whether there are messages that the other end has not acknowledged. */
  public boolean hasMail() {
    return !unacknowledged.isEmpty();
  }

  /** Writes the acknowledgement and the next messages into an exchange. */
  public void write(ObjectNode exchange) {
    exchange.put("ack", received);
    if (unacknowledged.isEmpty()) {
      return;
    }
    exchange.put("first", acknowledged + 1);
    ArrayNode batch = exchange.putArray("messages");
    for (JsonNode message : unacknowledged) {
      if (batch.size() == BATCH) {
        break;
      }
      batch.add(message);
    }
  }

  /** Writes the acknowledgement into an exchange, without messages. */
  public void acknowledge(ObjectNode exchange) {
    exchange.put("ack", received);
  }

  /** Takes an exchange of the other end; returns the messages that are new, in order. */
  public List<JsonNode> read(JsonNode exchange) {
    long ack = exchange.path("ack").asLong(0);
    while (acknowledged < ack && !unacknowledged.isEmpty()) {
      unacknowledged.remove();
      acknowledged++;
    }
    List<JsonNode> fresh = new ArrayList<>();
    long number = exchange.path("first").asLong(0);
    for (JsonNode message : exchange.path("messages")) {
      if (number == received + 1) {
        received++;
        fresh.add(message);
      }
      number++;
    }
    return fresh;
  }

  /** Returns an empty message of a kind. */
  public static ObjectNode message(String kind) {
    return JsonNodeFactory.instance.objectNode().put("kind", kind);
  }
}
