/** The Auto Deploy page and its JSON API, on the JDK's own HTTP server. */
module dev.autodeploy.console {
  requires com.fasterxml.jackson.databind;
  requires transitive dev.autodeploy.core;
  requires java.net.http;
  requires transitive jdk.httpserver;
  requires transitive static org.jspecify;
  requires static org.bouncycastle.provider;
  requires org.slf4j;

  exports dev.autodeploy.console;
}
