package dev.autodeploy.proxy.gateway;

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
}
