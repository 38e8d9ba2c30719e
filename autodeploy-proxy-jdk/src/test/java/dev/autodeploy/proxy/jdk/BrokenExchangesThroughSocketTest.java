package dev.autodeploy.proxy.jdk;

final class BrokenExchangesThroughSocketTest extends BrokenExchangesContract {
  BrokenExchangesThroughSocketTest() {
    super(false);
  }
}
