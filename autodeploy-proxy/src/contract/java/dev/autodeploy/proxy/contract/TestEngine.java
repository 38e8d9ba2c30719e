package dev.autodeploy.proxy.contract;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import java.time.Duration;
import java.util.function.Consumer;

/** An engine with one deployment called "app", whose instances live in this JVM. */
public class TestEngine implements AutoCloseable {
  public final TestProvider provider;
  public final AutoDeploy engine;
  public final Deployment app;

  public TestEngine(TestInstance.App app) {
    this(app, spec -> {});
  }

  protected TestEngine(TestInstance.App app, Consumer<DeploymentSpec.Builder> spec) {
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
  }

  /** Starts the instance, and forgets the request that did it. */
  public TestEngine warm() {
    app.warmUp().join();
    return this;
  }

  public TestInstance instance() {
    return provider.instance();
  }

  /** Nothing may be left of the calls: no lease, nobody who waits. */
  public void awaitQuiet() {
    Await.until(
        "all is given back: " + app.status(),
        () -> app.status().inFlight() == 0 && app.status().pending() == 0);
  }

  @Override
  public void close() {
    engine.close();
  }
}
