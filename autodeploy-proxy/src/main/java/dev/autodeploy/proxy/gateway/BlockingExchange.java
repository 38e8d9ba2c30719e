package dev.autodeploy.proxy.gateway;

import java.io.IOException;
import java.io.InputStream;

/**
 * An exchange whose request and response are streams that block, so that a {@link Gateway} can move
 * its bytes by itself.
 */
public interface BlockingExchange extends Exchange {

  /**
   * Returns the request's body; reading blocks.
   *
   * @return the body, at its end if there is none
   */
  InputStream requestBody();

  /**
   * Reads of the body before there is an instance. The front may end the connection where too many
   * of its threads do this.
   *
   * @param step reads
   * @throws IOException if the body cannot be read
   */
  default void readAhead(ReadStep step) throws IOException {
    step.run();
  }

  /** A step that reads from the client. */
  @FunctionalInterface
  interface ReadStep {
    /**
     * Reads.
     *
     * @throws IOException if that fails
     */
    void run() throws IOException;
  }
}
