/**
 * Service links on Netty: without a thread for each exchange, and with WebSockets, HTTP/2 and gRPC.
 */
module dev.autodeploy.proxy.netty {
  requires transitive dev.autodeploy.core;
  requires transitive dev.autodeploy.proxy;
  requires io.netty.buffer;
  requires io.netty.codec;
  requires io.netty.codec.http;
  requires io.netty.codec.http2;
  requires io.netty.common;
  requires io.netty.handler;
  requires io.netty.transport;
  requires jdk.net;
  requires transitive static org.jspecify;
  requires org.slf4j;

  exports dev.autodeploy.proxy.netty;
}
