package dev.autodeploy.examples.standin;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The calls of vLLM that put a server to sleep and wake it, with {@code --enable-sleep-mode}. They
 * are played: there is no GPU whose memory could be freed. What is true of vLLM is true here:
 * asleep, nothing else is answered; at level 2 the weights are gone, and nothing is served until
 * they have been read again.
 *
 * <p>Not thread-safe: the caller lets one request in at a time.
 */
final class SleepCalls {
  private enum State {
    AWAKE,
    ASLEEP,
    WITHOUT_WEIGHTS
  }

  private final boolean enabled;
  private final Duration wakeTime;
  private final UvicornLog log;
  private State state = State.AWAKE;
  private int level;

  /**
   * Makes them for a server that is awake.
   *
   * @param enabled whether there are such calls
   * @param wakeTime how long waking takes
   */
  SleepCalls(boolean enabled, Duration wakeTime, UvicornLog log) {
    this.enabled = enabled;
    this.wakeTime = wakeTime;
    this.log = log;
  }

  /** Returns the answer to one of the calls, or to any request while it sleeps; else null. */
  @Nullable Answer answer(String method, String path, @Nullable String query, byte[] body) {
    if (!enabled) {
      return null;
    }
    boolean post = method.equals("POST");
    return switch (path) {
      case "/is_sleeping" -> Answer.json(200, "{\"is_sleeping\":" + (state == State.ASLEEP) + "}");
      case "/sleep" -> post ? sleep(query) : Answer.methodNotAllowed("POST");
      case "/wake_up" -> post ? wake() : Answer.methodNotAllowed("POST");
      case "/collective_rpc" -> post ? reload(new String(body, StandardCharsets.UTF_8)) : null;
      case "/reset_prefix_cache" -> post ? Answer.json(200, "") : Answer.methodNotAllowed("POST");
      default ->
          state == State.AWAKE
              ? null
              : Answer.detail(503, "the engine is asleep, or without its weights");
    };
  }

  private Answer sleep(@Nullable String query) {
    level = "level=2".equals(query) ? 2 : 1;
    state = State.ASLEEP;
    log.plain("It sleeps at level " + level + " (played: there is no GPU).");
    return Answer.json(200, "");
  }

  private Answer wake() {
    if (state == State.ASLEEP) {
      try {
        Thread.sleep(wakeTime.toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return Answer.internalError();
      }
      state = level == 2 ? State.WITHOUT_WEIGHTS : State.AWAKE;
      log.plain("It is awake after " + wakeTime.toMillis() + " ms (played).");
    }
    return Answer.json(200, "");
  }

  private Answer reload(String body) {
    if (!body.contains("reload_weights")) {
      return Answer.detail(400, "method must be reload_weights");
    }
    if (state == State.WITHOUT_WEIGHTS) {
      state = State.AWAKE;
    }
    return Answer.json(200, "{\"results\":[null]}");
  }
}
