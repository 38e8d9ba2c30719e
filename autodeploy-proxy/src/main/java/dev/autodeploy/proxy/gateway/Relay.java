package dev.autodeploy.proxy.gateway;

import dev.autodeploy.Lease;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Moves the bytes of one exchange between its client and an instance. It decides nothing: what to
 * send, when to send it again and what an error means is for the {@link Listener}. A relay either
 * blocks the thread that calls it, or does its work on another one and returns at once.
 */
public interface Relay {

  /** The {@link Attempt#waitingSince()} of an attempt that does not wait for its instance. */
  long NOT_WAITING = Long.MAX_VALUE;

  /**
   * Prepares to send the request to an instance; nothing is sent yet.
   *
   * @param lease the lease of the instance
   * @param request what is going to be sent
   * @return the attempt
   * @throws TargetException if the request cannot be sent unchanged
   */
  Attempt prepare(Lease lease, Request request) throws TargetException;

  /**
   * Reads a small body before an instance is asked for, so that a client that sends slowly occupies
   * none.
   *
   * @param next continues, with null or with why the body cannot be read
   */
  default void readAhead(Consumer<@Nullable Cause> next) {
    next.accept(null);
  }

  /**
   * Lets somebody look at the beginning of the body, which stays there to be sent. Called before
   * {@link #readAhead}.
   *
   * @param prefix looks at it
   * @param next continues, with null or with why the body cannot be read
   */
  void peek(BodyPrefix prefix, Consumer<@Nullable Cause> next);

  /**
   * Replaces some bytes of the beginning that was looked at.
   *
   * @param from the first of them
   * @param to the one after the last of them
   * @param by what comes in their place
   */
  void replace(int from, int to, byte[] by);

  /**
   * Returns whether the client sends its body more slowly than it may. Called by any thread.
   *
   * @return true if so
   */
  default boolean clientTooSlow() {
    return false;
  }

  /** Gives back what the relay keeps. Called at the end of the exchange; idempotent. */
  default void close() {}

  /** One try to get a response from an instance. */
  interface Attempt {

    /**
     * Sends the request, and the response to the client. The listener hears of every step; a call
     * that ends the attempt is the last one.
     *
     * @param listener what decides
     */
    void execute(Listener listener);

    /**
     * Aborts the exchange with the instance, whatever it is at; the listener hears of the end.
     * Called by any thread; idempotent.
     */
    void cancel();

    /**
     * Returns since when the next byte of the response is waited for. Called by any thread.
     *
     * @return the time of the {@link GatewayConfig#ticker}, or {@link #NOT_WAITING}
     */
    long waitingSince();

    /**
     * Continues when a future is done or after a limit, whichever comes first: on this thread if
     * the relay blocks, else on its own.
     *
     * @param future what is waited for
     * @param limit how long at most
     * @param next what to do then
     */
    void afterDone(CompletableFuture<?> future, Duration limit, Runnable next);
  }

  /** The receiver of a relay's reports. The calls come one at a time. */
  interface Listener {

    /** Some of the request's body has come in. */
    void requestProgress();

    /**
     * The instance says something before its response, such as 103 (Early Hints).
     *
     * @param status the status code, below 200 and not 101
     * @param headers the header fields
     * @return the fields for the client, or null if it is not to hear of it
     */
    default @Nullable HttpHeaders interim(int status, HttpHeaders headers) {
      return null;
    }

    /**
     * The instance begins its response.
     *
     * @param status the status code
     * @param headers the header fields, with those of framing
     * @return the head for the client, or null if the exchange has ended because the response
     *     cannot be passed on; then the attempt is to be dropped
     */
    @Nullable ResponseStart responding(int status, HttpHeaders headers);

    /**
     * The whole response has reached the client.
     *
     * @param bytes the length of its body
     */
    void completed(long bytes);

    /**
     * The connection to the instance has ended, which is the end of the body if the instance is
     * still there.
     *
     * @param bytes how many bytes of the body came
     * @param complete finishes the response to the client if it is complete
     */
    void endedWithConnection(long bytes, Runnable complete);

    /**
     * The instance gave no response.
     *
     * @param failure why
     */
    void unanswered(Unanswered failure);

    /**
     * The response broke off.
     *
     * @param bytes how many bytes of its body went to the client
     * @param error why
     */
    void truncated(long bytes, IOException error);

    /**
     * The client can no longer be written to.
     *
     * @param bytes how many bytes of the body went to it
     */
    void clientLeft(long bytes);
  }

  /**
   * The request for an instance, without its body.
   *
   * @param method the method
   * @param target path and query, to be sent byte for byte
   * @param headers the header fields, without {@code Content-Length} and others of framing; without
   *     {@code Host} where that is the instance's own address
   * @param bodyLength the body's length; 0 for none, {@link RequestHead#CHUNKED}
   */
  record Request(String method, String target, HttpHeaders headers, long bodyLength) {
    /** The methods whose handlers seldom look for a body. */
    private static final Set<String> WITHOUT_BODY = Set.of("GET", "HEAD", "DELETE", "OPTIONS");

    /**
     * Returns whether an instance that has responded may get another request on the connection.
     * Simple servers respond with an error, or to a method that has no body as a rule, without
     * reading the body, and take it for the next request: its response would go to whoever has the
     * connection next. And they handle {@code HEAD} like {@code GET}: the body that they send would
     * be the next response.
     *
     * @param status the status code of the response
     * @return false if a body may be left in the connection
     */
    public boolean leavesNoBody(int status) {
      return !method.equals("HEAD")
          && (bodyLength == 0 || (status < 400 && !WITHOUT_BODY.contains(method)));
    }
  }

  /**
   * The head of the response for the client.
   *
   * @param headers the header fields
   * @param withoutBody whether no body follows, whatever the instance sends
   * @param copy gets a copy of the body, or null
   */
  record ResponseStart(HttpHeaders headers, boolean withoutBody, @Nullable Copy copy) {}

  /** A receiver of a copy of a response's body. */
  interface Copy {

    /**
     * Takes a piece.
     *
     * @param buffer holds it
     * @param offset where it begins
     * @param length how long it is
     */
    void add(byte[] buffer, int offset, int length);
  }

  /**
   * The reasons for which there is no response.
   *
   * @param cause what kind of failure it was
   * @param bodyRead whether some of the request's body was read, so that it cannot be sent again
   * @param error the error
   */
  record Unanswered(Cause cause, boolean bodyRead, IOException error) {}

  /** The kinds of failures without a response. */
  enum Cause {
    /** The client's body is longer than allowed. */
    BODY_TOO_LARGE,
    /** The client's body could not be read to its end. */
    BODY_BROKEN,
    /** The instance refuses connections. */
    UNREACHABLE,
    /** The instance closed the connection, or its response is not HTTP. */
    BROKE
  }

  /** A request that cannot be sent as it is. */
  final class TargetException extends Exception {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param message why
     */
    public TargetException(String message) {
      super(message);
    }
  }
}
