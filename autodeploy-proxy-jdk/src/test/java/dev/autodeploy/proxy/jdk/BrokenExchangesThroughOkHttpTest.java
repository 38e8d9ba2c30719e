package dev.autodeploy.proxy.jdk;

final class BrokenExchangesThroughOkHttpTest extends BrokenExchangesContract {
  BrokenExchangesThroughOkHttpTest() {
    super(true);
  }
}
