package dev.autodeploy.proxy.jdk;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;

/** An engine with one deployment called "app", and a proxy in front. */
final class TestLink implements AutoCloseable {
  final TestProvider provider;
  final AutoDeploy engine;
  final Deployment app;
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
    provider = new TestProvider(app);
    engine =
        AutoDeploy.builder()
            .provider(provider)
            .releaseOnShutdown(false)
            .drainTimeout(Duration.ofMillis(200))
            .build();
    DeploymentSpec.Builder builder = DeploymentSpec.builder("app").port(8080).startCommand("serve");
    spec.accept(builder);
    this.app = engine.deploy(builder.build());
    JdkHttpProxy.Builder proxyBuilder =
        JdkHttpProxy.builder(engine)
            .port(0)
            .drainTimeout(Duration.ofSeconds(2))
            .intervals(Duration.ofMillis(20), Duration.ofMillis(100));
    settings.accept(proxyBuilder);
    proxy = proxyBuilder.start();
    port = proxy.port();
  }

  RawClient client() throws IOException {
    return new RawClient(port);
  }

  RawClient.Answer get(String target) throws IOException {
    return RawClient.get(port, target);
  }

  RawClient.Answer ask(String request) throws IOException {
    return RawClient.ask(port, request);
  }

  /** Starts the instance, and forgets the request that did it. */
  TestLink warm() {
    app.start().join();
    return this;
  }

  TestInstance instance() {
    return provider.instance();
  }

  void awaitHeld(int number) {
    Await.until(number + " requests are held", () -> proxy.held() == number);
  }

  /** Nothing may be left of the exchanges: no lease, no request under way, no place taken. */
  void awaitQuiet() {
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
    engine.close();
  }
}
