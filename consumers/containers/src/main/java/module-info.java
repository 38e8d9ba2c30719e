module consumer {
  requires dev.autodeploy.core;
  requires dev.autodeploy.docker;
  requires dev.autodeploy.micrometer;
  requires dev.autodeploy.proxy.jdk;
  requires java.net.http;
}
