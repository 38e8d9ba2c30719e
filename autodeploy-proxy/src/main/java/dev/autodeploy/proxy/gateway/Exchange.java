package dev.autodeploy.proxy.gateway;

import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * One request and the place for its response, as a front hands it to the {@link Gateway}. Used by
 * one thread at a time, except where a method says otherwise. Exactly one of {@link #complete},
 * {@link #abort} and {@link #abandon} ends it.
 */
public interface Exchange {

  /** The length of a response that is not known before its end. */
  long UNKNOWN_LENGTH = -1;

  /**
   * Returns the head of the request.
   *
   * @return the head
   */
  RequestHead request();

  /**
   * Returns what moves the bytes between the client and an instance. Called once.
   *
   * @return the relay
   */
  Relay relay();

  /**
   * Begins the response. The framing is the front's business: the fields hold neither {@code
   * Transfer-Encoding} nor {@code Connection} (other than {@code close}), and a {@code
   * Content-Length} only where there is no body to measure (HEAD, 304).
   *
   * @param status the status code
   * @param fields the header fields
   * @param length the length of the body, or {@link #UNKNOWN_LENGTH}
   * @return where the body goes; writes and flushes block
   * @throws IOException if the client has gone
   */
  OutputStream respond(int status, HttpHeaders fields, long length) throws IOException;

  /** Ends the exchange after the whole response was written. */
  void complete();

  /** Ends the exchange in the middle of the response, so that the client sees that it is broken. */
  void abort();

  /** Ends the exchange without a response, because nobody is there to get it. */
  void abandon();

  /**
   * Breaks a read from or a write to the client that is under way, so that it fails; without one,
   * does nothing. Called by any thread.
   */
  void breakTransfer();

  /**
   * Returns since when a read from or a write to the client is under way. Called by any thread.
   *
   * @return the {@link System#nanoTime()} of its beginning, or 0 if none is
   */
  long transferringSince();

  /**
   * Returns for how long the client was waited for so far: to send more of its body, or to take
   * more of its response. Called by any thread.
   *
   * @return the time in nanoseconds, of all reads and writes together, with one that is under way
   */
  long clientNanos();

  /**
   * Goes on when a future is done, without keeping a platform thread: the front returns at once,
   * and continues when its handler has returned, either on the virtual thread of that, which waits,
   * or on another thread. So this is the last thing that a caller does.
   *
   * @param future what is waited for; how it ends does not matter
   * @param next what to do then
   */
  void whenDone(CompletableFuture<?> future, Runnable next);

  /**
   * Continues with what may run code of the host application: on this thread if it may block, else
   * on another one. So this is the last thing that a caller does.
   *
   * @param next what to do
   */
  default void runBlocking(Runnable next) {
    next.run();
  }

  /**
   * Continues with what may wait for the client for long: on this thread if that is the request's
   * own, else on another one. So this is the last thing that a caller does.
   *
   * @param workers runs it where this thread may not wait
   * @param next what to do
   */
  default void runLong(Executor workers, Runnable next) {
    next.run();
  }

  /**
   * Returns whether the front itself notices a client that leaves, and says so; see {@link
   * #onClientGone}.
   *
   * @return false if somebody has to look for it
   */
  default boolean noticesGone() {
    return false;
  }

  /**
   * Returns whether the addresses of the request are those of its connection.
   *
   * @return false if a server may have put others in their place, so that a connection that is not
   *     found says nothing about the client
   */
  default boolean hasOwnAddresses() {
    return true;
  }

  /** The system has a connection with the addresses of the request. Called by any thread. */
  default void connectionSeen() {}

  /**
   * Sets what to run, on any thread, when the client has left. Only a front that {@linkplain
   * #noticesGone() notices} calls it.
   *
   * @param gone what to run; idempotent
   */
  default void onClientGone(Runnable gone) {}

  /**
   * Returns whether the front can carry another protocol after an upgrade.
   *
   * @return true if so
   */
  default boolean switchesProtocols() {
    return false;
  }

  /**
   * Returns whether the front carries fields behind a body, in both directions.
   *
   * @return true if so
   */
  default boolean passesTrailers() {
    return false;
  }
}
