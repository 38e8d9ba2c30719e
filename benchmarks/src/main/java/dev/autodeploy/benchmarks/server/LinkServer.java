package dev.autodeploy.benchmarks.server;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.LinkProxy;
import dev.autodeploy.proxy.ModelRouter;
import dev.autodeploy.proxy.jdk.JdkHttpProxy;
import dev.autodeploy.proxy.netty.NettyHttpProxy;
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
   * @param arguments the instance's address, and {@code netty} for that front
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
        LinkProxy proxy =
            front(arguments, engine)
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

  private static LinkBuilder<?> front(String[] arguments, AutoDeploy engine) {
    boolean netty = arguments.length > 1 && arguments[1].equals("netty");
    return netty ? NettyHttpProxy.builder(engine) : JdkHttpProxy.builder(engine);
  }
}
