package dev.autodeploy.proxy.gateway;

import org.jspecify.annotations.Nullable;

/**
 * The way in which a request wants its answer: the first of its preferences that the link knows.
 *
 * @param way the way
 * @param key what repetitions of the request have in common, or null
 */
record AnswerPreference(Way way, @Nullable String key) {
  private static final int MAX_KEY = 255;

  /** The ways. */
  enum Way {
    /** On the connection, when it is there. */
    HELD,
    /** A ticket at once, and the answer when it is fetched. */
    TICKET,
    /** A stream of events at once, with comments until there are some. */
    KEPT_ALIVE,
    /** The kept-alive response with empty pieces of a chat in place of comments. */
    KEPT_ALIVE_CHAT,
    /** On the connection, and the same one for each repetition. */
    ONCE
  }

  static AnswerPreference of(RequestHead head) {
    boolean streams = !head.method().equals("HEAD"); // else there is no body to keep alive
    for (String preference : head.headers().tokens("Prefer")) {
      String name = preference.split(";", 2)[0].strip();
      switch (name.replace(" ", "").replace("\"", "")) {
        case "respond-async" -> {
          return new AnswerPreference(Way.TICKET, key(head));
        }
        case "kept-alive", "kept-alive=comments" -> {
          if (streams) {
            return new AnswerPreference(Way.KEPT_ALIVE, null);
          }
        }
        case "kept-alive=chat" -> {
          if (streams) {
            return new AnswerPreference(Way.KEPT_ALIVE_CHAT, null);
          }
        }
        default -> {}
      }
    }
    String key = key(head);
    return new AnswerPreference(key == null ? Way.HELD : Way.ONCE, key);
  }

  private static @Nullable String key(RequestHead head) {
    String key = head.method().equals("POST") ? head.headers().first("Idempotency-Key") : null;
    return key == null || key.isBlank() || key.length() > MAX_KEY ? null : key.strip();
  }
}
