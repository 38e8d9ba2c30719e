/** Service links: a streaming reverse proxy on the JDK's own HTTP server. */
@SuppressWarnings("requires-automatic") // okio has no descriptor
module dev.autodeploy.proxy.jdk {
  requires transitive dev.autodeploy.core;
  requires transitive jdk.httpserver;
  requires com.github.benmanes.caffeine;
  requires transitive okhttp3;
  requires okio;
  requires transitive static org.jspecify;
  requires org.slf4j;

  exports dev.autodeploy.proxy;
  exports dev.autodeploy.proxy.jdk;
  exports dev.autodeploy.proxy.okhttp;
}
