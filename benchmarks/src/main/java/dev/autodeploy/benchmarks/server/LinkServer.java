package dev.autodeploy.benchmarks.server;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.proxy.ModelRouter;
import dev.autodeploy.proxy.jdk.JdkHttpProxy;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;

/**
 * A link, and the address of all models, to one deployment, {@code app}, whose instance is a server
 * that runs anyway.
 */
public final class LinkServer {
  /** The number of requests that it holds. */
  private static final int ROOM = 20_000;

  private LinkServer() {}

  /**
   * Serves.
   *
   * @param arguments the instance's address
   * @throws IOException if there is no port
   */
  public static void main(String[] arguments) throws IOException {
    GatedProvider provider = new GatedProvider(URI.create(arguments[0]));
    try (AutoDeploy engine =
            AutoDeploy.builder()
                .provider(provider)
                .drainTimeout(Duration.ZERO)
                .releaseOnShutdown(false)
                .build();
        JdkHttpProxy proxy =
            JdkHttpProxy.builder(engine)
                .port(0)
                .models(ModelRouter.builder().build())
                .maxPendingTotal(ROOM)
                .drainTimeout(Duration.ZERO)
                .start()) {
      Deployment app =
          engine.deploy(
              DeploymentSpec.builder("app")
                  .port(8080)
                  .startCommand("serve")
                  .maxPending(ROOM)
                  .build());
      new Commands()
          .onDo("hold", provider::shut)
          .onDo("release", provider::open)
          .onDo("standby", () -> app.release().join())
          .on("held", proxy::held)
          .serve(proxy.port());
    }
  }
}
