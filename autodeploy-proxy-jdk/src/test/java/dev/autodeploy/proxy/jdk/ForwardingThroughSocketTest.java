package dev.autodeploy.proxy.jdk;

final class ForwardingThroughSocketTest extends ForwardingContract {
  ForwardingThroughSocketTest() {
    super(false);
  }
}
