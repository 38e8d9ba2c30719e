package dev.autodeploy.internal.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

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

  /** The bytes after which no further message goes into an exchange, which may not be too long. */
  private static final int MOST_BYTES = 8 * 1024 * 1024;

  /** The bytes that a message counts for whose length nobody has told. */
  private static final int SHORT = 1024;

  private final Deque<Letter> unacknowledged = new ArrayDeque<>();
  private long acknowledged;
  private long received;

  /** A message, and what goes in its place from the second time on; null for itself. */
  private static final class Letter {
    private JsonNode message;
    private int bytes;
    private @Nullable JsonNode instead;

    Letter(JsonNode message, int bytes, @Nullable JsonNode instead) {
      this.message = message;
      this.bytes = bytes;
      this.instead = instead;
    }

    int bytes() {
      return bytes;
    }

    JsonNode send() {
      JsonNode sent = message;
      JsonNode next = instead;
      if (next != null) {
        message = next;
        bytes = SHORT;
        instead = null;
      }
      return sent;
    }
  }

  /** Adds a message for the other end. */
  public void add(JsonNode message) {
    add(message, SHORT);
  }

  /**
   * Adds a message for the other end.
   *
   * @param bytes how long it is
   */
  public void add(JsonNode message, int bytes) {
    unacknowledged.add(new Letter(message, bytes, null));
  }

  /**
   * Adds a message that is so long that the other end may fail to take it, in time or at all: it is
   * sent once. Without that no message behind it would ever arrive.
   *
   * @param bytes how long it is
   * @param instead what is sent in its place if it is not acknowledged
   */
  public void add(JsonNode message, int bytes, JsonNode instead) {
    unacknowledged.add(new Letter(message, bytes, instead));
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
    long bytes = 0;
    for (Letter letter : unacknowledged) {
      bytes += letter.bytes();
      if (batch.size() == BATCH || (bytes > MOST_BYTES && !batch.isEmpty())) {
        break;
      }
      batch.add(letter.send());
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
