package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.probe.InstanceCalls;
import dev.autodeploy.internal.util.Arguments;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The requests by which a server is put to sleep and woken: asleep, it has freed its GPUs and keeps
 * what it had loaded in the memory of its host, so that it serves again within seconds where a
 * start takes minutes. Immutable.
 *
 * <p>The requests of a sequence are sent to the instance in order, each after the answer to the one
 * before. One that is not answered with a status of 200 to 299 within its timeout, or a check that
 * says otherwise afterwards, is a failure: the instance is released then, and another one started
 * as far as it is needed.
 *
 * <p>Instances are put to sleep when nothing was in flight for {@code sleepAfter}, and to make room
 * for another deployment that waits for their GPUs.
 *
 * @param sleep the requests that put it to sleep, 1 to 20
 * @param wake the requests that wake it, 1 to 20
 * @param check the request that tells whether it sleeps, or null if there is none
 * @param keptBytes the memory that it keeps on each of its GPUs while it sleeps, in bytes; with 0
 *     others may have them whole
 * @param forCallers whether callers of a link may send the requests that put it to sleep and wake
 *     it; unless they may, the link refuses them (403), as a server that a caller put to sleep
 *     answers nothing
 */
public record SleepMode(
    List<Request> sleep,
    List<Request> wake,
    @Nullable Check check,
    long keptBytes,
    boolean forCallers) {

  private static final int MOST = 20;
  private static final int LONGEST_BODY = 10_000;
  private static final Set<String> METHODS = Set.of("GET", "POST", "PUT");

  /** The timeout unless another is given: what is moved from and to a GPU can be large. */
  private static final Duration TIMEOUT = Duration.ofMinutes(2);

  private static final Duration CHECK_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration LONGEST = Duration.ofHours(1);

  /**
   * A request to the instance. Immutable.
   *
   * @param method {@code GET}, {@code POST} or {@code PUT}
   * @param path path and query
   * @param body the body, which is JSON, or null for none
   * @param timeout how long the whole answer is waited for, 1 millisecond to 1 hour
   */
  public record Request(String method, String path, @Nullable String body, Duration timeout) {
    /**
     * Checks the values.
     *
     * @param method {@code GET}, {@code POST} or {@code PUT}
     * @param path path and query
     * @param body the body, which is JSON, or null for none
     * @param timeout how long the whole answer is waited for, 1 millisecond to 1 hour
     */
    public Request {
      if (!METHODS.contains(requireNonNull(method, "method"))) {
        throw new IllegalArgumentException(
            "the method of a sleep mode's request must be one of "
                + new TreeSet<>(METHODS)
                + ", but was '"
                + method
                + "'");
      }
      InstanceCalls.checkPath(requireNonNull(path, "path"));
      if (body != null && (method.equals("GET") || body.length() > LONGEST_BODY)) {
        throw new IllegalArgumentException(
            "the body of a sleep mode's request must be at most "
                + LONGEST_BODY
                + " characters, and GET has none; "
                + method
                + " "
                + path
                + " has "
                + body.length());
      }
      checkTimeout(timeout);
    }

    /**
     * Returns a POST without a body, which may take 2 minutes.
     *
     * @param path path and query
     * @return the request
     */
    public static Request post(String path) {
      return new Request("POST", path, null, TIMEOUT);
    }

    /**
     * Returns a POST with a body, which may take 2 minutes.
     *
     * @param path path and query
     * @param json the body
     * @return the request
     */
    public static Request post(String path, String json) {
      return new Request("POST", path, requireNonNull(json, "json"), TIMEOUT);
    }

    /**
     * Returns this with another timeout.
     *
     * @param value how long the whole answer is waited for, 1 millisecond to 1 hour
     * @return the changed copy
     */
    public Request timeout(Duration value) {
      return new Request(method, path, body, value);
    }
  }

  /**
   * A request that tells whether the server sleeps. Immutable.
   *
   * @param path path and query of a GET
   * @param asleep the text that is in the answer's body if it does, and is not if it does not;
   *     blanks do not count on either side
   * @param timeout how long the whole answer is waited for, 1 millisecond to 1 hour
   */
  public record Check(String path, String asleep, Duration timeout) {
    /**
     * Checks the values.
     *
     * @param path path and query of a GET
     * @param asleep the text that is in the answer's body if it sleeps
     * @param timeout how long the whole answer is waited for, 1 millisecond to 1 hour
     */
    public Check {
      InstanceCalls.checkPath(requireNonNull(path, "path"));
      if (requireNonNull(asleep, "asleep").isBlank() || asleep.length() > 1000) {
        throw new IllegalArgumentException(
            "the text that says that a server sleeps must be 1 to 1000 characters, but was '"
                + asleep
                + "'");
      }
      checkTimeout(timeout);
    }

    /**
     * Returns a check that is answered within 10 seconds.
     *
     * @param path path and query of a GET
     * @param asleep the text that is in the answer's body if it sleeps
     * @return the check
     */
    public static Check of(String path, String asleep) {
      return new Check(path, asleep, CHECK_TIMEOUT);
    }

    /**
     * Returns whether an answer says that the server sleeps.
     *
     * @param answer the answer's body
     * @return whether it does
     */
    public boolean saysAsleep(String answer) {
      return withoutBlanks(answer).contains(withoutBlanks(asleep));
    }

    private static String withoutBlanks(String text) {
      return text.replaceAll("\\s+", "");
    }

    /**
     * Returns the request that asks.
     *
     * @return a GET
     */
    public Request request() {
      return new Request("GET", path, null, timeout);
    }
  }

  /**
   * Checks the values.
   *
   * @param sleep the requests that put it to sleep, 1 to 20
   * @param wake the requests that wake it, 1 to 20
   * @param check the request that tells whether it sleeps, or null if there is none
   * @param keptBytes the memory that it keeps on each of its GPUs while it sleeps, 0 or more
   * @param forCallers whether callers of a link may send the requests too
   */
  public SleepMode {
    sleep = sequence("sleep", sleep);
    wake = sequence("wake", wake);
    Arguments.atLeast("keptBytes", keptBytes, 0, "");
  }

  private static List<Request> sequence(String name, List<Request> requests) {
    List<Request> copy = List.copyOf(requests);
    if (copy.isEmpty() || copy.size() > MOST) {
      throw new IllegalArgumentException(
          name + " must be 1 to " + MOST + " requests, but was " + copy.size());
    }
    return copy;
  }

  private static void checkTimeout(Duration timeout) {
    Arguments.inRange(
        "the timeout of a sleep mode's request", timeout, Duration.ofMillis(1), LONGEST);
  }

  /**
   * Returns a mode of requests of its own, without a check; nothing is kept on the GPUs.
   *
   * @param sleep the requests that put an instance to sleep, 1 to 20
   * @param wake the requests that wake it, 1 to 20
   * @return the mode
   */
  public static SleepMode of(List<Request> sleep, List<Request> wake) {
    return new SleepMode(sleep, wake, null, 0, false);
  }

  /**
   * Returns vLLM's sleep mode of level 1: the weights are moved to the host's memory, which has to
   * be large enough for them. The server has to run with {@code --enable-sleep-mode} and {@code
   * VLLM_SERVER_DEV_MODE=1}.
   *
   * @return the mode
   */
  public static SleepMode vllm() {
    return vllm(1);
  }

  /**
   * Returns vLLM's sleep mode of a level. At level 1 the weights are moved to the host's memory; at
   * level 2 they are dropped, and read again by the sequence that wakes it: {@code /wake_up},
   * {@code /collective_rpc} with {@code reload_weights}, {@code /reset_prefix_cache}.
   *
   * @param level 1 or 2
   * @return the mode
   */
  public static SleepMode vllm(int level) {
    if (level != 1 && level != 2) {
      throw new IllegalArgumentException("vLLM sleeps at level 1 or 2, but it was " + level);
    }
    List<Request> wake =
        level == 1
            ? List.of(Request.post("/wake_up"))
            : List.of(
                Request.post("/wake_up"),
                Request.post("/collective_rpc", "{\"method\":\"reload_weights\"}"),
                Request.post("/reset_prefix_cache"));
    return new SleepMode(
        List.of(Request.post("/sleep?level=" + level)),
        wake,
        Check.of("/is_sleeping", "\"is_sleeping\":true"),
        0,
        false);
  }

  /**
   * Returns SGLang's sleep mode: its memory on the GPU is released and taken up again. The server
   * has to run with {@code --enable-memory-saver}, and cannot be asked whether it sleeps.
   *
   * @return the mode
   */
  public static SleepMode sglang() {
    return of(
        List.of(Request.post("/release_memory_occupation", "{}")),
        List.of(Request.post("/resume_memory_occupation", "{}")));
  }

  /**
   * Returns this with another check.
   *
   * @param value the request that tells whether an instance sleeps, or null for none
   * @return the changed copy
   */
  public SleepMode check(@Nullable Check value) {
    return new SleepMode(sleep, wake, value, keptBytes, forCallers);
  }

  /**
   * Returns this with another amount of memory that stays on the GPU.
   *
   * @param bytes how much it keeps on each of its GPUs while it sleeps, 0 or more
   * @return the changed copy
   */
  public SleepMode keptBytes(long bytes) {
    return new SleepMode(sleep, wake, check, bytes, forCallers);
  }

  /**
   * Returns this with callers of a link allowed, or not, to put an instance to sleep and wake it.
   * The link refuses their requests to these addresses unless they are.
   *
   * @param allowed whether they may; false unless this is called
   * @return the changed copy
   */
  public SleepMode forCallers(boolean allowed) {
    return new SleepMode(sleep, wake, check, keptBytes, allowed);
  }

  /**
   * Returns how long it may take to put an instance to sleep: the sum of the timeouts.
   *
   * @return the time
   */
  public Duration sleepTimeout() {
    return sum(sleep);
  }

  /**
   * Returns how long it may take to wake an instance: the sum of the timeouts.
   *
   * @return the time
   */
  public Duration wakeTimeout() {
    return sum(wake);
  }

  private Duration sum(List<Request> requests) {
    Duration sum = check == null ? Duration.ZERO : check.timeout();
    for (Request request : requests) {
      sum = sum.plus(request.timeout());
    }
    return sum;
  }
}
