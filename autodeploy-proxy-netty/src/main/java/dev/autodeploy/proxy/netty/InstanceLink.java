package dev.autodeploy.proxy.netty;

import dev.autodeploy.proxy.gateway.HttpHeaders;
import dev.autodeploy.proxy.gateway.Relay;
import io.netty.buffer.ByteBuf;

/** The instance's side of an exchange: a connection, or a stream of one. Used on one loop. */
interface InstanceLink {
  /** The number of heads that may come before the response. */
  int MAX_INTERIM = 20;

  /** Sends the head of the request. */
  void begin(Relay.Request request);

  /** Sends a piece of the body, which is released. */
  void data(ByteBuf piece);

  /**
   * Ends the body.
   *
   * @param trailers the fields behind it
   */
  void end(HttpHeaders trailers);

  void flush();

  /** Returns whether it takes more without a growing queue. */
  boolean isWritable();

  /** Sets whether the response is read. */
  void setReading(boolean value);

  /** The response has switched protocols; returns what carries the bytes from here on. */
  Tunnel beginTunnel(NettyExchange exchange, Tunnel.Ended whenEnded);

  /**
   * The attempt is over.
   *
   * @param reusable whether both the request and the response are complete
   */
  void release(boolean reusable);
}
