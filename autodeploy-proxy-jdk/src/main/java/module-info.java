/** Service links: a streaming reverse proxy on the JDK's own HTTP server. */
module dev.autodeploy.proxy.jdk {
  requires transitive dev.autodeploy.core;
  requires transitive dev.autodeploy.proxy;
  requires transitive jdk.httpserver;
  requires transitive static org.jspecify;
  requires org.slf4j;

  exports dev.autodeploy.proxy.jdk;
}
