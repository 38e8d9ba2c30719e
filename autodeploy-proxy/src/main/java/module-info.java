/**
 * Service links, whatever server carries them: rules about requests, forwarding, and an OkHttp
 * interceptor that needs no server at all.
 */
@SuppressWarnings({
  "module",
  "requires-automatic"
}) // the fronts are built later; okio has no descriptor
module dev.autodeploy.proxy {
  requires transitive dev.autodeploy.core;
  requires com.fasterxml.jackson.core;
  requires com.github.benmanes.caffeine;
  requires transitive okhttp3;
  requires okio;
  requires transitive static org.jspecify;
  requires org.slf4j;

  exports dev.autodeploy.proxy;
  exports dev.autodeploy.proxy.gateway to
      dev.autodeploy.proxy.jdk,
      dev.autodeploy.proxy.netty,
      dev.autodeploy.servlet;
  exports dev.autodeploy.proxy.okhttp;
}
