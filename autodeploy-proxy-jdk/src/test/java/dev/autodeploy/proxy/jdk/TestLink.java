package dev.autodeploy.proxy.jdk;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestEngine;
import dev.autodeploy.proxy.contract.TestInstance;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;

/** An engine with one deployment called "app", and a proxy in front. */
final class TestLink extends TestEngine {
  final JdkHttpProxy proxy;
  final int port;

  TestLink(TestInstance.App app) throws IOException {
    this(app, spec -> {}, builder -> {});
  }

  TestLink(
      TestInstance.App app,
      Consumer<DeploymentSpec.Builder> spec,
      Consumer<JdkHttpProxy.Builder> settings)
      throws IOException {
    super(app, spec);
    JdkHttpProxy.Builder proxyBuilder =
        JdkHttpProxy.builder(engine)
            .port(0)
            .drainTimeout(Duration.ofSeconds(2))
            .intervals(Duration.ofMillis(20), Duration.ofMillis(100));
    settings.accept(proxyBuilder);
    try {
      proxy = proxyBuilder.start();
    } catch (IOException | RuntimeException e) {
      engine.close();
      throw e;
    }
    port = proxy.port();
  }

  RawClient client() throws IOException {
    return new RawClient(port);
  }

  RawClient.Response get(String target) throws IOException {
    return RawClient.get(port, target);
  }

  RawClient.Response ask(String request) throws IOException {
    return RawClient.ask(port, request);
  }

  @Override
  public TestLink warm() {
    super.warm();
    return this;
  }

  void awaitHeld(int number) {
    Await.until(number + " requests are held", () -> proxy.held() == number);
  }

  /** Nothing may be left of the exchanges: no lease, no request under way, no place taken. */
  @Override
  public void awaitQuiet() {
    Await.until(
        "all is given back: " + app.status() + ", under way " + proxy.inFlight(),
        () ->
            app.status().inFlight() == 0
                && app.status().pending() == 0
                && proxy.inFlight() == 0
                && proxy.held() == 0);
  }

  @Override
  public void close() {
    proxy.close();
    super.close();
  }
}
