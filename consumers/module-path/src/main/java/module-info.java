module consumer {
  requires dev.autodeploy.console;
  requires dev.autodeploy.core;
  requires dev.autodeploy.proxy.jdk;
  requires java.net.http;
}
