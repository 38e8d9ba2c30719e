package dev.autodeploy.proxy.gateway;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;

/** The connections to one instance. Thread-safe. */
interface Upstream extends Closeable {

  /**
   * Prepares an exchange; nothing is sent yet.
   *
   * @param request what is going to be sent
   * @return the exchange
   * @throws Relay.TargetException if the request cannot be sent unchanged
   */
  Call prepare(Request request) throws Relay.TargetException;

  /** Closes connections that have been idle for too long. Called now and then. */
  default void evictIdle() {}

  /** Closes the idle connections; exchanges under way may finish. */
  @Override
  void close();

  /**
   * A request for an instance.
   *
   * @param head the request without its body
   * @param body the body; reading blocks
   */
  record Request(Relay.Request head, InputStream body) {

    String method() {
      return head.method();
    }

    String target() {
      return head.target();
    }

    HttpHeaders headers() {
      return head.headers();
    }

    long bodyLength() {
      return head.bodyLength();
    }
  }

  /** One exchange with an instance. */
  interface Call {

    /**
     * Sends the request and reads the head of the response. Blocks, without any timeout but that
     * for connecting.
     *
     * @return the response
     * @throws IOException if there is none
     */
    Response execute() throws IOException;

    /** Breaks the exchange, whatever it is at. Called by any thread; idempotent. */
    void cancel();
  }

  /** A response of which the head has been read. */
  interface Response extends Closeable {

    /**
     * Returns the status.
     *
     * @return the code, 200 or more
     */
    int status();

    /**
     * Returns the header fields, with those of framing.
     *
     * @return the fields
     */
    HttpHeaders headers();

    /**
     * Returns the length of the body.
     *
     * @return the length, or {@link Exchange#UNKNOWN_LENGTH}
     */
    long bodyLength();

    /**
     * Returns whether only the end of the connection tells the end of the body, so that a body that
     * was cut off looks complete.
     *
     * @return true if so
     */
    boolean endsWithConnection();

    /**
     * Returns the body. It fails if the body ends before it is complete; {@link
     * InputStream#available()} tells what can be read without waiting.
     *
     * @return the body
     */
    InputStream body();

    /** Gives the connection back, or closes it if the body was not read to its end. */
    @Override
    void close();
  }
}
