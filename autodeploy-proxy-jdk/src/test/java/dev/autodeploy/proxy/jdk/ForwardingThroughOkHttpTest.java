package dev.autodeploy.proxy.jdk;

final class ForwardingThroughOkHttpTest extends ForwardingContract {
  ForwardingThroughOkHttpTest() {
    super(true);
  }
}
