/**
 * The engine: it starts an instance when somebody asks for it, releases it when nobody has for a
 * while, and keeps account of every second in between.
 */
@SuppressWarnings("module") // the modules it exports to are built after this one
module dev.autodeploy.core {
  requires com.fasterxml.jackson.databind;
  requires transitive static org.jspecify;
  requires org.slf4j;
  requires static org.snakeyaml.engine; // only for deployments in YAML

  exports dev.autodeploy;
  exports dev.autodeploy.event;
  exports dev.autodeploy.internal.document to
      dev.autodeploy.console,
      dev.autodeploy.proxy,
      dev.autodeploy.proxy.jdk;
  exports dev.autodeploy.internal.files to
      dev.autodeploy.docker,
      dev.autodeploy.proxy;
  exports dev.autodeploy.internal.net to
      dev.autodeploy.console,
      dev.autodeploy.proxy,
      dev.autodeploy.proxy.jdk,
      dev.autodeploy.proxy.netty,
      dev.autodeploy.servlet;
  exports dev.autodeploy.internal.probe to
      dev.autodeploy.docker,
      dev.autodeploy.kubernetes;
  exports dev.autodeploy.internal.spec to
      dev.autodeploy.console;
  exports dev.autodeploy.internal.store to
      dev.autodeploy.jdbc;
  exports dev.autodeploy.internal.text to
      dev.autodeploy.console,
      dev.autodeploy.docker,
      dev.autodeploy.jdbc,
      dev.autodeploy.kubernetes,
      dev.autodeploy.proxy,
      dev.autodeploy.proxy.jdk;
  exports dev.autodeploy.internal.util to
      dev.autodeploy.console,
      dev.autodeploy.docker,
      dev.autodeploy.jdbc,
      dev.autodeploy.kubernetes,
      dev.autodeploy.proxy,
      dev.autodeploy.proxy.jdk,
      dev.autodeploy.proxy.netty,
      dev.autodeploy.servlet,
      dev.autodeploy.testing;
  exports dev.autodeploy.replay;
  exports dev.autodeploy.spi;
}
