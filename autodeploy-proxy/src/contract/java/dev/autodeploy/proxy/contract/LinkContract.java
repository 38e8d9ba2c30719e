package dev.autodeploy.proxy.contract;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.proxy.LinkBuilder;
import java.io.IOException;
import java.util.function.Consumer;

/** Tests that hold whatever serves the links, and whatever carries requests to the instance. */
public abstract class LinkContract {

  /** Returns a builder of the proxy to test; see {@link TestLink#prepared}. */
  protected abstract LinkBuilder<?> front(AutoDeploy engine);

  /** Returns whether the front can listen on ports of deployments. */
  protected boolean hasDedicatedPorts() {
    return true;
  }

  protected TestLink link(TestInstance.App app) throws IOException {
    return link(app, spec -> {}, proxy -> {});
  }

  protected TestLink link(
      TestInstance.App app,
      Consumer<DeploymentSpec.Builder> spec,
      Consumer<LinkBuilder<?>> settings)
      throws IOException {
    return new TestLink(
        app,
        spec,
        engine -> {
          LinkBuilder<?> builder = front(engine);
          settings.accept(builder);
          return builder;
        });
  }
}
