package dev.autodeploy.proxy.jdk;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.proxy.contract.TestInstance;
import dev.autodeploy.proxy.contract.TestLink;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;

/** An engine with one deployment called "app", and a proxy on the JDK's server in front. */
final class JdkLink extends TestLink {
  final JdkHttpProxy jdkProxy = (JdkHttpProxy) proxy;

  JdkLink(TestInstance.App app) throws IOException {
    this(app, spec -> {}, builder -> {});
  }

  JdkLink(
      TestInstance.App app,
      Consumer<DeploymentSpec.Builder> spec,
      Consumer<JdkHttpProxy.Builder> settings)
      throws IOException {
    super(
        app,
        spec,
        engine -> {
          JdkHttpProxy.Builder builder = front(engine);
          settings.accept(builder);
          return builder;
        });
  }

  /** Returns a builder with the intervals of tests. */
  static JdkHttpProxy.Builder front(AutoDeploy engine) {
    return prepared(JdkHttpProxy.builder(engine))
        .intervals(Duration.ofMillis(20), Duration.ofMillis(100));
  }

  @Override
  public JdkLink warm() {
    super.warm();
    return this;
  }
}
