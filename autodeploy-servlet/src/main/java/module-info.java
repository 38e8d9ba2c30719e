/** Service links and the page in the application's own servlet container. */
module dev.autodeploy.servlet {
  requires transitive dev.autodeploy.core;
  requires transitive dev.autodeploy.proxy;
  requires transitive jakarta.servlet;
  requires transitive jdk.httpserver;
  requires transitive static org.jspecify;
  requires org.slf4j;

  exports dev.autodeploy.servlet;
}
